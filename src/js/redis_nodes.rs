//! Clusters for JavaScript: a lane object over many nodes.

use std::sync::Arc;
use std::time::Duration;

use napi::bindgen_prelude::{Result, Uint8ArraySlice};
use napi_derive::napi;

use super::port::Port;
use super::redis_lane::{Granted, Kind, RedisLane, thrown};
use super::redis_options::LaneOptions;
use super::redis_sink::{LaneSink, OneOfMany};
use crate::redis::cluster::{Cluster, ClusterConfig, ReadFrom, redirect, slot};
use crate::redis::config::{Address, Target};
use crate::redis::lane::Sink;
use crate::redis::overrides::Overrides;
use crate::redis::url;

/// What a seed without a URL begins with.
const ANY_HOST: &str = "redis://localhost";

/// Where a cluster is found, checked by `lib/redis/cluster/seeds.js`: a URL, or host and port.
#[napi(object, object_to_js = false)]
pub struct ClusterSeed {
    /// URL of a node.
    pub url: Option<String>,
    /// Its name or address, where there is no URL.
    pub host: Option<String>,
    /// Its TCP port.
    pub port: Option<u16>,
}

/// Options of a cluster, checked by `lib/redis/cluster/options.js`.
#[napi(object, object_to_js = false)]
pub struct ClusterOptions {
    /// `primary`, `replica`, `preferReplica` or `nearest`.
    pub read_from: String,
    /// For `nearest`.
    pub zone: Option<String>,
    /// How often one command may be sent elsewhere or again.
    pub max_redirections: u32,
    /// Milliseconds, 0 is never.
    pub refresh_interval: u32,
}

/// A node of a cluster.
#[napi(object, object_from_js = false)]
pub struct ClusterNode {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Of a replica.
    pub primary: Option<ClusterAddress>,
    /// First and last slots.
    pub slots: Vec<Vec<u16>>,
    /// Availability zone.
    pub zone: Option<String>,
    /// Whether there is a connection.
    pub connected: bool,
}

/// Where a node listens.
#[napi(object, object_from_js = false)]
pub struct ClusterAddress {
    /// Name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

#[napi]
impl RedisLane {
    /// The nodes of a cluster. Nothing is dialled. Events are reported under the number `target`.
    ///
    /// Throws an error whose code is that of the core's error.
    #[napi(factory, catch_unwind)]
    pub fn cluster(
        port: &Port,
        target: u32,
        seeds: Vec<ClusterSeed>,
        mut options: LaneOptions,
        cluster: ClusterOptions,
    ) -> Result<Self, String> {
        let overrides = Overrides::from(options.target.take().unwrap_or_default());
        let seeds = seeds
            .into_iter()
            .map(|seed| seed.target(&overrides))
            .collect::<crate::Result<Vec<Target>>>()
            .map_err(|error| thrown(&error))?;
        let further = LaneSink::maker(port.handle());
        let mut made = None;
        let mut lane = Self::open(port, target, options, |options, sink| {
            let config = ClusterConfig {
                read_from: cluster.read_from(),
                max_redirections: cluster.max_redirections,
                refresh_period: Duration::from_millis(cluster.refresh_interval.into()),
                ..ClusterConfig::new(seeds, options)
            };
            let node: Arc<dyn Sink> = Arc::new(OneOfMany(Arc::clone(&sink)));
            let shared = Box::new(move |_| Arc::clone(&node));
            let cluster = Cluster::new(config, sink, shared, Arc::new(further))?;
            made = Some(Arc::clone(&cluster));
            Ok(cluster)
        })?;
        if let Some(cluster) = made {
            lane.kind = Kind::Cluster(cluster, Granted::default());
        }
        Ok(lane)
    }

    /// The nodes of a cluster as far as they are known.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn nodes(&self) -> Vec<ClusterNode> {
        let nodes = self.as_cluster().map(|cluster| cluster.nodes());
        nodes
            .unwrap_or_default()
            .into_iter()
            .filter_map(|node| {
                let address = ClusterAddress::of(&node.address)?;
                Some(ClusterNode {
                    host: address.host,
                    port: address.port,
                    primary: node.primary.as_ref().and_then(ClusterAddress::of),
                    slots: node
                        .slots
                        .iter()
                        .map(|&(first, last)| vec![first, last])
                        .collect(),
                    zone: node.zone,
                    connected: node.connected,
                })
            })
            .collect()
    }

    /// By which number commands are routed to the node at an address, whether it is known or not.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn node_number(&self, host: String, port: u16) -> u32 {
        let address = Address::Host { host, port };
        self.as_cluster()
            .map_or(0, |cluster| cluster.number_of(&address))
    }

    /// The addresses of a cluster's seeds.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn seeds(&self) -> Vec<String> {
        let clusters = self.as_cluster().into_iter();
        clusters
            .flat_map(|cluster| &cluster.config().seeds)
            .map(|seed| seed.address.to_string())
            .collect()
    }

    /// The slot of all these keys. Throws `ERR_REDIS_CROSSSLOT` when they are not in one.
    #[napi(catch_unwind)]
    pub fn common_slot(keys: Vec<Uint8ArraySlice<'_>>) -> Result<u16, String> {
        let keys = keys.iter().map(|key| &**key);
        let slot = slot::common_slot(keys).map_err(|error| thrown(&error))?;
        Ok(slot.unwrap_or_default())
    }

    /// Whether an error of a server means that what was asked about a slot must be asked elsewhere, or later.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn displaces(text: String, slot: u16) -> bool {
        redirect::displaces(&text, slot)
    }

    /// The slot of a key.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn slot_of(key: Uint8ArraySlice<'_>) -> u16 {
        slot::of_key(&key)
    }
}

impl RedisLane {
    fn as_cluster(&self) -> Option<&Arc<Cluster>> {
        match &self.kind {
            Kind::Cluster(cluster, _) => Some(cluster),
            _ => None,
        }
    }
}

impl ClusterSeed {
    fn target(self, overrides: &Overrides) -> crate::Result<Target> {
        let parts = Overrides {
            host: self.host,
            port: self.port,
            ..overrides.clone()
        };
        parts.apply(url::parse(self.url.as_deref().unwrap_or(ANY_HOST))?)
    }
}

impl ClusterOptions {
    fn read_from(&self) -> ReadFrom {
        match self.read_from.as_str() {
            "replica" => ReadFrom::Replica,
            "preferReplica" => ReadFrom::PreferReplica,
            "nearest" => ReadFrom::Nearest {
                zone: self.zone.clone().unwrap_or_default(),
            },
            _ => ReadFrom::Primary,
        }
    }
}

impl ClusterAddress {
    fn of(address: &Address) -> Option<Self> {
        match address {
            Address::Host { host, port } => Some(Self {
                host: host.clone(),
                port: *port,
            }),
            Address::Unix(_) => None,
        }
    }
}
