//! Nodes that are read from: they stay connected, and it is known in which zones they are.
//!
//! Reads avoid a replica that was lost, so no command tries it again. And not every server tells of
//! all zones: Valkey does since 9, and each node of its own since 8.1 in its HELLO reply, since 8.0
//! in its `INFO`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::time::sleep_until;

use super::config::ReadFrom;
use super::map::SlotMap;
use super::node::Node;
use super::{Cluster, discovery, topology};
use crate::net::runtime;
use crate::redis::callers::lock;

/// What has become of a node as one to read from.
#[derive(Default)]
pub(super) struct Reading {
    /// It will be connected to.
    awaited: AtomicBool,
    /// It has told where it is, or that it does not tell.
    asked: AtomicBool,
    zone: Mutex<Option<String>>,
}

impl Reading {
    /// The availability zone that the node itself has told.
    pub(super) fn zone(&self) -> Option<String> {
        lock(&self.zone).clone()
    }

    pub(super) fn is_in(&self, zone: &str) -> bool {
        lock(&self.zone).as_deref() == Some(zone)
    }

    fn told(&self, zone: Option<String>) {
        *lock(&self.zone) = zone;
        self.asked.store(true, Ordering::Relaxed);
    }
}

impl Cluster {
    /// Connects to the nodes of a new map that should be read from and were lost, and to those whose
    /// zones nobody has told.
    pub(super) fn tend(self: &Arc<Self>, map: &SlotMap) {
        let read_from = &self.config.read_from;
        if !read_from.uses_replicas() {
            return;
        }
        for node in map.lost_readers() {
            self.await_reader(node);
        }
        if matches!(read_from, ReadFrom::Nearest { .. }) {
            let strange = |node: &&Arc<Node>| !node.reading.asked.load(Ordering::Relaxed);
            for node in map.without_zone().filter(strange) {
                self.await_reader(node);
            }
        }
    }

    /// A node was lost: if it should be read from, it is connected to as soon as it may be.
    pub(super) fn reader_lost(self: &Arc<Self>, node: &Arc<Node>) {
        let map = self.map().filter(|_| self.config.read_from.uses_replicas());
        if map.is_some_and(|map| map.lost_readers().any(|one| Arc::ptr_eq(one, node))) {
            self.await_reader(node);
        }
    }

    fn await_reader(self: &Arc<Self>, node: &Arc<Node>) {
        if node.reading.awaited.swap(true, Ordering::Relaxed) {
            return;
        }
        let (cluster, node) = (Arc::downgrade(self), Arc::clone(node));
        // A caller's own runtime may be gone before.
        runtime::shared().spawn(async move {
            sleep_until(node.retry_at().into()).await;
            node.reading.awaited.store(false, Ordering::Relaxed);
            if let Some(cluster) = cluster.upgrade() {
                node.greet(&cluster);
            }
        });
    }

    /// A node has accepted the login of a connection: where is it?
    pub(super) fn locate(self: &Arc<Self>, node: &Arc<Node>, greeting: &Bytes) {
        if let Some(zone) = topology::zone_of_greeting(greeting) {
            node.reading.told(Some(zone));
            return;
        }
        if !matches!(self.config.read_from, ReadFrom::Nearest { .. }) {
            return;
        }
        let (cluster, node) = (Arc::downgrade(self), Arc::clone(node));
        runtime::shared().spawn(async move {
            // The cluster is not kept by one who waits for a reply.
            let reply = cluster
                .upgrade()
                .map(|cluster| discovery::ask(&cluster, &node, &["INFO", "SERVER"]));
            if let Some(reply) = reply
                && let Ok(info) = discovery::answer(reply).await
            {
                node.reading.told(topology::zone_of_info(&info));
            }
        });
    }
}
