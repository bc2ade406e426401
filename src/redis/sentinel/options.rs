//! What is to be known about a group of servers that sentinels watch.

use std::collections::HashMap;

use crate::error::{Error, ErrorKind, Result};
use crate::redis::config::{Address, Config, Options, Protocol, Target, Tls};
use crate::redis::credentials::Credentials;
use crate::redis::url;

/// The port of a sentinel when none is given.
pub const DEFAULT_PORT: u16 = 26_379;

/// Who serves the commands that only read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReadFrom {
    /// The primary.
    #[default]
    Primary,
    /// A replica; without one, reading fails.
    Replica,
    /// A replica if one is connected, else the primary.
    PreferReplica,
}

/// A group of servers and the sentinels that watch it. How to connect to the servers is in the
/// client's [`Options`].
///
/// ```
/// use s3_valkey::redis::sentinel::SentinelOptions;
/// let options = SentinelOptions::new("mymaster", &["10.0.0.1", "10.0.0.2:26380"]).unwrap();
/// assert_eq!(options.sentinels[1].to_string(), "10.0.0.2:26380");
/// assert!(SentinelOptions::new("mymaster", &[]).is_err());
/// ```
#[derive(Debug, Clone)]
pub struct SentinelOptions {
    /// The name by which the sentinels know the group.
    pub name: String,
    /// Sentinels to ask first; others are learnt from them.
    pub sentinels: Vec<Address>,
    /// The login at the sentinels. Default none.
    pub sentinel_credentials: Credentials,
    /// Transport security of the connections to sentinels. Default none.
    pub sentinel_tls: Tls,
    /// The login at the servers. Default none.
    pub credentials: Credentials,
    /// Database that is selected after each connect. Default 0.
    pub database: u32,
    /// Who serves the commands that only read. Default the primary.
    pub read_from: ReadFrom,
    /// What to connect to instead of an address, as `host:port`, that a sentinel tells. Default
    /// empty.
    pub address_map: HashMap<String, Address>,
}

impl SentinelOptions {
    /// The group `name` with sentinels as URLs or `host:port`, port 26379 by default. The first
    /// login among the URLs is used for all sentinels, and so is TLS.
    ///
    /// Fails with `ERR_INVALID_ARG_VALUE` for an empty name or list, and with
    /// `ERR_INVALID_ARG_TYPE` for an address that cannot be used.
    pub fn new(name: &str, sentinels: &[&str]) -> Result<Self> {
        let targets = sentinels
            .iter()
            .map(|text| url::parse_with(text, DEFAULT_PORT))
            .collect::<Result<Vec<_>>>()?;
        let login = |target: &Target| Credentials {
            username: target.username.clone(),
            password: target.password.clone(),
        };
        let mut logins = targets.iter().map(login);
        let tls = targets.iter().any(|target| target.protocol.is_tls());
        let options = Self {
            name: name.to_owned(),
            sentinel_credentials: logins.find(|login| !login.is_empty()).unwrap_or_default(),
            sentinel_tls: if tls { Tls::Enabled } else { Tls::None },
            sentinels: targets.into_iter().map(|target| target.address).collect(),
            credentials: Credentials::default(),
            database: 0,
            read_from: ReadFrom::Primary,
            address_map: HashMap::new(),
        };
        options.validate()?;
        Ok(options)
    }

    /// Fails with `ERR_INVALID_ARG_VALUE` for an empty name, a name with blanks or control
    /// characters, and without sentinels.
    pub fn validate(&self) -> Result<()> {
        let refused = |message| {
            Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_ARG_VALUE",
                message,
            ))
        };
        let blank = |letter: char| letter.is_whitespace() || letter.is_control();
        if self.name.is_empty() || self.name.contains(blank) {
            return refused("The name must be one that sentinels use: not empty, without blanks");
        }
        if self.sentinels.is_empty() {
            return refused("At least one sentinel is needed");
        }
        Ok(())
    }

    /// How to connect to the servers. The address is the group's name until one is found.
    pub(super) fn server_config(&self, options: Options) -> Config {
        Config {
            target: Target {
                protocol: match options.tls {
                    Tls::None => Protocol::Standalone,
                    Tls::Enabled | Tls::Custom(_) => Protocol::StandaloneTls,
                },
                address: self.nameless_address(),
                username: self.credentials.username.clone(),
                password: self.credentials.password.clone(),
                database: self.database,
            },
            options,
        }
    }

    /// How to connect to the sentinels.
    pub(super) fn sentinel_config(&self, options: &Options) -> Config {
        Config {
            target: Target {
                protocol: Protocol::Standalone,
                address: self.nameless_address(),
                username: self.sentinel_credentials.username.clone(),
                password: self.sentinel_credentials.password.clone(),
                database: 0,
            },
            options: Options {
                tls: self.sentinel_tls.clone(),
                location: options.location.clone(),
                connection_timeout_ms: options.connection_timeout_ms,
                keep_alive_ms: options.keep_alive_ms,
                enable_debug_logging: options.enable_debug_logging,
                ..Options::default()
            },
        }
    }

    fn nameless_address(&self) -> Address {
        Address::Host {
            host: self.name.clone(),
            port: 0,
        }
    }

    /// What to connect to for an address that a sentinel told.
    pub(super) fn mapped(&self, told: Address) -> Address {
        self.address_map
            .get(&told.to_string())
            .cloned()
            .unwrap_or(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentinels_are_urls_or_addresses() {
        let given = [
            "redis://one",
            "two:7000",
            "[::1]",
            "rediss://u:pw@three:7001",
        ];
        let options = SentinelOptions::new("m", &given).unwrap();
        let shown: Vec<_> = options.sentinels.iter().map(Address::to_string).collect();
        assert_eq!(
            shown,
            ["one:26379", "two:7000", "[::1]:26379", "three:7001"]
        );
        assert!(matches!(options.sentinel_tls, Tls::Enabled));
        assert_eq!(options.sentinel_credentials.username, "u");
        assert!(!format!("{options:?}").contains("pw"));
    }

    #[test]
    fn what_no_sentinel_takes_is_refused() {
        for (name, sentinels) in [("", &["h"][..]), ("a b", &["h"]), ("m", &[])] {
            let error = SentinelOptions::new(name, sentinels).unwrap_err();
            assert_eq!(error.code(), "ERR_INVALID_ARG_VALUE");
        }
        let error = SentinelOptions::new("m", &["h:0"]).unwrap_err();
        assert_eq!(error.code(), "ERR_INVALID_ARG_TYPE");
    }
}
