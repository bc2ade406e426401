//! What a cluster client is told.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::redis::config::{Address, Config, Options, Target};

/// Which node of a shard answers commands that only read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReadFrom {
    /// The primary: reads see every write that was acknowledged before.
    #[default]
    Primary,
    /// The replicas in turn; a shard without one that works cannot be read.
    Replica,
    /// The replicas in turn, and the primary while no replica works.
    PreferReplica,
    /// The nodes of this availability zone in turn, else any replica, else the primary. Zones are
    /// what servers announce: Valkey as `availability-zone`.
    Nearest {
        /// Where the client runs.
        zone: String,
    },
}

impl ReadFrom {
    /// Whether replicas are asked at all.
    #[must_use]
    pub fn uses_replicas(&self) -> bool {
        *self != Self::Primary
    }
}

type Map = dyn Fn(&Address) -> Option<Address> + Send + Sync;

/// Translates the addresses that nodes announce into those that can be reached from here, as behind
/// a NAT or a tunnel.
#[derive(Clone)]
pub struct AddressMap(Arc<Map>);

impl AddressMap {
    /// Asks `map` for each announced address; `None` leaves it as it is. It is called on the
    /// client's threads and must not wait.
    #[must_use]
    pub fn new(map: impl Fn(&Address) -> Option<Address> + Send + Sync + 'static) -> Self {
        Self(Arc::new(map))
    }

    pub(super) fn apply(&self, address: Address) -> Address {
        (self.0)(&address).unwrap_or(address)
    }
}

impl fmt::Debug for AddressMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AddressMap")
    }
}

/// Everything a cluster client needs.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Nodes that are asked for the others, in this order. Credentials, database and the scheme of
    /// the first one are used for all nodes.
    pub seeds: Vec<Target>,
    /// Options of each node's connection. The limits on retries hold for the cluster as a whole.
    pub options: Options,
    /// Which nodes answer commands that only read. Default: primaries.
    pub read_from: ReadFrom,
    /// How often one command may be sent elsewhere, or again, because a server said so. Default 16.
    pub max_redirections: u32,
    /// How often the nodes are asked for changes, give or take a quarter. Default 60 seconds; zero
    /// asks only when there is a reason.
    pub refresh_period: Duration,
    /// Translates announced addresses. Default none.
    pub address_map: Option<AddressMap>,
}

impl ClusterConfig {
    /// The defaults for these seeds.
    #[must_use]
    pub fn new(seeds: Vec<Target>, options: Options) -> Self {
        Self {
            seeds,
            options,
            read_from: ReadFrom::default(),
            max_redirections: 16,
            refresh_period: Duration::from_mins(1),
            address_map: None,
        }
    }

    /// Fails with `ERR_INVALID_ARG_VALUE` when there is no seed, a seed is a Unix socket or an
    /// option cannot be used.
    pub fn validate(&self) -> Result<()> {
        let invalid = |message| {
            Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_ARG_VALUE",
                message,
            ))
        };
        if self.seeds.is_empty() {
            return invalid("a cluster needs the address of at least one node");
        }
        if self.seeds.iter().any(|seed| seed.protocol.is_unix()) {
            return invalid("the nodes of a cluster are reached by host and port");
        }
        self.options.validate()
    }

    /// How to connect to the node at `address`.
    pub(super) fn node(&self, address: &Address) -> Config {
        let target = Target {
            address: address.clone(),
            ..self.seeds[0].clone()
        };
        // The cluster itself decides what follows when a connection ends.
        let options = Options {
            enable_auto_reconnect: false,
            enable_offline_queue: true,
            ..self.options.clone()
        };
        Config { target, options }
    }

    /// Whether nodes are connected to with TLS.
    pub(super) fn is_tls(&self) -> bool {
        let target = self.seeds[0].clone();
        let options = self.options.clone();
        Config { target, options }.tls().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::url;

    #[test]
    fn a_cluster_has_seeds_that_are_hosts() {
        let config = |urls: &[&str]| {
            let seeds = urls.iter().map(|url| url::parse(url).unwrap()).collect();
            ClusterConfig::new(seeds, Options::default()).validate()
        };
        assert!(config(&["redis://a", "redis://b:7000"]).is_ok());
        for urls in [&[][..], &["redis://a", "redis+unix:///run/s"]] {
            assert_eq!(config(urls).unwrap_err().code(), "ERR_INVALID_ARG_VALUE");
        }
    }

    #[test]
    fn nodes_inherit_what_the_first_seed_says() {
        let seeds = vec![url::parse("rediss://app:secret@first").unwrap()];
        let config = ClusterConfig::new(seeds, Options::default());
        let address = Address::Host {
            host: "node".into(),
            port: 7001,
        };
        let node = config.node(&address);
        assert!(config.is_tls() && node.tls().is_some());
        assert_eq!(node.target.address, address);
        assert_eq!(node.target.password, "secret");
    }
}
