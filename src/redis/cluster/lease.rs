//! Connections of one's own, each to one node of the cluster.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};

use super::answers::passes;
use super::map::SlotMap;
use super::node::Node;
use super::redirect::{self, Redirect};
use super::submit::unknown_node;
use super::{Cluster, slot};
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::redis::callers::lock;
use crate::redis::endpoint::{Grant, Hub, Lease, Reserve, Spares, acquire_timeout};
use crate::redis::lifecycle::{self, Attempts, Verdict};
use crate::redis::pool::state::Counts;

/// How long a node may take to give a connection before others are asked whether it still is the one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a connection of one's own leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To the primary of this slot.
    Slot(u16),
    /// To the node of this number, as [`Cluster::number_of`] gives it.
    Node(u32),
}

impl Place {
    /// To the primary of a key.
    #[must_use]
    pub fn of_key(key: &[u8]) -> Self {
        Self::Slot(slot::of_key(key))
    }
}

impl Cluster {
    /// Asks for a connection to one node. `grant` is called when there is one, or with an error:
    /// `ERR_REDIS_POOL_TIMEOUT` when there is none within the limit, `ERR_REDIS_CLUSTER_UNKNOWN_NODE` when the node does not
    /// belong to the cluster, `ERR_REDIS_CONNECTION_CLOSED` when the cluster ends or the node cannot be reached. By the `id`
    /// the wait can be cancelled.
    pub fn acquire(self: &Arc<Self>, place: Place, id: u32, limit: Option<Duration>, grant: Grant) {
        let (canceller, given_up) = oneshot::channel();
        lock(&self.lessees).insert(id, canceller);
        let cluster = Arc::clone(self);
        // A caller's own runtime may be gone before.
        runtime::shared().spawn(async move {
            let outcome = tokio::select! {
                outcome = cluster.lease(place, limit) => outcome,
                _ = given_up => Err(lifecycle::closed()),
            };
            lock(&cluster.lessees).remove(&id);
            grant(outcome);
        });
    }

    /// Gives up an [`acquire`](Self::acquire). Returns whether it was waiting.
    pub(super) fn withdraw_lessee(&self, id: u32) -> bool {
        let canceller = lock(&self.lessees).remove(&id);
        canceller.is_some_and(|canceller| canceller.send(()).is_ok())
    }

    /// The same for one who waits here, and gives up by dropping the future.
    pub async fn lease(self: &Arc<Self>, place: Place, limit: Option<Duration>) -> Result<Lease> {
        let Some(limit) = limit else {
            return self.find_lease(place).await;
        };
        let outcome = timeout(limit, self.find_lease(place)).await;
        outcome.unwrap_or_else(|_| Err(acquire_timeout(limit)))
    }

    async fn find_lease(self: &Arc<Self>, place: Place) -> Result<Lease> {
        let mut attempts = Attempts::default();
        loop {
            self.known().await?;
            let mut changes = self.changes.subscribe();
            let Some(map) = self.map() else {
                continue;
            };
            let outcome = match self.at(&map, place)? {
                Some(node) => self.lease_of(&node, place, &mut changes).await,
                None => Err(unserved()),
            };
            let error = match outcome {
                Ok(Some(lease)) => return Ok(lease),
                Ok(None) => continue,
                Err(error) => error,
            };
            if !self.is_active() || !passes(&error) {
                return Err(error);
            }
            self.want_refresh();
            match attempts.lost(&self.config.options, &error) {
                Verdict::GiveUp(error) => return Err(error),
                // A new map may name another node.
                Verdict::RetryAfter(delay) => {
                    let _ = timeout(delay, changes.changed()).await;
                }
            }
        }
    }

    /// A connection to this node; `None` when the place has gone to another one meanwhile.
    pub(super) async fn lease_of(
        self: &Arc<Self>,
        node: &Arc<Node>,
        place: Place,
        changes: &mut watch::Receiver<()>,
    ) -> Result<Option<Lease>> {
        let spares = node.spares(self).ok_or_else(lifecycle::closed)?;
        let (sender, mut receiver) = oneshot::channel();
        let grant = move |outcome| drop(sender.send(outcome));
        // Ids are those of users of leased connections to the node.
        let ticket = spares.lease(None, None, Box::new(grant));
        // One who no longer waits leaves the queue; a lease that was granted to him comes back by not being taken.
        let _waiting = Waiting { spares, ticket };
        loop {
            tokio::select! {
                biased;
                outcome = &mut receiver => {
                    return outcome.unwrap_or_else(|_| Err(lifecycle::closed())).map(Some);
                }
                outcome = changes.changed() => {
                    let map = self.map();
                    let now = map.map(|map| self.at(&map, place)).transpose()?.flatten();
                    if outcome.is_err() || now.is_none_or(|now| now.number != node.number) {
                        return Ok(None);
                    }
                }
                () = sleep(PATIENCE) => self.want_refresh(),
            }
        }
    }

    fn at(&self, map: &SlotMap, place: Place) -> Result<Option<Arc<Node>>> {
        match place {
            Place::Slot(slot) => Ok(map.primary(slot).cloned()),
            Place::Node(number) => self.named(map, number).map(Some).ok_or_else(unknown_node),
        }
    }

    /// How many connections of one's own there are, and how many callers wait for one at a node.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let nodes = self.every_node();
        let counts = nodes.iter().filter_map(|node| node.lease_counts());
        counts.fold(Counts::default(), |all, one| Counts {
            in_use: all.in_use + one.in_use,
            idle: all.idle + one.idle,
            waiting: all.waiting + one.waiting,
        })
    }

    /// Learns from an error reply that a leased connection to `node` has got. Returns what its user is told.
    fn explain(&self, node: &Node, text: &str) -> Option<Error> {
        let redirect = redirect::parse(format!("-{text}\r\n").as_bytes(), &node.address)?;
        self.want_refresh();
        match redirect {
            Redirect::Moved { slot, to } => self.slot_moved(slot, &self.member(to)),
            Redirect::Ask(_) => {}
            _ => return None,
        }
        Some(wrong_node(node, text))
    }
}

impl Node {
    /// Where connections for single users come from; `None` when the node was closed.
    pub(super) fn spares(self: &Arc<Self>, cluster: &Arc<Cluster>) -> Option<Arc<Spares>> {
        let mut links = lock(&self.links);
        if self.is_closed() {
            return None;
        }
        let leases = links.leases.get_or_insert_with(|| {
            let config = cluster.config.node(&self.address);
            let hub = NodeHub {
                cluster: Arc::downgrade(cluster),
                node: Arc::downgrade(self),
                database: config.target.database,
            };
            let make_sink = Arc::clone(&cluster.lessee_sinks);
            let reserve = Reserve::of(&config);
            let make_sink = Box::new(move || make_sink());
            Spares::new(Arc::new(hub), config, reserve, make_sink, None)
        });
        Some(Arc::clone(leases))
    }

    /// How many of those there are.
    pub(super) fn lease_counts(&self) -> Option<Counts> {
        let leases = lock(&self.links).leases.clone();
        leases.map(|leases| leases.counts())
    }
}

/// A place in the queue for a connection.
struct Waiting {
    spares: Arc<Spares>,
    ticket: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.spares
            .give_up_waiting(self.ticket, &lifecycle::closed());
    }
}

/// A node as what its leased connections belong to.
struct NodeHub {
    cluster: Weak<Cluster>,
    node: Weak<Node>,
    database: u32,
}

impl NodeHub {
    fn is_there(&self) -> bool {
        self.node.upgrade().is_some_and(|node| !node.is_closed())
    }
}

impl Hub for NodeHub {
    fn database(&self) -> u32 {
        self.database
    }

    fn is_greeted(&self) -> bool {
        self.is_there()
    }

    fn has_ended(&self) -> bool {
        !self.is_there()
    }

    /// Commands go to leased connections directly; none is handed over here.
    fn failed(&self, _ids: Vec<u32>, _error: &Error) {}

    fn tell(&self, arguments: &[&[u8]]) {
        if let Some(node) = self.node.upgrade() {
            node.tell(arguments);
        }
    }

    fn explain(&self, text: &str) -> Option<Error> {
        let (cluster, node) = (self.cluster.upgrade()?, self.node.upgrade()?);
        cluster.explain(&node, text)
    }
}

fn unserved() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CLUSTER_DOWN",
        "no node serves the slot",
    )
}

fn wrong_node(node: &Node, text: &str) -> Error {
    let message = format!(
        "{text}: this connection is to {}, which does not serve the slot; acquire one for the key",
        node.address
    );
    Error::new(ErrorKind::Server, "ERR_REDIS_CLUSTER_WRONG_NODE", message)
}
