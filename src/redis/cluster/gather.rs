//! Commands on their way to several nodes: one write for each.

use std::sync::Arc;

use bytes::Bytes;

use super::Cluster;
use super::node::{Node, Refused};
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::retention::{Retention, returned};

/// More memory than this is not kept for the next time.
const LARGE: usize = 256 * 1024;

/// What gathers for each node. The memory is used again.
#[derive(Default)]
pub(super) struct Gather {
    loads: Vec<Load>,
    used: usize,
    /// Commands that block, each with what must come right before it.
    blocking: Vec<(Arc<Node>, Bytes, Vec<Entry>)>,
}

#[derive(Default)]
struct Load {
    node: Option<Arc<Node>>,
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Gather {
    /// Adds whole commands for `node`.
    pub(super) fn add(&mut self, node: &Arc<Node>, commands: &[u8], entries: &[Entry]) {
        let load = self.load(node);
        load.bytes.extend_from_slice(commands);
        load.entries.extend_from_slice(entries);
    }

    /// Adds a command that may block, to be sent where it is in nobody's way.
    pub(super) fn add_blocking(&mut self, node: &Arc<Node>, commands: Bytes, entries: Vec<Entry>) {
        self.blocking.push((Arc::clone(node), commands, entries));
    }

    fn load(&mut self, node: &Arc<Node>) -> &mut Load {
        let is_for = |load: &Load| {
            let known = load.node.as_ref();
            known.is_some_and(|known| Arc::ptr_eq(known, node))
        };
        let at = self.loads[..self.used]
            .iter()
            .position(is_for)
            .unwrap_or_else(|| {
                if self.used == self.loads.len() {
                    self.loads.push(Load::default());
                }
                self.loads[self.used].node = Some(Arc::clone(node));
                self.used += 1;
                self.used - 1
            });
        &mut self.loads[at]
    }

    /// Sends everything.
    pub(super) fn send(&mut self, cluster: &Arc<Cluster>, delivery: Delivery) {
        for load in &mut self.loads[..std::mem::take(&mut self.used)] {
            let Some(node) = load.node.take() else {
                continue;
            };
            if let Err(refused) = node.submit(cluster, &load.bytes, &load.entries, delivery) {
                give_back(cluster, &load.bytes, &load.entries, refused);
            }
            load.entries.clear();
            load.bytes.clear();
            if load.bytes.capacity() > LARGE {
                load.bytes = Vec::new();
            }
        }
        for (node, commands, entries) in self.blocking.drain(..) {
            match node.submit_blocking(cluster, &commands, &entries, delivery) {
                Ok(()) => {
                    let last = entries.last();
                    if let Some(id) = last.and_then(|entry| cluster.user_of(entry.id)) {
                        cluster.laid_down(id);
                    }
                }
                Err(refused) => give_back(cluster, &commands, &entries, refused),
            }
        }
    }
}

/// What a node refuses is sent later, or elsewhere.
pub(super) fn give_back(cluster: &Cluster, commands: &[u8], entries: &[Entry], refused: Refused) {
    let mut retention = Retention::default();
    retention.keep(Bytes::copy_from_slice(commands), entries.len());
    let commands = returned(entries, 0, &mut retention);
    cluster.refused(commands, refused);
}
