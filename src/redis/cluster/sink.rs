//! Where the connections of a node deliver.

use std::sync::{Arc, Weak};
use std::time::Instant;

use super::Cluster;
use super::node::Node;
use crate::error::Error;
use crate::redis::config::Address;
use crate::redis::endpoint::client_of;
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::lane::{Batch, Event, Sink};
use crate::redis::retention::{Diverted, Leftover};

/// Where one lane of a node delivers.
pub(super) struct NodeSink {
    pub(super) cluster: Weak<Cluster>,
    pub(super) node: Weak<Node>,
    /// Where the node is reached.
    pub(super) address: Address,
    /// Tells the lane from others of the node.
    pub(super) life: u64,
    pub(super) users: Arc<dyn Sink>,
    /// Replies that need nothing go straight on.
    pub(super) delivery: Arc<dyn Sink>,
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
                    node.connected(self.life, client_of(greeting));
                    cluster.greeted(greeting);
                    cluster.locate(&node, greeting);
                }
                Event::Closed(_) => {
                    node.lost(self.life);
                    cluster.node_lost(&node);
                    cluster.tracking_lost();
                }
                Event::Reconnecting | Event::SubscriptionsLost | Event::TrackingLost => {}
            }
        }
        self.delivery.event(event);
    }

    fn diverted(&self, replies: Vec<Diverted>) {
        // The node may be gone already: it was idle when these had been matched.
        if let Some(cluster) = self.cluster.upgrade() {
            cluster.diverted(&self.address, replies);
        }
    }

    fn returned(&self, leftover: Leftover, error: &Error) {
        if let Some(cluster) = self.cluster.upgrade() {
            let node = self.node.upgrade();
            let at = node.map_or_else(Instant::now, |node| node.retry_at());
            cluster.returned(at, leftover, error);
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
