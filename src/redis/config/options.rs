//! How a client connects and what it makes of a connection.

use crate::error::{Error, ErrorKind, Result};
use crate::net::tls::TlsOptions;
use crate::redis::credentials::CredentialsSource;
use crate::redis::location::LocationSource;
use crate::redis::tracking::Tracking;

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
    /// Lets the server tell of changed keys, with pushes that the [sink](crate::redis::lane::Sink) receives.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
