//! A connection's options as JavaScript passes them.

use napi::bindgen_prelude::Uint8Array;
use napi_derive::napi;

use super::redis_target::LaneTarget;
use crate::net::tls::TlsOptions;
use crate::redis::config::{Library, Options, Tls};
use crate::redis::pool::PoolOptions;
use crate::redis::tracking::Tracking;

/// Connection options, checked by `lib/redis/options.js`.
#[napi(object, object_to_js = false)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent switches, as in `Options`"
)]
pub struct LaneOptions {
    /// Milliseconds, 0 is no limit.
    pub connection_timeout: u32,
    /// Milliseconds, 0 is no limit.
    pub idle_timeout: u32,
    /// Whether a lost connection is made again.
    pub auto_reconnect: bool,
    /// Consecutive failed attempts before giving up.
    pub max_retries: u32,
    /// Whether commands wait for a connection.
    pub enable_offline_queue: bool,
    /// Reports the life cycle on stderr.
    pub enable_debug_logging: bool,
    /// Milliseconds, 0 is off.
    pub keep_alive: u32,
    /// Milliseconds, 0 is off.
    pub dead_peer_timeout: u32,
    /// Further connections for what blocks and for leases, at least 1.
    pub max_blocking_connections: u32,
    /// Milliseconds that such a one stays idle, 0 is no limit.
    pub idle_connection_timeout: u32,
    /// Makes it a pool.
    pub pool: Option<LanePool>,
    /// Name of the connection.
    pub client_name: Option<String>,
    /// Library to tell the server.
    pub library: Option<LaneLibrary>,
    /// Whether `Credentials` events are answered; the URL's credentials are not used then.
    pub has_credentials: bool,
    /// The server tells of changed keys.
    pub tracking: Option<LaneTracking>,
    /// Whether `Address` events are answered.
    pub maps_addresses: Option<bool>,
    /// TLS settings; absent for what the URL's scheme says.
    pub tls: Option<LaneTls>,
    /// Parts of the address that win over the URL.
    pub target: Option<LaneTarget>,
}

/// Bounds of a pool.
#[napi(object, object_to_js = false)]
pub struct LanePool {
    /// Connections that are kept.
    pub min: u32,
    /// Connections at most, at least 2.
    pub max: u32,
    /// Callers that may wait for one of their own.
    pub max_waiting: u32,
}

impl From<LanePool> for PoolOptions {
    fn from(pool: LanePool) -> Self {
        Self {
            min: pool.min,
            max: pool.max,
            max_waiting: pool.max_waiting,
            ..Self::default()
        }
    }
}

/// What `CLIENT LIST` shows as the library; what is absent is this package's own.
#[napi(object, object_to_js = false)]
pub struct LaneLibrary {
    /// `LIB-NAME`.
    pub name: Option<String>,
    /// `LIB-VER`.
    pub version: Option<String>,
}

/// Which changed keys the server tells of.
#[napi(object, object_to_js = false)]
pub struct LaneTracking {
    /// What the keys begin with; absent for those that were read.
    pub prefixes: Option<Vec<Uint8Array>>,
}

/// TLS settings; PEM texts as bytes.
#[napi(object, object_to_js = false)]
pub struct LaneTls {
    /// Replaces the platform's roots.
    pub ca: Option<Vec<Uint8Array>>,
    /// Added to the roots.
    pub extra_ca: Option<Vec<Uint8Array>>,
    /// Certificate chain for the server.
    pub cert: Option<Uint8Array>,
    /// Its private key.
    pub key: Option<Uint8Array>,
    /// `false` accepts any certificate.
    pub reject_unauthorized: Option<bool>,
    /// Name for SNI and verification.
    pub server_name: Option<String>,
}

impl From<LaneOptions> for Options {
    fn from(options: LaneOptions) -> Self {
        Self {
            idle_timeout_ms: options.idle_timeout,
            connection_timeout_ms: options.connection_timeout,
            enable_auto_reconnect: options.auto_reconnect,
            max_retries: options.max_retries,
            enable_offline_queue: options.enable_offline_queue,
            enable_debug_logging: options.enable_debug_logging,
            keep_alive_ms: options.keep_alive,
            dead_peer_timeout_ms: options.dead_peer_timeout,
            max_blocking_connections: options.max_blocking_connections,
            idle_connection_timeout_ms: options.idle_connection_timeout,
            client_name: options.client_name,
            library: options.library.map(Into::into),
            tracking: options.tracking.map(Into::into),
            tls: options
                .tls
                .map_or(Tls::None, |tls| Tls::Custom(Box::new(tls.into()))),
            ..Self::default()
        }
    }
}

impl From<LaneLibrary> for Library {
    fn from(library: LaneLibrary) -> Self {
        let this = Self::this();
        Self {
            name: library.name.unwrap_or(this.name),
            version: library.version.unwrap_or(this.version),
        }
    }
}

impl From<LaneTracking> for Tracking {
    fn from(LaneTracking { prefixes }: LaneTracking) -> Self {
        prefixes.map_or(Self::Read, |prefixes| {
            Self::Broadcast(prefixes.iter().map(|prefix| prefix.to_vec()).collect())
        })
    }
}

impl From<LaneTls> for TlsOptions {
    fn from(tls: LaneTls) -> Self {
        let texts = |texts: Option<Vec<Uint8Array>>| {
            texts
                .unwrap_or_default()
                .iter()
                .map(|text| text.to_vec())
                .collect()
        };
        Self {
            ca: texts(tls.ca),
            extra_ca: texts(tls.extra_ca),
            cert: tls.cert.map(|text| text.to_vec()),
            key: tls.key.map(|text| text.to_vec()),
            reject_unauthorized: tls.reject_unauthorized,
            server_name: tls.server_name,
        }
    }
}
