//! Many nodes as one: every command goes to the node that has its keys.
//!
//! [`Cluster`] has the interface of a [`Lane`](super::lane::Lane) and one lane for each node. What
//! decides is pure: [`slot`], [`route`], [`split`], [`merge`], [`redirect`], [`topology`]. The rest
//! is who waits for what: commands go to the lanes with the ids of their users, and replies that
//! need nothing come back past the cluster. Only what is redirected, split, or the cluster's own
//! has an id of the cluster.
//!
//! Locks are held for a moment each, and none while a sink is called.

mod answers;
mod cancel;
mod client;
pub mod config;
pub mod destination;
mod discovery;
mod gather;
mod keeper;
mod life;
mod map;
pub mod merge;
mod node;
mod parked;
mod pending;
pub mod redirect;
pub mod request;
pub mod route;
mod sink;
pub mod slot;
pub mod split;
mod submit;
pub mod topology;
mod transaction;
pub mod vocabulary;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use tokio::sync::watch;

pub use client::{ClusterClient, Scan};
pub use config::{AddressMap, ClusterConfig, ReadFrom};

use self::gather::Gather;
use self::life::Life;
use self::map::SlotMap;
use self::node::Node;
use self::parked::Parked;
use self::pending::{Waiting, Work};
use super::callers::lock;
use super::config::{Address, Config, Status};
use super::inflight::Entry;
use super::lane::{Delivery, Sink};
use super::link::Link;
use super::outbox::Backlog;
use super::state::State;

/// Makes the sink of a node's connection, for the node of this number. It gets the replies and the
/// events of that connection alone, and is asked to read it; commands without a reply, and the
/// events of the cluster, go to the cluster's own sink. Must not call the cluster.
pub type SinkFactory = dyn Fn(u32) -> Arc<dyn Sink> + Send + Sync;

/// The nodes of a cluster.
pub struct Cluster {
    me: Weak<Self>,
    config: ClusterConfig,
    /// As if there were only the first seed.
    first: Config,
    sink: Arc<dyn Sink>,
    factory: Box<SinkFactory>,
    /// There is one while the cluster is connected.
    map: RwLock<Option<Arc<SlotMap>>>,
    members: Mutex<Members>,
    /// Addresses that destinations name by their place.
    names: Mutex<Vec<String>>,
    life: Mutex<Life>,
    state: watch::Sender<State>,
    waiting: Mutex<Waiting>,
    /// What is sent later, and not before when.
    parked: Mutex<Parked<Work>>,
    /// Where channels and patterns are subscribed to.
    channels: Mutex<Option<Arc<Node>>>,
    scratch: Mutex<Gather>,
    /// The nodes should be asked for changes.
    stale: AtomicBool,
    refreshing: AtomicBool,
}

/// All nodes that are known.
#[derive(Default)]
struct Members {
    by_address: HashMap<String, Arc<Node>>,
    /// Other names of theirs.
    aliases: HashMap<String, Address>,
    /// They belong to the cluster no more, and answer what they were asked.
    leaving: Vec<Arc<Node>>,
    next: u32,
}

impl Members {
    fn get(&mut self, address: &Address) -> Arc<Node> {
        let node = self.by_address.entry(address.to_string());
        let node = node.or_insert_with(|| {
            self.next += 1;
            Arc::new(Node::new(self.next, address.clone()))
        });
        Arc::clone(node)
    }
}

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It follows a primary.
    Replica,
}

/// A node as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// Names the node as long as it belongs to the cluster.
    pub number: u32,
    /// Where it is reached.
    pub address: Address,
    /// What it does.
    pub role: Role,
    /// Whom a replica follows.
    pub primary: Option<Address>,
    /// First and last slots that its shard serves.
    pub slots: Vec<(u16, u16)>,
    /// Its availability zone, when it tells.
    pub zone: Option<String>,
    /// Whether there is a connection.
    pub connected: bool,
}

impl Cluster {
    /// A cluster that connects at the first command or `connect`. Users are answered through
    /// `sink`, and replies that need nothing through the sinks that `factory` makes.
    ///
    /// Fails as [`ClusterConfig::validate`] does.
    pub fn new(
        config: ClusterConfig,
        sink: Arc<dyn Sink>,
        factory: Box<SinkFactory>,
    ) -> crate::error::Result<Arc<Self>> {
        config.validate()?;
        let life = Life::default();
        let first = Config {
            target: config.seeds[0].clone(),
            options: config.options.clone(),
        };
        let state = life.state(&first);
        Ok(Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            config,
            first,
            sink,
            factory,
            map: RwLock::default(),
            members: Mutex::default(),
            names: Mutex::default(),
            life: Mutex::new(life),
            state: watch::Sender::new(state),
            waiting: Mutex::default(),
            parked: Mutex::default(),
            channels: Mutex::default(),
            scratch: Mutex::default(),
            stale: AtomicBool::new(false),
            refreshing: AtomicBool::new(false),
        }))
    }

    /// What the cluster was made with.
    #[must_use]
    pub fn config(&self) -> &ClusterConfig {
        &self.config
    }

    /// The state of the cluster: it is connected when its nodes are known.
    #[must_use]
    pub fn status(&self) -> Status {
        lock(&self.life).state(&self.first).status
    }

    /// Whether the cluster is connected, or is being connected to.
    #[must_use]
    pub fn is_active(&self) -> bool {
        lock(&self.life).is_active()
    }

    /// The state of the cluster with its changes from now on.
    #[must_use]
    pub fn observe(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Bytes that sockets have not taken yet, of commands that have been sent.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.every_node().iter().map(|node| node.backlog().0).sum()
    }

    /// How much waits to be sent, with or without a connection.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let mut all = lock(&self.life).backlog();
        for work in lock(&self.parked).iter() {
            let (bytes, commands) = work.size();
            all.bytes += bytes;
            all.commands += commands;
        }
        for node in self.every_node() {
            let (_, backlog) = node.backlog();
            all.bytes += backlog.bytes;
            all.commands += backlog.commands;
        }
        all
    }

    /// The nodes that serve slots, primaries with their replicas behind them; empty while the
    /// cluster is not connected.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeInfo> {
        let Some(map) = self.map() else {
            return Vec::new();
        };
        let mut nodes = Vec::new();
        for (shard, slots) in map.shards.iter().zip(map.ranges()) {
            if slots.is_empty() {
                continue;
            }
            let mut add = |node: &Node, zone: &Option<String>, primary: Option<&Node>| {
                nodes.push(NodeInfo {
                    number: node.number,
                    address: node.address.clone(),
                    role: primary.map_or(Role::Primary, |_| Role::Replica),
                    primary: primary.map(|node| node.address.clone()),
                    slots: slots.clone(),
                    zone: zone.clone(),
                    connected: node.is_connected(),
                });
            };
            add(&shard.primary, &shard.primary_zone, None);
            for replica in &shard.replicas {
                add(&replica.node, &replica.zone, Some(&shard.primary));
            }
        }
        nodes
    }

    /// The number by which a [`Destination`](destination::Destination) names the node at an
    /// address, whether it belongs to the cluster or not.
    #[must_use]
    pub fn number_of(&self, address: &Address) -> u32 {
        let name = address.to_string();
        let mut names = lock(&self.names);
        let at = names.iter().position(|known| *known == name);
        let at = at.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        u32::try_from(at).unwrap_or(u32::MAX)
    }

    /// The node of such a number, if it belongs to the cluster.
    fn named(&self, map: &SlotMap, number: u32) -> Option<Arc<Node>> {
        let name = lock(&self.names).get(number as usize).cloned()?;
        let node = lock(&self.members).by_address.get(&name).cloned()?;
        map.has(&node).then_some(node)
    }

    fn map(&self) -> Option<Arc<SlotMap>> {
        self.map
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes the map, or puts another one in its place.
    fn replace_map(&self, next: Option<Arc<SlotMap>>) {
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = next;
    }

    /// The node at an address that was announced.
    fn member(&self, address: Address) -> Arc<Node> {
        let known = lock(&self.members)
            .aliases
            .get(&address.to_string())
            .cloned();
        let address = known.unwrap_or(address);
        let address = match &self.config.address_map {
            Some(map) => map.apply(address),
            None => address,
        };
        lock(&self.members).get(&address)
    }

    /// Those that are leaving, too.
    fn every_node(&self) -> Vec<Arc<Node>> {
        let members = lock(&self.members);
        let nodes = members.by_address.values().chain(&members.leaving);
        nodes.cloned().collect()
    }
}

impl Link for Cluster {
    fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        // Whoever calls holds a reference.
        if let Some(me) = self.me.upgrade() {
            Self::submit(&me, pieces, entries, delivery);
        }
    }

    fn connect(&self, id: u32) {
        if let Some(me) = self.me.upgrade() {
            Self::connect(&me, id);
        }
    }

    fn close(&self) -> bool {
        self.close()
    }

    fn finalize(&self) {
        self.finalize();
    }

    fn cancel(&self, id: u32) -> bool {
        self.give_up(id)
    }

    /// That of the first seed.
    fn config(&self) -> &Config {
        &self.first
    }

    fn status(&self) -> Status {
        self.status()
    }

    fn is_active(&self) -> bool {
        self.is_active()
    }

    fn observe(&self) -> watch::Receiver<State> {
        self.observe()
    }

    fn buffered(&self) -> usize {
        self.buffered()
    }

    fn backlog(&self) -> Backlog {
        self.backlog()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in self.every_node() {
            node.close();
        }
    }
}

/// A random number.
fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}
