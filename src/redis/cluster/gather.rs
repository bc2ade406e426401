//! Commands on their way to several nodes: one write for each.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::Cluster;
use super::node::{Node, Refused};
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::retention::{Retention, returned};

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
    bytes: BytesMut,
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
            let chunk = load.bytes.split().freeze();
            if let Err(refused) = node.submit(cluster, &chunk, &load.entries, delivery) {
                give_back(cluster, chunk, &load.entries, refused);
            }
            load.entries.clear();
        }
        for (node, chunk, entries) in self.blocking.drain(..) {
            if let Err(refused) = node.submit_blocking(cluster, &chunk, &entries, delivery) {
                give_back(cluster, chunk, &entries, refused);
            }
        }
    }
}

/// What a node refuses is sent later, or elsewhere.
fn give_back(cluster: &Cluster, chunk: Bytes, entries: &[Entry], refused: Refused) {
    let mut retention = Retention::default();
    retention.keep(chunk, entries.len());
    let commands = returned(entries, 0, &mut retention);
    cluster.refused(commands, refused);
}
