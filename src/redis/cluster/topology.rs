//! What nodes say about their cluster, `CLUSTER SHARDS`, `CLUSTER SLOTS` and `CLUSTER INFO`, and about
//! their zones. Pure.

use super::redirect::host_or;
use super::slot::SLOTS;
use crate::redis::config::Address;
use crate::redis::resp::decode::Value;

/// A longer description than a cluster of a thousand nodes has is not looked at.
const LONGEST: usize = 16 * 1024 * 1024;

/// Who serves which slots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// The shards that serve slots, and can be reached.
    pub shards: Vec<Shard>,
}

/// Nodes with the same data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// First and last slots.
    pub slots: Vec<(u16, u16)>,
    /// Who takes writes.
    pub primary: Member,
    /// Who follows.
    pub replicas: Vec<Member>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where it listens.
    pub address: Address,
    /// What redirections may call it instead.
    pub alias: Option<Address>,
    /// Its availability zone, when it tells.
    pub zone: Option<String>,
    /// Whether it says of itself that it can be used.
    pub healthy: bool,
}

/// Who was asked, and how.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Nodes that do not know their host mean this one's.
    pub address: &'a Address,
    /// The ports for TLS are wanted.
    pub tls: bool,
}

/// Understands the reply to `CLUSTER SHARDS`; `None` when it is not one or serves no slot.
#[must_use]
pub fn shards(frame: &[u8], asked: Asked<'_>) -> Option<Topology> {
    let shards = list(decode(frame)?)?;
    complete(shards.into_iter().filter_map(|shard| {
        let shard = Fields::of(shard)?;
        let slots = pairs(&list(shard.get("slots")?.clone())?)?;
        let mut primary: Option<Member> = None;
        let mut replicas = Vec::new();
        for node in list(shard.get("nodes")?.clone())? {
            let node = Fields::of(node)?;
            let Some(member) = member(&node, asked) else {
                continue;
            };
            match node.text("role")?.as_str() {
                "master" | "primary" => {
                    // One that has failed is still there while another has taken over.
                    if primary
                        .as_ref()
                        .is_none_or(|known| !known.healthy && member.healthy)
                    {
                        primary = Some(member);
                    }
                }
                _ => replicas.push(member),
            }
        }
        Some(Shard {
            slots,
            primary: primary?,
            replicas,
        })
    }))
}

fn member(node: &Fields, asked: Asked<'_>) -> Option<Member> {
    let port = if asked.tls {
        node.port("tls-port").or_else(|| node.port("port"))
    } else {
        node.port("port").or_else(|| node.port("tls-port"))
    }?;
    let hostname = node.text("hostname").unwrap_or_default();
    let endpoint = node.text("endpoint").unwrap_or_default();
    let (address, alias) = addresses(&endpoint, &hostname, port, asked)?;
    Some(Member {
        address,
        alias,
        zone: node
            .text("availability-zone")
            .filter(|zone| !zone.is_empty()),
        healthy: node.text("health").is_none_or(|health| health == "online"),
    })
}

/// Where to connect to, and what else the node is called. A certificate names hosts rather than
/// addresses.
fn addresses(
    endpoint: &str,
    hostname: &str,
    port: u16,
    asked: Asked<'_>,
) -> Option<(Address, Option<Address>)> {
    let at = |host| Address::Host { host, port };
    let announced = host_or(endpoint, asked.address).map(at);
    if asked.tls && !matches!(hostname, "" | "?") && hostname != endpoint {
        return Some((at(hostname.to_owned()), announced));
    }
    Some((announced?, None))
}

/// Understands the reply to `CLUSTER SLOTS`; `None` when it is not one or is empty.
#[must_use]
pub fn slots(frame: &[u8], asked: Asked<'_>) -> Option<Topology> {
    let mut shards: Vec<Shard> = Vec::new();
    for range in list(decode(frame)?)? {
        let range = list(range)?;
        let (bounds, nodes) = range.split_at_checked(2)?;
        let slots = pairs(bounds)?;
        let mut nodes = nodes.iter().filter_map(|node| {
            let node = list(node.clone())?;
            let port = u16::try_from(integer(node.get(1)?)?).ok()?;
            let about = node.get(3).cloned().and_then(Fields::of);
            let about = |name| about.as_ref().and_then(|fields| fields.text(name));
            let endpoint = text(node.first()?).unwrap_or_default();
            let hostname = about("hostname").unwrap_or_default();
            let port = Some(port).filter(|port| *port > 0)?;
            let (address, alias) = addresses(&endpoint, &hostname, port, asked)?;
            Some(Member {
                address,
                alias,
                zone: about("availability-zone").filter(|zone| !zone.is_empty()),
                healthy: true,
            })
        });
        let Some(primary) = nodes.next() else {
            continue;
        };
        let replicas: Vec<Member> = nodes.collect();
        match shards.iter_mut().find(|shard| shard.primary == primary) {
            Some(shard) => shard.slots.extend(slots),
            None => shards.push(Shard {
                slots,
                primary,
                replicas,
            }),
        }
    }
    complete(shards.into_iter())
}

fn complete(shards: impl Iterator<Item = Shard>) -> Option<Topology> {
    let shards: Vec<Shard> = shards.filter(|shard| !shard.slots.is_empty()).collect();
    (!shards.is_empty()).then_some(Topology { shards })
}

/// How new a node's view of the cluster is, as its `CLUSTER INFO` says; 0 when it does not.
#[must_use]
pub fn epoch(frame: &[u8]) -> u64 {
    told(frame, "cluster_current_epoch")
        .and_then(|epoch| epoch.parse().ok())
        .unwrap_or(0)
}

/// The availability zone of the node that has sent this HELLO reply, if it tells.
#[must_use]
pub fn zone_of_greeting(frame: &[u8]) -> Option<String> {
    Fields::of(decode(frame)?)?
        .text("availability_zone")
        .filter(|zone| !zone.is_empty())
}

/// The availability zone of the node that has sent this reply to `INFO`, if it tells.
#[must_use]
pub fn zone_of_info(frame: &[u8]) -> Option<String> {
    told(frame, "availability_zone").filter(|zone| !zone.is_empty())
}

/// What a reply of lines `name:value` says about a name.
fn told(frame: &[u8], name: &str) -> Option<String> {
    let Value::Bulk(text) = decode(frame)? else {
        return None;
    };
    String::from_utf8_lossy(&text).lines().find_map(|line| {
        let value = line.strip_prefix(name)?.strip_prefix(':')?;
        Some(value.trim().to_owned())
    })
}

fn decode(frame: &[u8]) -> Option<Value> {
    (frame.len() <= LONGEST).then(|| Value::decode(frame).ok())?
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_text().map(str::to_owned)
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

/// First and last slots, in turn.
fn pairs(bounds: &[Value]) -> Option<Vec<(u16, u16)>> {
    let slot = |value: &Value| {
        let slot = u16::try_from(integer(value)?).ok()?;
        (slot < SLOTS).then_some(slot)
    };
    bounds
        .chunks(2)
        .map(|pair| Some((slot(pair.first()?)?, slot(pair.get(1)?)?)))
        .collect()
}

/// A map, which RESP2 sends as a flat list.
struct Fields(Vec<(Value, Value)>);

impl Fields {
    fn of(value: Value) -> Option<Self> {
        match value {
            Value::Map(pairs) => Some(Self(pairs)),
            Value::Array(values) => {
                let mut values = values.into_iter();
                let pairs = std::iter::from_fn(|| Some((values.next()?, values.next()?)));
                Some(Self(pairs.collect()))
            }
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        let mut pairs = self.0.iter();
        pairs
            .find(|(key, _)| key.as_text() == Some(name))
            .map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).and_then(text)
    }

    fn port(&self, name: &str) -> Option<u16> {
        let port = u16::try_from(integer(self.get(name)?)?).ok()?;
        (port > 0).then_some(port)
    }
}

#[cfg(test)]
mod tests;
