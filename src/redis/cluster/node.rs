//! One node and the connections to it, which are made when they are needed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::BytesMut;

use super::links::{Link, Links};
use super::pending::NOBODY;
use super::readers::Reading;
use super::sink::NodeSink;
use super::{Cluster, chance, redirect};
use crate::error::Error;
use crate::redis::callers::lock;
use crate::redis::config::{Address, Status};
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Lane};
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::outbox::Backlog;
use crate::redis::resp::encode;
use crate::redis::watchdog::Sight;

/// So many idle connections are kept for commands that block.
const IDLE_SPARES: usize = 4;

/// A command of the cluster itself whose reply is of no interest.
pub(super) const UNANSWERED: Entry = Entry {
    id: NOBODY,
    meta: Meta(Meta::INTERNAL),
};

/// A node of the cluster, as long as it belongs to it.
pub(super) struct Node {
    pub(super) number: u32,
    pub(super) address: Address,
    pub(super) links: Mutex<Links>,
    pub(super) reading: Reading,
    /// The last attempt to connect has failed.
    down: AtomicBool,
    /// It owes replies and is not heard.
    silent: AtomicBool,
    /// For good.
    closed: AtomicBool,
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
            links: Mutex::default(),
            reading: Reading::default(),
            down: AtomicBool::new(false),
            silent: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        }
    }

    /// Connects for commands to come, unless that was done or is too early.
    pub(super) fn greet(self: &Arc<Self>, cluster: &Arc<Cluster>) {
        let mut links = lock(&self.links);
        if links.shared.is_none() {
            links.shared = self.connect(&mut links, cluster).ok();
        }
    }

    /// Sends whole commands, connecting first where needed.
    pub(super) fn submit(
        self: &Arc<Self>,
        cluster: &Arc<Cluster>,
        commands: &[u8],
        entries: &[Entry],
        delivery: Delivery,
    ) -> Result<(), Refused> {
        let mut links = lock(&self.links);
        if links.shared.is_none() {
            links.shared = Some(self.connect(&mut links, cluster)?);
        }
        let shared = links.shared.as_ref();
        let (lane, life) = shared
            .map(|link| (Arc::clone(&link.lane), link.life))
            .ok_or(Refused::Closed)?;
        drop(links);
        lane.try_submit(&[commands], entries, delivery)
            // It has ended just now, and its sink is about to be told.
            .map_err(|_| self.lost(life))
    }

    /// Sends a command that may block on a connection that nobody else uses meanwhile.
    pub(super) fn submit_blocking(
        self: &Arc<Self>,
        cluster: &Arc<Cluster>,
        commands: &[u8],
        entries: &[Entry],
        delivery: Delivery,
    ) -> Result<(), Refused> {
        let mut links = lock(&self.links);
        let idle = |link: &Link| link.lane.load() == 0;
        let link = if let Some(at) = links.spares.iter().position(idle) {
            links.spares[at].clone()
        } else {
            let link = self.connect(&mut links, cluster)?;
            links.spares.push(link.clone());
            link
        };
        // Before others look who is idle. It tells no sink.
        let sent = link.lane.try_submit(&[commands], entries, delivery);
        let mut superfluous = Vec::new();
        while links.spares.iter().filter(|link| idle(link)).count() > IDLE_SPARES {
            let at = links.spares.iter().position(idle);
            superfluous.extend(at.map(|at| links.spares.swap_remove(at)));
        }
        drop(links);
        superfluous.iter().for_each(Link::close);
        sent.map_err(|_| self.lost(link.life))
    }

    fn connect(
        self: &Arc<Self>,
        links: &mut Links,
        cluster: &Arc<Cluster>,
    ) -> Result<Link, Refused> {
        if self.is_closed() || !cluster.is_active() {
            return Err(Refused::Closed);
        }
        if let Some(at) = links.retry_at.filter(|at| *at > Instant::now()) {
            return Err(Refused::Until(at));
        }
        links.lives += 1;
        let delivery = (cluster.factory)(self.number);
        let sink = NodeSink {
            cluster: Arc::downgrade(cluster),
            node: Arc::downgrade(self),
            address: self.address.clone(),
            life: links.lives,
            users: Arc::clone(&cluster.sink),
            delivery: Arc::clone(&delivery),
        };
        let lane = Lane::keeping(cluster.config.node(&self.address), Arc::new(sink));
        if cluster.config.read_from.uses_replicas() {
            let mut bytes = BytesMut::new();
            encode::command(&mut bytes, &[b"READONLY"]);
            // It leads the way on the new connection; a primary does not mind.
            let _ = lane.try_submit(&[&bytes], &[UNANSWERED], Delivery::Gathered);
        }
        Ok(Link {
            lane,
            delivery,
            life: links.lives,
            client: None,
        })
    }

    /// A connection has ended, or was not made. Returns when to try again.
    pub(super) fn lost(&self, life: u64) -> Refused {
        let mut links = lock(&self.links);
        if self.is_closed() {
            return Refused::Closed;
        }
        let before = links.spares.len();
        links.spares.retain(|link| link.life != life);
        let shared = links.shared.take_if(|link| link.life == life);
        let now = Instant::now();
        if shared.is_some() || links.spares.len() < before {
            links.failures = links.failures.saturating_add(1);
            links.retry_at = Some(now + redirect::connection_delay(links.failures, chance()));
            self.down.store(true, Ordering::Relaxed);
        }
        Refused::Until(links.retry_at.unwrap_or(now))
    }

    /// The node has accepted the login of a connection, which has this number there.
    pub(super) fn connected(&self, life: u64, client: Option<i64>) {
        let mut links = lock(&self.links);
        if let Some(link) = links.spares.iter_mut().find(|link| link.life == life) {
            link.client = client;
        }
        links.failures = 0;
        links.retry_at = None;
        self.down.store(false, Ordering::Relaxed);
    }

    /// When the node may be tried again.
    pub(super) fn retry_at(&self) -> Instant {
        lock(&self.links).retry_at.unwrap_or_else(Instant::now)
    }

    /// Lets the next command try at once.
    pub(super) fn try_now(&self) {
        lock(&self.links).retry_at = None;
    }

    /// Whether the last attempt to connect has failed.
    pub(super) fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// Notes whether it owes replies and is not heard.
    pub(super) fn set_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::Relaxed);
    }

    /// Whether others should be asked rather than this one.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_down() || self.silent.load(Ordering::Relaxed)
    }

    pub(super) fn is_connected(&self) -> bool {
        let link = lock(&self.links).shared.clone();
        link.is_some_and(|link| link.lane.status() == Status::Connected)
    }

    /// Whether no command waits here for anything, and no connection is leased.
    pub(super) fn is_idle(&self) -> bool {
        let leased = self.lease_counts().is_some_and(|counts| counts.in_use > 0);
        !leased && self.all().iter().all(|link| link.lane.load() == 0)
    }

    /// What the sockets have not taken yet, and what waits to be sent.
    pub(super) fn backlog(&self) -> (usize, Backlog) {
        let mut buffered = 0;
        let mut backlog = Backlog::default();
        for link in self.all() {
            buffered += link.lane.buffered();
            let more = link.lane.backlog();
            backlog.bytes += more.bytes;
            backlog.commands += more.commands;
        }
        (buffered, backlog)
    }

    /// Gives up a command that blocks, by its id of the cluster's own, with its connection. Its wait is
    /// ended before anything that is sent to the node afterwards. Returns whether it was here; `is_it`
    /// is asked then.
    pub(super) fn cancel(&self, id: u32, is_it: impl Fn() -> bool, error: &Error) -> bool {
        let mut links = lock(&self.links);
        let Some(at) = links
            .spares
            .iter()
            .position(|link| link.lane.holds_as(id, true) && is_it())
        else {
            return false;
        };
        // Nobody else gets it from now on.
        let link = links.spares.swap_remove(at);
        drop(links);
        // The node may learn of the connection's end too late.
        if let Some(client) = link.client {
            self.tell(&[b"CLIENT", b"UNBLOCK", client.to_string().as_bytes()]);
        }
        link.end(error);
        true
    }

    /// Gives back what waits for a connection, when the node was lost and others may have taken
    /// over.
    pub(super) fn let_go(&self) {
        if self.is_down() {
            let mut links = lock(&self.links);
            let waits = |link: &mut Link| link.lane.status() != Status::Connected;
            let shared = links.shared.take_if(waits);
            drop(links);
            shared.iter().for_each(Link::close);
        }
    }

    /// What there is to see of the connection that all commands share.
    pub(super) fn sight(&self) -> Option<Sight> {
        let shared = lock(&self.links).shared.clone();
        shared.map(|link| link.lane.sight_from_outside())
    }

    /// Gives up all connections; commands that wait are returned.
    pub(super) fn give_up(&self, error: &Error) {
        let mut links = lock(&self.links);
        let shared = links.shared.take();
        let spares = std::mem::take(&mut links.spares);
        let leases = links.leases.take();
        drop(links);
        shared
            .iter()
            .chain(&spares)
            .for_each(|link| link.end(error));
        if let Some(leases) = leases {
            leases.close();
        }
    }

    /// Closes for good; commands that wait are returned.
    pub(super) fn close(&self) {
        // Whoever connects holds this lock, so that nobody does afterwards.
        let links = lock(&self.links);
        self.closed.store(true, Ordering::Relaxed);
        drop(links);
        self.give_up(&lifecycle::closed());
    }

    /// Whether it was closed, for good.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Sends a command that nobody waits for on the shared connection, if there is one.
    pub(super) fn tell(&self, arguments: &[&[u8]]) {
        let shared = lock(&self.links).shared.clone();
        if let Some(link) = shared.filter(|link| link.lane.is_greeted()) {
            let mut bytes = BytesMut::new();
            encode::command(&mut bytes, arguments);
            // A lane that has ended tells so itself.
            let _ = link
                .lane
                .try_submit(&[&bytes], &[UNANSWERED], Delivery::Direct);
        }
    }

    fn all(&self) -> Vec<Link> {
        let links = lock(&self.links);
        links.shared.iter().chain(&links.spares).cloned().collect()
    }
}
