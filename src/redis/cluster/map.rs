//! Which node serves a slot.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use super::config::ReadFrom;
use super::node::Node;
use super::slot::SLOTS;

/// No shard serves the slot.
const UNSERVED: u16 = u16::MAX;

/// The shards of all slots. Slots can change their shard while others read.
pub(super) struct SlotMap {
    slots: Box<[AtomicU16]>,
    pub(super) shards: Vec<Nodes>,
    /// Takes turns.
    turn: AtomicUsize,
}

/// The nodes of a shard.
#[derive(Clone)]
pub(super) struct Nodes {
    pub(super) primary: Arc<Node>,
    pub(super) primary_zone: Option<String>,
    pub(super) replicas: Vec<Replica>,
}

#[derive(Clone)]
pub(super) struct Replica {
    pub(super) node: Arc<Node>,
    pub(super) zone: Option<String>,
    /// As the cluster sees it.
    pub(super) healthy: bool,
}

impl Replica {
    fn works(&self) -> bool {
        self.healthy && !self.node.is_doubtful()
    }
}

impl SlotMap {
    /// Shards with the first and last slots that they serve.
    pub(super) fn new(shards: Vec<(Nodes, Vec<(u16, u16)>)>) -> Self {
        let slots: Box<[AtomicU16]> = (0..SLOTS).map(|_| AtomicU16::new(UNSERVED)).collect();
        // Each serves a slot of its own, so that there are no more shards than slots.
        let mut kept = Vec::new();
        for (nodes, ranges) in shards.into_iter().take(usize::from(SLOTS)) {
            let index = u16::try_from(kept.len()).unwrap_or(UNSERVED);
            for slot in ranges.into_iter().flat_map(|(first, last)| first..=last) {
                if let Some(place) = slots.get(usize::from(slot)) {
                    place.store(index, Ordering::Relaxed);
                }
            }
            kept.push(nodes);
        }
        Self {
            slots,
            shards: kept,
            turn: AtomicUsize::new(0),
        }
    }

    fn shard(&self, slot: u16) -> Option<&Nodes> {
        let index = self.slots.get(usize::from(slot))?.load(Ordering::Relaxed);
        self.shards.get(usize::from(index))
    }

    /// The primary of a slot.
    pub(super) fn primary(&self, slot: u16) -> Option<&Arc<Node>> {
        self.shard(slot).map(|shard| &shard.primary)
    }

    /// Who answers what only reads. `None` when the slot is not served, or nobody that will do
    /// works.
    pub(super) fn reader(&self, slot: u16, read_from: &ReadFrom) -> Option<&Arc<Node>> {
        let shard = self.shard(slot)?;
        if *read_from == ReadFrom::Primary {
            return Some(&shard.primary);
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let in_turn = |wanted: &dyn Fn(&Replica) -> bool| {
            let count = shard.replicas.iter().filter(|one| wanted(one)).count();
            let mut wanted = shard.replicas.iter().filter(|one| wanted(one));
            let replica = wanted.nth(turn % count.max(1));
            replica.map(|replica| &replica.node)
        };
        match read_from {
            ReadFrom::Primary => Some(&shard.primary),
            // One that is down may be up again when its turn comes.
            ReadFrom::Replica => in_turn(&Replica::works).or_else(|| in_turn(&|one| one.healthy)),
            ReadFrom::PreferReplica => in_turn(&Replica::works).or(Some(&shard.primary)),
            ReadFrom::Nearest { zone } => {
                let near = |announced: &Option<String>, node: &Node| match announced {
                    Some(announced) => announced == zone,
                    None => node.reading.is_in(zone),
                };
                let primary = &shard.primary;
                in_turn(&|one| one.works() && near(&one.zone, &one.node))
                    .or_else(|| near(&shard.primary_zone, primary).then_some(primary))
                    .or_else(|| in_turn(&Replica::works))
                    .or(Some(&shard.primary))
            }
        }
    }

    /// Replicas that can be read from, as the cluster sees it, and were lost.
    pub(super) fn lost_readers(&self) -> impl Iterator<Item = &Arc<Node>> {
        let replicas = self.shards.iter().flat_map(|shard| &shard.replicas);
        replicas
            .filter(|one| one.healthy && one.node.is_down())
            .map(|one| &one.node)
    }

    /// Nodes that can be read from, and whose zones the cluster does not tell.
    pub(super) fn without_zone(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.shards.iter().flat_map(|shard| {
            let primary = shard.primary_zone.is_none().then_some(&shard.primary);
            let replicas = shard.replicas.iter();
            let replicas = replicas.filter(|one| one.zone.is_none() && one.healthy);
            primary.into_iter().chain(replicas.map(|one| &one.node))
        })
    }

    /// Any primary, one that works if there is one.
    pub(super) fn any(&self) -> Option<&Arc<Node>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.shards.len().max(1);
        let (before, from) = self.shards.split_at(turn);
        let mut primaries = from.iter().chain(before).map(|shard| &shard.primary);
        primaries
            .clone()
            .find(|node| !node.is_doubtful())
            .or_else(|| primaries.next())
    }

    /// All primaries, with the replicas that work or without.
    pub(super) fn nodes(&self, replicas: bool) -> Vec<Arc<Node>> {
        let mut nodes: Vec<Arc<Node>> = Vec::new();
        for shard in &self.shards {
            let replicas = shard.replicas.iter().filter(|one| replicas && one.healthy);
            for node in std::iter::once(&shard.primary).chain(replicas.map(|one| &one.node)) {
                if !nodes.iter().any(|known| known.number == node.number) {
                    nodes.push(Arc::clone(node));
                }
            }
        }
        nodes
    }

    /// Whether a node is in the map.
    pub(super) fn has(&self, node: &Node) -> bool {
        self.shards.iter().any(|shard| {
            shard.primary.number == node.number
                || shard
                    .replicas
                    .iter()
                    .any(|one| one.node.number == node.number)
        })
    }

    /// Whether a node has something to do: it is a primary, or a replica that works.
    pub(super) fn needs(&self, node: &Node) -> bool {
        self.shards.iter().any(|shard| {
            let mut replicas = shard.replicas.iter();
            shard.primary.number == node.number
                || replicas.any(|one| one.healthy && one.node.number == node.number)
        })
    }

    /// The shards that serve slots, with their first and last ones. A replica that has taken slots
    /// over, of which its old shard is told later, is the primary of those alone.
    pub(super) fn serving(&self) -> Vec<(Nodes, Vec<(u16, u16)>)> {
        let shards = self.shards.iter().cloned().zip(self.ranges());
        let mut serving: Vec<_> = shards.filter(|(_, slots)| !slots.is_empty()).collect();
        let primaries: HashSet<u32> = serving
            .iter()
            .map(|(shard, _)| shard.primary.number)
            .collect();
        for (shard, _) in &mut serving {
            shard
                .replicas
                .retain(|one| !primaries.contains(&one.node.number));
        }
        serving
    }

    /// First and last slots that each shard serves.
    fn ranges(&self) -> Vec<Vec<(u16, u16)>> {
        let mut ranges = vec![Vec::new(); self.shards.len()];
        for (slot, shard) in (0..SLOTS).zip(&self.slots) {
            let shard = usize::from(shard.load(Ordering::Relaxed));
            let Some(of_shard) = ranges.get_mut(shard) else {
                continue;
            };
            match of_shard.last_mut() {
                Some((_, last)) if *last + 1 == slot => *last = slot,
                _ => of_shard.push((slot, slot)),
            }
        }
        ranges
    }

    /// A slot has moved to `owner`. Returns a map to take the place of this one when the owner is
    /// not the primary of a shard yet.
    pub(super) fn moved(&self, slot: u16, owner: &Arc<Node>) -> Option<Self> {
        let known = self
            .shards
            .iter()
            .position(|shard| shard.primary.number == owner.number);
        if let Some(index) = known {
            let index = u16::try_from(index).unwrap_or(UNSERVED);
            self.slots[usize::from(slot)].store(index, Ordering::Relaxed);
            return None;
        }
        let index = u16::try_from(self.shards.len()).unwrap_or(UNSERVED);
        let slots = self
            .slots
            .iter()
            .map(|slot| AtomicU16::new(slot.load(Ordering::Relaxed)));
        let map = Self {
            slots: slots.collect(),
            shards: self
                .shards
                .iter()
                .cloned()
                .chain([Nodes {
                    primary: Arc::clone(owner),
                    primary_zone: None,
                    replicas: Vec::new(),
                }])
                .collect(),
            turn: AtomicUsize::new(0),
        };
        map.slots[usize::from(slot)].store(index, Ordering::Relaxed);
        Some(map)
    }

    /// Whether both maps send every command to the same nodes.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        let numbers = |shard: Option<&Nodes>| {
            shard.map(|shard| {
                let replicas = shard
                    .replicas
                    .iter()
                    .map(|one| (one.node.number, one.healthy));
                (shard.primary.number, replicas.collect::<Vec<_>>())
            })
        };
        let mut seen = None;
        (0..SLOTS).all(|slot| {
            let pair = (
                self.slots[usize::from(slot)].load(Ordering::Relaxed),
                other.slots[usize::from(slot)].load(Ordering::Relaxed),
            );
            // Neighbours have the same shards, as a rule.
            seen.replace(pair) == Some(pair)
                || numbers(self.shard(slot)) == numbers(other.shard(slot))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::config::Address;

    fn node(number: u32) -> Arc<Node> {
        let host = "h".to_owned();
        Arc::new(Node::new(number, Address::Host { host, port: 1 }))
    }

    fn shard(primary: u32, replicas: &[(u32, &str, bool)]) -> Nodes {
        Nodes {
            primary: node(primary),
            primary_zone: Some("p".into()),
            replicas: replicas
                .iter()
                .map(|&(number, zone, healthy)| Replica {
                    node: node(number),
                    zone: Some(zone.into()),
                    healthy,
                })
                .collect(),
        }
    }

    fn readers(map: &SlotMap, read_from: &ReadFrom) -> Vec<u32> {
        let mut numbers: Vec<u32> = (0..12)
            .filter_map(|_| map.reader(0, read_from).map(|node| node.number))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    #[test]
    fn reads_go_where_they_are_wanted_and_fall_back_as_allowed() {
        let zone = |zone: &str| ReadFrom::Nearest { zone: zone.into() };
        let replicas = [(2, "a", true), (3, "b", true), (4, "b", false)];
        let map = SlotMap::new(vec![(shard(1, &replicas), vec![(0, 5)])]);
        assert_eq!(readers(&map, &ReadFrom::Primary), [1]);
        assert_eq!(readers(&map, &ReadFrom::Replica), [2, 3]);
        assert_eq!(readers(&map, &ReadFrom::PreferReplica), [2, 3]);
        assert_eq!(readers(&map, &zone("b")), [3]);
        assert_eq!(readers(&map, &zone("p")), [1]);
        assert_eq!(readers(&map, &zone("c")), [2, 3]);
        let map = SlotMap::new(vec![(shard(1, &[(4, "b", false)]), vec![(0, 5)])]);
        assert!(readers(&map, &ReadFrom::Replica).is_empty());
        assert_eq!(readers(&map, &ReadFrom::PreferReplica), [1]);
        assert_eq!(readers(&map, &zone("b")), [1]);
    }

    #[test]
    fn a_slot_moves_to_a_known_primary_in_place_and_to_others_in_a_new_map() {
        let map = SlotMap::new(vec![
            (shard(1, &[]), vec![(0, 5)]),
            (shard(2, &[]), vec![(6, 9)]),
        ]);
        let owner = |map: &SlotMap, slot| map.primary(slot).map(|node| node.number);
        assert_eq!((owner(&map, 5), owner(&map, 10)), (Some(1), None));
        assert!(map.moved(5, &node(2)).is_none());
        assert_eq!((owner(&map, 5), owner(&map, 4)), (Some(2), Some(1)));
        let next = map.moved(5, &node(3)).unwrap();
        assert_eq!((owner(&next, 5), owner(&next, 4)), (Some(3), Some(1)));
        assert_eq!(next.ranges(), [vec![(0, 4)], vec![(6, 9)], vec![(5, 5)]]);
        assert!(map.agrees(&map) && !map.agrees(&next));
        assert!(next.has(&node(3)) && !map.has(&node(3)));
        assert_eq!(next.nodes(true).len(), 3);
    }

    #[test]
    fn a_replica_that_has_taken_over_is_the_primary_of_its_slots_alone() {
        let replicas = [(2, "a", true), (3, "b", true)];
        let map = SlotMap::new(vec![(shard(1, &replicas), vec![(0, 5)])]);
        let next = map.moved(5, &node(2)).unwrap();
        let serving: Vec<_> = next
            .serving()
            .into_iter()
            .map(|(shard, slots)| {
                let replicas = shard.replicas.iter().map(|one| one.node.number);
                (shard.primary.number, replicas.collect::<Vec<_>>(), slots)
            })
            .collect();
        let expected = [(1, vec![3], vec![(0, 4)]), (2, vec![], vec![(5, 5)])];
        assert_eq!(serving, expected);
    }

    #[test]
    fn any_node_is_not_always_the_same() {
        let map = SlotMap::new(vec![
            (shard(1, &[]), vec![(0, 5)]),
            (shard(2, &[]), vec![(6, 9)]),
        ]);
        let first = map.any().unwrap().number;
        assert_ne!(map.any().unwrap().number, first);
        assert!(SlotMap::new(Vec::new()).any().is_none());
    }
}
