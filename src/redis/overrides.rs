//! Parts of an address that are given beside the URL, and win over it. Pure.

use super::config::{Address, Protocol, Target};
use crate::error::{Error, ErrorKind, Result};

/// What replaces parts of a [`Target`]; `None` keeps what the URL says.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Name or address of the server.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Path of a Unix socket, instead of host and port.
    pub path: Option<String>,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Database that is selected after each connect.
    pub database: Option<u32>,
}

impl Overrides {
    /// The target with these parts replaced.
    ///
    /// ```
    /// use s3_valkey::redis::{Address, overrides::Overrides, url};
    /// let parts = Overrides { port: Some(6380), database: Some(2), ..Overrides::default() };
    /// let target = parts.apply(url::parse("redis://cache").unwrap()).unwrap();
    /// assert_eq!(target.address, Address::Host { host: "cache".into(), port: 6380 });
    /// assert_eq!(target.database, 2);
    /// ```
    ///
    /// Fails with `ERR_INVALID_ARG_VALUE` for a path together with a host or a port, for an empty
    /// path or host, for port 0, and for a port without a host on a Unix socket URL.
    pub fn apply(self, mut target: Target) -> Result<Target> {
        if let Some(path) = self.path {
            if self.host.is_some() || self.port.is_some() {
                return Err(invalid("path cannot be combined with host or port"));
            }
            if path.is_empty() {
                return Err(invalid("path must not be empty"));
            }
            target.protocol = protocol(target.protocol.is_tls(), true);
            target.address = Address::Unix(path);
        } else if self.host.is_some() || self.port.is_some() {
            let (mut host, mut port) = match target.address {
                Address::Host { host, port } => (Some(host), port),
                Address::Unix(_) => (None, super::url::DEFAULT_PORT),
            };
            host = self.host.or(host);
            port = self.port.unwrap_or(port);
            let host = host.ok_or_else(|| invalid("port needs a host"))?;
            if host.is_empty() {
                return Err(invalid("host must not be empty"));
            }
            if port == 0 {
                return Err(invalid("port 0 is not valid for TCP connections"));
            }
            target.protocol = protocol(target.protocol.is_tls(), false);
            target.address = Address::Host { host, port };
        }
        target.username = self.username.unwrap_or(target.username);
        target.password = self.password.unwrap_or(target.password);
        target.database = self.database.unwrap_or(target.database);
        Ok(target)
    }
}

fn protocol(tls: bool, unix: bool) -> Protocol {
    match (tls, unix) {
        (false, false) => Protocol::Standalone,
        (false, true) => Protocol::StandaloneUnix,
        (true, false) => Protocol::StandaloneTls,
        (true, true) => Protocol::StandaloneTlsUnix,
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidInput, "ERR_INVALID_ARG_VALUE", message)
}

#[cfg(test)]
mod tests {
    use super::super::url::parse;
    use super::*;

    #[test]
    fn a_unix_path_replaces_the_address_and_keeps_tls() {
        let parts = Overrides {
            path: Some("/run/redis.sock".into()),
            username: Some("app".into()),
            password: Some("p@ss/word".into()),
            ..Overrides::default()
        };
        let target = parts.apply(parse("rediss://cache:1/3").unwrap()).unwrap();
        assert_eq!(target.address, Address::Unix("/run/redis.sock".into()));
        assert_eq!(target.protocol, Protocol::StandaloneTlsUnix);
        assert_eq!(
            (target.username.as_str(), target.password.as_str()),
            ("app", "p@ss/word")
        );
        assert_eq!(target.database, 3);
    }

    #[test]
    fn a_host_replaces_a_unix_path() {
        let parts = Overrides {
            host: Some("::1".into()),
            ..Overrides::default()
        };
        let target = parts.apply(parse("redis+unix:///run/s").unwrap()).unwrap();
        let host = "::1".into();
        assert_eq!(target.address, Address::Host { host, port: 6379 });
        assert_eq!(target.protocol, Protocol::Standalone);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let host = |host: &str| Some(host.to_owned());
        for (parts, url) in [
            (
                Overrides {
                    path: host("/s"),
                    port: Some(1),
                    ..Overrides::default()
                },
                "redis://h",
            ),
            (
                Overrides {
                    path: host(""),
                    ..Overrides::default()
                },
                "redis://h",
            ),
            (
                Overrides {
                    host: host(""),
                    ..Overrides::default()
                },
                "redis://h",
            ),
            (
                Overrides {
                    port: Some(0),
                    ..Overrides::default()
                },
                "redis://h",
            ),
            (
                Overrides {
                    port: Some(1),
                    ..Overrides::default()
                },
                "redis+unix:///s",
            ),
        ] {
            let error = parts.apply(parse(url).unwrap()).unwrap_err();
            assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE");
        }
    }
}
