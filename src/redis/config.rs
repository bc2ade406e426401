//! What a client is told: address, protocol, options; and the state it is in.

use std::fmt;
use std::time::Duration;

use crate::net::dial::{Dial, Endpoint};
use crate::net::tls::TlsOptions;
pub use options::{Library, Options, Tls};

mod options;

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
    fn debug_hides_the_password() {
        let target = super::super::url::parse("redis://u:hunter2@h").unwrap();
        assert!(!format!("{target:?}").contains("hunter2"));
    }
}
