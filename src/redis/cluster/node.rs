//! One node and the connection to it, which is made when it is needed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::pending::NOBODY;
use super::{Cluster, chance, redirect};
use crate::error::Error;
use crate::redis::callers::lock;
use crate::redis::config::Address;
use crate::redis::inflight::Entry;
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::lane::{Batch, Delivery, Event, Lane, Sink};
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::outbox::Backlog;
use crate::redis::resp::encode;
use crate::redis::retention::{Diverted, Leftover};

/// A node of the cluster, as long as it belongs to it.
pub(super) struct Node {
    pub(super) number: u32,
    pub(super) address: Address,
    link: Mutex<Link>,
    /// The last attempt to connect has failed.
    down: AtomicBool,
}

#[derive(Default)]
struct Link {
    lane: Option<Arc<Lane>>,
    /// Where its replies go that need nothing.
    delivery: Option<Arc<dyn Sink>>,
    /// Counts lanes.
    life: u64,
    /// Attempts since the last one that was accepted.
    failures: u32,
    /// Not before then.
    retry_at: Option<Instant>,
    /// For good.
    closed: bool,
}

/// Why a node does not take commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It may be tried again then.
    Until(Instant),
    /// It does not belong to the cluster any more, or the cluster is closed.
    Closed,
}

impl Node {
    pub(super) fn new(number: u32, address: Address) -> Self {
        Self {
            number,
            address,
            link: Mutex::default(),
            down: AtomicBool::new(false),
        }
    }

    /// Sends whole commands, connecting first where needed.
    pub(super) fn submit(
        self: &Arc<Self>,
        cluster: &Arc<Cluster>,
        chunk: &Bytes,
        entries: &[Entry],
        delivery: Delivery,
    ) -> Result<(), Refused> {
        let (lane, life) = self.lane(cluster)?;
        if lane.submit_chunk(chunk, entries, delivery).is_ok() {
            return Ok(());
        }
        // It has ended just now, and its sink is about to be told.
        Err(self.lost(life))
    }

    fn lane(self: &Arc<Self>, cluster: &Arc<Cluster>) -> Result<(Arc<Lane>, u64), Refused> {
        let mut link = lock(&self.link);
        if link.closed {
            return Err(Refused::Closed);
        }
        if let Some(lane) = &link.lane {
            return Ok((Arc::clone(lane), link.life));
        }
        if let Some(at) = link.retry_at.filter(|at| *at > Instant::now()) {
            return Err(Refused::Until(at));
        }
        if !cluster.is_active() {
            return Err(Refused::Closed);
        }
        link.life += 1;
        let delivery = (cluster.factory)(self.number);
        link.delivery = Some(Arc::clone(&delivery));
        let sink = NodeSink {
            cluster: Arc::downgrade(cluster),
            node: Arc::downgrade(self),
            life: link.life,
            users: Arc::clone(&cluster.sink),
            delivery,
        };
        let lane = Lane::keeping(cluster.config.node(&self.address), Arc::new(sink));
        if cluster.config.read_from.uses_replicas() {
            let mut bytes = BytesMut::new();
            encode::command(&mut bytes, &[b"READONLY"]);
            // It leads the way on the new connection; a primary does not mind.
            let _ = lane.submit_chunk(&bytes.freeze(), &[UNANSWERED], Delivery::Gathered);
        }
        link.lane = Some(Arc::clone(&lane));
        Ok((lane, link.life))
    }

    /// The connection has ended, or was not made. Returns when to try again.
    fn lost(&self, life: u64) -> Refused {
        let mut link = lock(&self.link);
        if link.closed {
            return Refused::Closed;
        }
        let now = Instant::now();
        if link.life == life && link.lane.take().is_some() {
            link.failures = link.failures.saturating_add(1);
            link.retry_at = Some(now + redirect::delay(link.failures, chance()));
            self.down.store(true, Ordering::Relaxed);
        }
        Refused::Until(link.retry_at.unwrap_or(now))
    }

    fn connected(&self, life: u64) {
        let mut link = lock(&self.link);
        if link.life == life {
            link.failures = 0;
            link.retry_at = None;
            self.down.store(false, Ordering::Relaxed);
        }
    }

    /// When the node may be tried again.
    pub(super) fn retry_at(&self) -> Instant {
        lock(&self.link).retry_at.unwrap_or_else(Instant::now)
    }

    /// Lets the next command try at once.
    pub(super) fn try_now(&self) {
        lock(&self.link).retry_at = None;
    }

    /// Whether the last attempt to connect has failed.
    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    pub(super) fn is_connected(&self) -> bool {
        let lane = lock(&self.link).lane.clone();
        lane.is_some_and(|lane| lane.status() == crate::redis::Status::Connected)
    }

    /// Whether no command waits here for anything.
    pub(super) fn is_idle(&self) -> bool {
        let lane = lock(&self.link).lane.clone();
        lane.is_none_or(|lane| lane.load() == 0)
    }

    /// What the socket has not taken yet, and what waits to be sent.
    pub(super) fn backlog(&self) -> (usize, Backlog) {
        let lane = lock(&self.link).lane.clone();
        lane.map_or((0, Backlog::default()), |lane| {
            (lane.buffered(), lane.backlog())
        })
    }

    /// Closes for good; commands that wait are returned.
    pub(super) fn close(&self) {
        let mut link = lock(&self.link);
        link.closed = true;
        let (lane, delivery) = (link.lane.take(), link.delivery.take());
        drop(link);
        if let (Some(lane), Some(delivery)) = (lane, delivery) {
            lane.finalize();
            // A lane that is closed by its user tells nobody, but somebody may be reading it.
            delivery.event(Event::Closed(lifecycle::closed()));
        }
    }
}

/// A command of the cluster itself whose reply is of no interest.
pub(super) const UNANSWERED: Entry = Entry {
    id: NOBODY,
    meta: Meta(Meta::INTERNAL),
};

/// Where the lane of a node delivers.
struct NodeSink {
    cluster: Weak<Cluster>,
    node: Weak<Node>,
    life: u64,
    users: Arc<dyn Sink>,
    /// Replies that need nothing go straight on.
    delivery: Arc<dyn Sink>,
}

impl NodeSink {
    fn owners(&self) -> Option<(Arc<Cluster>, Arc<Node>)> {
        Some((self.cluster.upgrade()?, self.node.upgrade()?))
    }
}

impl Sink for NodeSink {
    fn replies(&self, batch: Batch) {
        self.delivery.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.users.failed(ids, error);
    }

    fn event(&self, event: Event) {
        if let Some((cluster, node)) = self.owners() {
            match &event {
                Event::Connected(greeting) => {
                    node.connected(self.life);
                    cluster.greeted(greeting);
                }
                Event::Closed(_) => {
                    node.lost(self.life);
                    cluster.node_lost(&node);
                    if cluster.config().options.tracking.is_some() {
                        self.users.event(Event::TrackingLost);
                    }
                }
                Event::Reconnecting | Event::SubscriptionsLost | Event::TrackingLost => {}
            }
        }
        self.delivery.event(event);
    }

    fn diverted(&self, replies: Vec<Diverted>) {
        if let Some((cluster, node)) = self.owners() {
            cluster.diverted(&node, replies);
        }
    }

    fn returned(&self, leftover: Leftover, error: &Error) {
        if let Some((cluster, node)) = self.owners() {
            cluster.returned(&node, leftover, error);
            return;
        }
        // Nobody can send them elsewhere any more.
        let users = leftover.commands.iter().map(|command| command.entry);
        let ids: Vec<u32> = users
            .filter(|entry| !entry.meta.is_internal())
            .map(|entry| entry.id)
            .collect();
        if !ids.is_empty() {
            self.users.failed(ids, error);
        }
    }

    #[cfg(unix)]
    fn reads(&self) -> bool {
        self.delivery.reads()
    }

    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        self.delivery.adopt(inlet);
    }
}
