//! The nodes that a cluster knows.

use std::collections::HashMap;
use std::sync::Arc;

use super::Cluster;
use super::map::SlotMap;
use super::node::Node;
use crate::redis::callers::lock;
use crate::redis::config::Address;

/// All nodes that are known.
#[derive(Default)]
pub(super) struct Members {
    pub(super) by_address: HashMap<String, Arc<Node>>,
    /// Other names of theirs.
    pub(super) aliases: HashMap<String, Address>,
    /// They belong to the cluster no more, and answer what they were asked.
    pub(super) leaving: Vec<Arc<Node>>,
    pub(super) next: u32,
}

impl Members {
    pub(super) fn get(&mut self, address: &Address) -> Arc<Node> {
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
    /// The nodes that serve slots, primaries with their replicas behind them; empty while the
    /// cluster is not connected.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeInfo> {
        let Some(map) = self.map() else {
            return Vec::new();
        };
        let mut nodes = Vec::new();
        for (shard, slots) in map.serving() {
            let mut add = |node: &Node, zone: &Option<String>, primary: Option<&Node>| {
                nodes.push(NodeInfo {
                    number: node.number,
                    address: node.address.clone(),
                    role: primary.map_or(Role::Primary, |_| Role::Replica),
                    primary: primary.map(|node| node.address.clone()),
                    slots: slots.clone(),
                    zone: zone.clone().or_else(|| node.reading.zone()),
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

    /// The number by which a [`Destination`](super::destination::Destination) names the node at an
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
    pub(super) fn named(&self, map: &SlotMap, number: u32) -> Option<Arc<Node>> {
        let name = lock(&self.names).get(number as usize).cloned()?;
        let node = lock(&self.members).by_address.get(&name).cloned()?;
        map.has(&node).then_some(node)
    }

    /// The node at an address that was announced.
    pub(super) fn member(&self, address: Address) -> Arc<Node> {
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
    pub(super) fn every_node(&self) -> Vec<Arc<Node>> {
        let members = lock(&self.members);
        let nodes = members.by_address.values().chain(&members.leaving);
        nodes.cloned().collect()
    }
}
