//! Sending commands to the nodes that have their keys.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::gather::{Gather, give_back};
use super::map::SlotMap;
use super::merge::Merge;
use super::node::Node;
use super::pending::{Job, Origin, Pending, Work};
use super::request::{Request, Requests};
use super::route::{Route, route, unsupported};
use super::transaction::{self, Transaction};
use super::{Cluster, split};
use crate::error::{Error, ErrorKind, Result};
use crate::redis::endpoint::blocking;
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;

impl Cluster {
    /// Submits whole commands, cut in pieces anywhere, and their entries in the same order.
    ///
    /// Commands between one that [opens](crate::redis::meta::Meta::OPENS) a transaction and the one that
    /// [ends](crate::redis::meta::Meta::ENDS) it go to one node, together; both must be in the same submission.
    pub fn submit(self: &Arc<Self>, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        let map = loop {
            match self.map() {
                Some(map) => break map,
                None if self.wait_for_map(pieces, entries, delivery) => return,
                None => {}
            }
        };
        let commands = match pieces {
            [whole] => Cow::Borrowed(*whole),
            several => Cow::Owned(several.concat()),
        };
        self.submit_by(&map, &commands, entries, delivery);
    }

    /// Submits commands for the node of this number, whatever their keys. Redirections are answers
    /// like others.
    pub fn submit_to(self: &Arc<Self>, node: u32, pieces: &[&[u8]], entries: &[Entry]) {
        let node = self.every_node().into_iter().find(|one| one.number == node);
        let commands = pieces.concat();
        let mut gather = Gather::default();
        let mut failed = Vec::new();
        for (request, entry) in Requests::new(&commands).zip(entries) {
            match &node {
                Some(node) => {
                    let entry = self.considered(&request, *entry);
                    let command = Bytes::copy_from_slice(request.bytes);
                    let pending = Pending::of_user(entry, command).at(node);
                    self.add_work(&mut gather, node, Work::One(pending), false);
                }
                None => failed.push(entry.id),
            }
        }
        gather.send(self, Delivery::Direct);
        if !failed.is_empty() {
            self.sink.failed(failed, &unknown_node());
        }
    }

    pub(super) fn submit_by(
        self: &Arc<Self>,
        map: &SlotMap,
        commands: &[u8],
        entries: &[Entry],
        delivery: Delivery,
    ) {
        if let ([entry], Some(node)) = (entries, self.simply(map, commands, entries)) {
            if let Err(refused) = node.submit(self, commands, &[*entry], delivery) {
                give_back(self, commands, entries, refused);
            }
            return;
        }
        // Another thread may have it: then this one does without.
        let mut gather = self
            .scratch
            .try_lock()
            .map(|mut scratch| std::mem::take(&mut *scratch))
            .unwrap_or_default();
        let mut failed = Vec::new();
        let mut requests = Requests::new(commands);
        let mut at = 0;
        while let Some(&entry) = entries.get(at) {
            let start = requests.position();
            let Some(request) = requests.next() else {
                let bug = unsupported("the command is not RESP");
                failed.extend(entries[at..].iter().map(|entry| (entry.id, bug.clone())));
                break;
            };
            let count = if entry.meta.opens() {
                let group = &entries[at..];
                let ends = group.iter().position(|entry| entry.meta.ends());
                let count = ends.map_or(group.len(), |end| end + 1);
                requests.by_ref().take(count - 1).for_each(drop);
                let commands = &commands[start..requests.position()];
                let group = &group[..count];
                if let Err(error) = self.begin(&mut gather, map, commands, group, ends.is_some()) {
                    failed.extend(group.iter().map(|entry| (entry.id, error.clone())));
                }
                count
            } else {
                if let Err(error) = self.place(&mut gather, map, &request, entry) {
                    failed.push((entry.id, error));
                }
                1
            };
            at += count;
        }
        gather.send(self, delivery);
        if let Ok(mut scratch) = self.scratch.try_lock() {
            *scratch = gather;
        }
        for (id, error) in failed {
            self.untrack(id);
            self.sink.failed(vec![id], &error);
        }
    }

    /// The node of a single command that needs nothing but a node, the commonest case.
    fn simply(&self, map: &SlotMap, commands: &[u8], entries: &[Entry]) -> Option<Arc<Node>> {
        let [entry] = entries else {
            return None;
        };
        if entry.meta.opens() || entry.meta.holds() {
            return None;
        }
        let request = Requests::new(commands).next()?;
        match route(&request, entry.meta).ok()? {
            one @ Route::Slot { .. } => self.node_for(map, one),
            _ => None,
        }
    }

    /// Adds a user's command to what goes out.
    fn place(
        self: &Arc<Self>,
        gather: &mut Gather,
        map: &SlotMap,
        request: &Request<'_>,
        entry: Entry,
    ) -> Result<()> {
        let entry = self.considered(request, entry);
        let node = match route(request, entry.meta)? {
            // The commonest case by far, without a share of the node for each command.
            Route::Slot { slot, reads } if !entry.meta.holds() => {
                if let Some(node) = self.shard_node(map, slot, reads) {
                    gather.add(node, request.bytes, &[entry]);
                    return Ok(());
                }
                None
            }
            Route::Split(shape) => {
                let (parts, merge) = split::split(request, shape, entry.meta);
                let job = Job::new(entry, merge, parts.len());
                for (number, part) in parts.into_iter().enumerate() {
                    let origin = Origin::Part(Arc::clone(&job), number);
                    let pending = Pending::new(origin, part.command, part.meta);
                    self.dispatch(gather, map, Work::One(pending));
                }
                return Ok(());
            }
            Route::Many { replicas, response } => {
                let nodes = map.nodes(replicas);
                let names = || nodes.iter().map(|node| node.address.to_string()).collect();
                let merge = response.map_or_else(|| Merge::ByName(names()), Merge::from);
                let job = Job::new(entry, merge, nodes.len());
                // One of several cannot be given up.
                self.untrack(entry.id);
                let command = Bytes::copy_from_slice(request.bytes);
                for (number, node) in nodes.iter().enumerate() {
                    let origin = Origin::Part(Arc::clone(&job), number);
                    let pending = Pending::new(origin, command.clone(), entry.meta).at(node);
                    self.add_work(gather, node, Work::One(pending), false);
                }
                return Ok(());
            }
            Route::Node(number) => {
                let node = self.named(map, number).ok_or_else(unknown_node)?;
                let command = Bytes::copy_from_slice(request.bytes);
                let pending = Pending::of_user(entry, command).at(&node);
                self.add_work(gather, &node, Work::One(pending), false);
                return Ok(());
            }
            one => self.node_for(map, one),
        };
        if let Some(node) = node {
            if entry.meta.holds() {
                let command = Bytes::copy_from_slice(request.bytes);
                let work = Work::One(Pending::of_user(entry, command));
                self.add_work(gather, &node, work, false);
            } else {
                gather.add(&node, request.bytes, &[entry]);
            }
        } else {
            let command = Bytes::copy_from_slice(request.bytes);
            self.unserved(Work::One(Pending::of_user(entry, command)));
        }
        Ok(())
    }

    /// Looks whether a command waits, on any connection.
    fn considered(&self, request: &Request<'_>, entry: Entry) -> Entry {
        if !entry.meta.holds() {
            return entry;
        }
        let arguments: Vec<&[u8]> = request.arguments().collect();
        if blocking::wait(&arguments).is_some_and(|wait| wait.movable) {
            return entry;
        }
        // What is about its own connection is sent on the one that all share.
        self.untrack(entry.id);
        let meta = entry.meta.not_holding();
        Entry { meta, ..entry }
    }

    fn begin(
        self: &Arc<Self>,
        gather: &mut Gather,
        map: &SlotMap,
        commands: &[u8],
        entries: &[Entry],
        whole: bool,
    ) -> Result<()> {
        if !whole {
            return Err(unsupported(
                "a transaction of a cluster must be sent as a whole, from MULTI to EXEC",
            ));
        }
        let slot = transaction::slot_of(commands)?;
        let commands = Bytes::copy_from_slice(commands);
        let transaction = Transaction::new(entries.to_vec(), commands, slot);
        self.dispatch(gather, map, Work::Whole(Arc::new(transaction)));
        Ok(())
    }
}

pub(super) fn unknown_node() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_REDIS_CLUSTER_UNKNOWN_NODE",
        "the node does not belong to the cluster, or not any more",
    )
}
