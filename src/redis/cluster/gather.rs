//! Commands on their way to several nodes: one write for each.

use std::sync::Arc;

use bytes::BytesMut;

use super::Cluster;
use super::node::Node;
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::retention::{Retention, returned};

/// What gathers for each node. The memory is used again.
#[derive(Default)]
pub(super) struct Gather {
    loads: Vec<Load>,
    used: usize,
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
                let mut retention = Retention::default();
                retention.keep(chunk, load.entries.len());
                let commands = returned(&load.entries, 0, &mut retention);
                cluster.refused(commands, refused);
            }
            load.entries.clear();
        }
    }
}
