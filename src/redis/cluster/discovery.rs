//! Finding out which nodes there are.

use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::gather::Gather;
use super::map::{Nodes, Replica, SlotMap};
use super::node::Node;
use super::pending::{Origin, Pending};
use super::topology::{self, Asked, Member, Topology};
use super::{Cluster, chance};
use crate::error::{Error, ErrorKind, Result};
use crate::redis::callers::lock;
use crate::redis::lane::Delivery;
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::resp::decode::Value;
use crate::redis::resp::encode;

/// So many nodes are asked at the same time.
const AT_ONCE: usize = 3;
/// How long the others may take when one has answered.
const GRACE: Duration = Duration::from_millis(100);
/// How long one node may take, when options set no limit.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a node that has left the cluster may take to answer its last commands.
const FAREWELL: Duration = Duration::from_secs(30);

/// Asks nodes for their view of the cluster, a few at a time, until some have answered; takes the
/// newest view. Fails with the last error when nobody knows.
pub(super) async fn discover(cluster: &Arc<Cluster>, nodes: Vec<Arc<Node>>) -> Result<Topology> {
    let mut nodes = nodes.into_iter();
    let mut asked = JoinSet::new();
    let ask = |asked: &mut JoinSet<_>, node: Arc<Node>| {
        let cluster = Arc::clone(cluster);
        asked.spawn(async move { view(&cluster, &node).await });
    };
    for node in nodes.by_ref().take(AT_ONCE) {
        ask(&mut asked, node);
    }
    let mut best: Option<(u64, Topology)> = None;
    let mut failure = None;
    loop {
        let answer = if best.is_some() {
            timeout(GRACE, asked.join_next()).await.unwrap_or(None)
        } else {
            asked.join_next().await
        };
        match answer {
            Some(Ok(Ok((epoch, view)))) => {
                if best.as_ref().is_none_or(|(newest, _)| epoch > *newest) {
                    best = Some((epoch, view));
                }
            }
            Some(Ok(Err(error))) => {
                failure = Some(error);
                if best.is_none()
                    && let Some(node) = nodes.next()
                {
                    ask(&mut asked, node);
                }
            }
            // A task that is gone says nothing.
            Some(Err(_)) => {}
            None => break,
        }
    }
    match best {
        Some((_, topology)) => Ok(topology),
        None => Err(failure.unwrap_or_else(lifecycle::closed)),
    }
}

/// A node's view of the cluster, and how new it is.
async fn view(cluster: &Arc<Cluster>, node: &Arc<Node>) -> Result<(u64, Topology)> {
    let limit = cluster.config.node(&node.address).connection_timeout();
    let asking = async {
        let info = ask(cluster, node, &["CLUSTER", "INFO"]);
        let shards = ask(cluster, node, &["CLUSTER", "SHARDS"]);
        let epoch = topology::epoch(&answer(info).await?);
        let asked = Asked {
            address: &node.address,
            tls: cluster.config.is_tls(),
        };
        if let Some(view) = topology::shards(&answer(shards).await?, asked) {
            return Ok((epoch, view));
        }
        // Servers before 7.0, and some that are offered as a service.
        let slots = answer(ask(cluster, node, &["CLUSTER", "SLOTS"])).await?;
        if let Some(view) = topology::slots(&slots, asked) {
            return Ok((epoch, view));
        }
        // An error says why.
        Value::decode(&slots)?;
        Err(Error::new(
            ErrorKind::Connection,
            "ERR_REDIS_CLUSTER_DOWN",
            format!("{} knows of no node that serves slots", node.address),
        ))
    };
    let late = |_| Err(lifecycle::closed());
    timeout(limit.unwrap_or(PATIENCE), asking)
        .await
        .unwrap_or_else(late)
}

pub(super) fn ask(
    cluster: &Arc<Cluster>,
    node: &Arc<Node>,
    words: &[&str],
) -> oneshot::Receiver<Result<Bytes>> {
    let (asker, reply) = oneshot::channel();
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    let mut command = BytesMut::new();
    encode::command(&mut command, &words);
    let pending = Pending::new(Origin::Own(asker), command.freeze(), Meta::default());
    let mut gather = Gather::default();
    node.try_now();
    cluster.add(&mut gather, node, pending);
    gather.send(cluster, Delivery::Gathered);
    reply
}

pub(super) async fn answer(reply: oneshot::Receiver<Result<Bytes>>) -> Result<Bytes> {
    reply.await.unwrap_or_else(|_| Err(lifecycle::closed()))
}

impl Cluster {
    /// The nodes to begin with, in the order of the configuration.
    pub(super) fn seeds(&self) -> Vec<Arc<Node>> {
        let mut members = lock(&self.members);
        let seeds = self.config.seeds.iter();
        seeds.map(|seed| members.get(&seed.address)).collect()
    }

    /// The nodes to ask for changes, in any order: those that are connected, or all that are known
    /// and the seeds when none is. A node that is lost or silent is not disturbed while others can tell.
    pub(super) fn acquaintances(&self) -> Vec<Arc<Node>> {
        let known = self.map().map(|map| map.nodes(true)).unwrap_or_default();
        let (mut nodes, others): (Vec<_>, Vec<_>) = known
            .into_iter()
            .partition(|node| node.is_connected() && !node.is_doubtful());
        if nodes.is_empty() {
            let strangers = self.seeds().into_iter();
            let strangers =
                strangers.filter(|seed| !others.iter().any(|node| node.number == seed.number));
            nodes = strangers.chain(others.iter().cloned()).collect();
        }
        nodes.sort_by_cached_key(|_| chance());
        nodes
    }

    /// Makes a map of what a node has said.
    pub(super) fn arrange(self: &Arc<Self>, topology: &Topology) -> Arc<SlotMap> {
        let members = topology.shards.iter();
        let members =
            members.flat_map(|shard| std::iter::once(&shard.primary).chain(&shard.replicas));
        let aliases = members.filter_map(|member| {
            let alias = member.alias.as_ref()?.to_string();
            Some((alias, member.address.clone()))
        });
        lock(&self.members).aliases = aliases.collect();
        let shards = topology.shards.iter().map(|shard| {
            let replica = |member: &Member| Replica {
                node: self.member(member.address.clone()),
                zone: member.zone.clone(),
                healthy: member.healthy,
            };
            let nodes = Nodes {
                primary: self.member(shard.primary.address.clone()),
                primary_zone: shard.primary.zone.clone(),
                replicas: shard.replicas.iter().map(replica).collect(),
            };
            (nodes, shard.slots.clone())
        });
        let map = Arc::new(SlotMap::new(shards.collect()));
        self.tend(&map);
        map
    }

    /// Says goodbye to nodes that are not in the map, once they have answered what they were asked.
    pub(super) fn retire_strangers(self: &Arc<Self>, map: &SlotMap) {
        let strangers: Vec<Arc<Node>> = {
            let mut members = lock(&self.members);
            let (stay, leave) = std::mem::take(&mut members.by_address)
                .into_iter()
                .partition(|(_, node)| map.has(node));
            members.by_address = stay;
            let leave: std::collections::HashMap<String, Arc<Node>> = leave;
            let leave: Vec<_> = leave.into_values().collect();
            members.leaving.extend(leave.iter().cloned());
            leave
        };
        if strangers.is_empty() {
            return;
        }
        let farewell = Farewell {
            cluster: Arc::downgrade(self),
            nodes: strangers,
        };
        crate::net::runtime::current().spawn(async move {
            let idle = async {
                while !farewell.nodes.iter().all(|node| node.is_idle()) {
                    sleep(GRACE).await;
                }
            };
            // What is left then goes to others.
            let _ = timeout(FAREWELL, idle).await;
        });
    }
}

/// Nodes that have left; they are closed when the waiting ends in whatever way.
struct Farewell {
    cluster: Weak<Cluster>,
    nodes: Vec<Arc<Node>>,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        for node in &self.nodes {
            node.close();
        }
        if let Some(cluster) = self.cluster.upgrade() {
            let stays = |node: &Arc<Node>| !self.nodes.iter().any(|gone| Arc::ptr_eq(gone, node));
            lock(&cluster.members).leaving.retain(stays);
            cluster.tracking_lost();
        }
    }
}
