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
mod dispatch;
mod ending;
mod gather;
mod keeper;
mod lease;
mod life;
mod link;
mod links;
mod map;
mod members;
pub mod merge;
mod node;
mod parked;
mod pending;
mod readers;
pub mod redirect;
pub mod request;
pub mod route;
mod settle;
mod sink;
pub mod slot;
pub mod split;
mod submit;
pub mod topology;
mod transaction;
mod vigil;
pub mod vocabulary;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use tokio::sync::{oneshot, watch};

pub use client::ClusterClient;
pub use config::{AddressMap, ClusterConfig, ReadFrom};
pub use lease::Place;
pub use members::{NodeInfo, Role};
pub(in crate::redis) use transaction::slot_of;

use self::cancel::Blocked;
use self::gather::Gather;
use self::life::Life;
use self::map::SlotMap;
use self::members::Members;
use self::node::Node;
use self::parked::Parked;
use self::pending::{Waiting, Work};
use super::callers::lock;
use super::config::{Config, Status};
use super::lane::Sink;
use super::outbox::Backlog;
use super::state::State;

/// Makes the sink of a node's connection, for the node of this number. It gets the replies and the
/// events of that connection alone, and is asked to read it; commands without a reply, and the
/// events of the cluster, go to the cluster's own sink. Must not call the cluster.
pub type SinkFactory = dyn Fn(u32) -> Arc<dyn Sink> + Send + Sync;

/// Makes the sink of a connection that one user has for himself: what happens to it is his business alone. Must not call
/// the cluster.
pub type LesseeSinks = dyn Fn() -> Arc<dyn Sink> + Send + Sync;

/// The nodes of a cluster.
pub struct Cluster {
    me: Weak<Self>,
    config: ClusterConfig,
    /// As if there were only the first seed.
    first: Config,
    sink: Arc<dyn Sink>,
    factory: Box<SinkFactory>,
    /// Make the sinks of connections for single users.
    lessee_sinks: Arc<LesseeSinks>,
    /// Those who wait for one, by what cancels the wait.
    lessees: Mutex<HashMap<u32, oneshot::Sender<()>>>,
    /// Tells that slots may be somewhere else.
    changes: watch::Sender<()>,
    /// There is one while the cluster is connected.
    map: RwLock<Option<Arc<SlotMap>>>,
    members: Mutex<Members>,
    /// Addresses that destinations name by their place.
    names: Mutex<Vec<String>>,
    life: Mutex<Life>,
    state: watch::Sender<State>,
    waiting: Mutex<Waiting>,
    blocked: Mutex<Blocked>,
    /// What is sent later, and not before when.
    parked: Mutex<Parked<Work>>,
    /// Where channels and patterns are subscribed to.
    channels: Mutex<Option<Arc<Node>>>,
    scratch: Mutex<Gather>,
    /// The nodes should be asked for changes.
    stale: AtomicBool,
    refreshing: AtomicBool,
}

impl Cluster {
    /// A cluster that connects at the first command or `connect`. Users are answered through
    /// `sink`, and replies that need nothing through the sinks that `factory` makes; connections for
    /// single users deliver to those of `lessee_sinks`.
    ///
    /// Fails as [`ClusterConfig::validate`] does.
    pub fn new(
        config: ClusterConfig,
        sink: Arc<dyn Sink>,
        factory: Box<SinkFactory>,
        lessee_sinks: Arc<LesseeSinks>,
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
            lessee_sinks,
            lessees: Mutex::default(),
            changes: watch::Sender::new(()),
            map: RwLock::default(),
            members: Mutex::default(),
            names: Mutex::default(),
            life: Mutex::new(life),
            state: watch::Sender::new(state),
            waiting: Mutex::default(),
            blocked: Mutex::default(),
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

    fn map(&self) -> Option<Arc<SlotMap>> {
        self.map
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes the map, or puts another one in its place.
    fn replace_map(&self, next: Option<Arc<SlotMap>>) {
        *self.map.write().unwrap_or_else(PoisonError::into_inner) = next;
        self.changes.send_replace(());
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
pub(super) fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}
