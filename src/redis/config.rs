//! What a client is told: options, address, protocol, state.

use std::fmt;
use std::time::Duration;

use super::credentials::CredentialsSource;
use super::location::LocationSource;
use super::tracking::Tracking;
use crate::error::{Error, ErrorKind, Result};
use crate::net::dial::{Dial, Endpoint};
use crate::net::tls::TlsOptions;

/// Connection options. Each default is Bun's.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent switches, named as Bun names them"
)]
pub struct Options {
    /// Closes the connection when nothing was received for so many milliseconds. Default 0: never.
    pub idle_timeout_ms: u32,
    /// Limit for dialling, TLS and handshake in milliseconds. Default 10,000; 0 is no limit.
    pub connection_timeout_ms: u32,
    /// Connects again when a connection is lost or an attempt fails for a reason that passes.
    /// Default true.
    pub enable_auto_reconnect: bool,
    /// Consecutive failed attempts after which the client gives up. Default 20.
    pub max_retries: u32,
    /// Keeps commands that are issued while there is no connection. Default true.
    pub enable_offline_queue: bool,
    /// Sends the commands of one turn together. Default true.
    pub enable_auto_pipelining: bool,
    /// Reports the life cycle of the connection on stderr. Default false.
    pub enable_debug_logging: bool,
    /// Transport security; a TLS scheme turns it on whatever this says.
    pub tls: Tls,
    /// Idle time in milliseconds after which the kernel asks a TCP peer whether it is still there.
    /// Default 30,000; 0 never asks.
    pub keep_alive_ms: u32,
    /// The connection is given up when a command has waited this many milliseconds without a byte
    /// from the server, the server was then asked with `PING`, and kept silent for as long again.
    /// A blocking command may wait for as long as it likes. Default 30,000; 0 never gives up.
    pub dead_peer_timeout_ms: u32,
    /// Connections beside the first one, which commands that block and leases get for themselves;
    /// what needs another waits. Default 100, at least 1.
    pub max_blocking_connections: u32,
    /// Milliseconds after which such a connection is closed when nobody needs it. Default 10,000;
    /// 0 keeps it.
    pub idle_connection_timeout_ms: u32,
    /// Name of the connection, as `CLIENT LIST` shows it. Default none.
    pub client_name: Option<String>,
    /// The library that `CLIENT LIST` shows. Default none.
    pub library: Option<Library>,
    /// Asked for user name and password before each attempt to log in; replaces those of the URL.
    /// Default none.
    pub credentials: Option<CredentialsSource>,
    /// Asked before each attempt where the address leads from here. Default none.
    pub location: Option<LocationSource>,
    /// Lets the server tell of changed keys, with pushes that the [sink](super::lane::Sink) receives.
    /// It is on before the first command of each connection; a server that cannot do it, or speaks
    /// RESP2 only, is refused with `ERR_REDIS_TRACKING_UNSUPPORTED`. Default none.
    pub tracking: Option<Tracking>,
}

/// A library's name and version for `CLIENT SETINFO`, which servers before 7.2 do not know; they
/// are not told then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// `LIB-NAME`.
    pub name: String,
    /// `LIB-VER`.
    pub version: String,
}

impl Library {
    /// This library.
    #[must_use]
    pub fn this() -> Self {
        Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Options {
    /// Fails with `ERR_INVALID_ARG_VALUE` for a name that no server takes.
    pub fn validate(&self) -> Result<()> {
        let library = self.library.as_ref();
        for (what, name) in [
            ("client name", self.client_name.as_deref()),
            ("library name", library.map(|library| library.name.as_str())),
            (
                "library version",
                library.map(|library| library.version.as_str()),
            ),
        ] {
            if name.is_some_and(|name| !name.bytes().all(|byte| byte.is_ascii_graphic())) {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "ERR_INVALID_ARG_VALUE",
                    format!("The {what} may hold only printable ASCII characters without spaces"),
                ));
            }
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            idle_timeout_ms: 0,
            connection_timeout_ms: 10_000,
            enable_auto_reconnect: true,
            max_retries: 20,
            enable_offline_queue: true,
            enable_auto_pipelining: true,
            enable_debug_logging: false,
            tls: Tls::None,
            keep_alive_ms: 30_000,
            dead_peer_timeout_ms: 30_000,
            max_blocking_connections: 100,
            idle_connection_timeout_ms: 10_000,
            client_name: None,
            library: None,
            credentials: None,
            location: None,
            tracking: None,
        }
    }
}

/// Transport security of a connection.
#[derive(Debug, Clone, Default)]
pub enum Tls {
    /// As the URL's scheme says.
    #[default]
    None,
    /// TLS, verified against the platform's roots.
    Enabled,
    /// TLS with settings of its own.
    Custom(Box<TlsOptions>),
}

/// How a URL's scheme says to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Standalone,
    /// A Unix socket.
    StandaloneUnix,
    /// TLS over TCP.
    StandaloneTls,
    /// TLS over a Unix socket.
    StandaloneTlsUnix,
}

impl Protocol {
    /// The protocol of a URL scheme, in any letter case; `None` when it is not a Redis scheme.
    ///
    /// ```
    /// use s3_valkey::redis::Protocol;
    /// assert_eq!(Protocol::from_scheme("rediss"), Some(Protocol::StandaloneTls));
    /// assert_eq!(Protocol::from_scheme("http"), None);
    /// ```
    #[must_use]
    pub fn from_scheme(scheme: &str) -> Option<Self> {
        Some(match scheme.to_ascii_lowercase().as_str() {
            "redis" | "valkey" => Self::Standalone,
            "rediss" | "valkeys" | "redis+tls" | "valkey+tls" => Self::StandaloneTls,
            "redis+unix" | "valkey+unix" => Self::StandaloneUnix,
            "redis+tls+unix" | "valkey+tls+unix" => Self::StandaloneTlsUnix,
            _ => return None,
        })
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_tls(self) -> bool {
        matches!(self, Self::StandaloneTls | Self::StandaloneTlsUnix)
    }

    /// Whether the connection uses a Unix socket.
    #[must_use]
    pub fn is_unix(self) -> bool {
        matches!(self, Self::StandaloneUnix | Self::StandaloneTlsUnix)
    }
}

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Path of a Unix socket.
    Unix(String),
    /// Host and TCP port.
    Host {
        /// Name or address, IPv6 without brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => f.write_str(path),
            // The name of what is yet to be found.
            Self::Host { host, port: 0 } => f.write_str(host),
            Self::Host { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Host { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

impl From<&Address> for Endpoint {
    fn from(address: &Address) -> Self {
        match address {
            Address::Unix(path) => Self::Unix(path.clone()),
            Address::Host { host, port } => Self::Tcp {
                host: host.clone(),
                port: *port,
            },
        }
    }
}

/// State of a client's connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// No connection, and none is being made.
    Disconnected,
    /// Dialling, shaking hands or waiting for the next attempt.
    Connecting,
    /// Commands are sent.
    Connected,
}

/// What a URL says.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// From the scheme.
    pub protocol: Protocol,
    /// From the authority or, for Unix sockets, the path.
    pub address: Address,
    /// Empty when the URL has none.
    pub username: String,
    /// Empty when the URL has none.
    pub password: String,
    /// Database that is selected after each connect.
    pub database: u32,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("protocol", &self.protocol)
            .field("address", &self.address)
            .field("username", &self.username)
            .field("password", &"[REDACTED]")
            .field("database", &self.database)
            .finish()
    }
}

/// Everything a connection needs: the URL's facts and the options.
#[derive(Debug, Clone)]
pub struct Config {
    /// From the URL.
    pub target: Target,
    /// From the caller.
    pub options: Options,
}

impl Config {
    /// The TLS settings in force, `None` for a plain connection.
    #[must_use]
    pub fn tls(&self) -> Option<TlsOptions> {
        match &self.options.tls {
            Tls::Custom(options) => Some((**options).clone()),
            Tls::Enabled => Some(TlsOptions::default()),
            Tls::None => self.target.protocol.is_tls().then(TlsOptions::default),
        }
    }

    /// The limit for one attempt to connect, `None` when there is none.
    #[must_use]
    pub fn connection_timeout(&self) -> Option<Duration> {
        limit(self.options.connection_timeout_ms)
    }

    /// How to dial.
    #[must_use]
    pub fn dial(&self) -> Dial {
        Dial {
            tls: self.tls(),
            keep_alive: limit(self.options.keep_alive_ms),
        }
    }

    /// How long a command waits before the server is suspected to be gone, `None` for ever.
    #[must_use]
    pub fn dead_peer_timeout(&self) -> Option<Duration> {
        limit(self.options.dead_peer_timeout_ms)
    }

    /// The limit for silence, `None` when there is none.
    #[must_use]
    pub fn idle_timeout(&self) -> Option<Duration> {
        limit(self.options.idle_timeout_ms)
    }
}

fn limit(milliseconds: u32) -> Option<Duration> {
    (milliseconds > 0).then(|| Duration::from_millis(u64::from(milliseconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_in_any_case() {
        assert_eq!(Protocol::from_scheme("REDIS"), Some(Protocol::Standalone));
        let both = Protocol::from_scheme("valkey+tls+unix").unwrap();
        assert!(both.is_tls() && both.is_unix());
        assert_eq!(Protocol::from_scheme("redis+ssl"), None);
    }

    #[test]
    fn names_that_a_server_refuses_are_refused_first() {
        let named = |name: &str| Options {
            client_name: Some(name.to_owned()),
            ..Options::default()
        };
        assert!(named("worker:1").validate().is_ok());
        for name in ["two words", "line\nbreak", "wörker"] {
            let error = named(name).validate().unwrap_err();
            assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE");
        }
    }

    #[test]
    fn debug_hides_the_password() {
        let target = super::super::url::parse("redis://u:hunter2@h").unwrap();
        assert!(!format!("{target:?}").contains("hunter2"));
    }
}
