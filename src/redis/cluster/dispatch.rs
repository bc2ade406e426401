//! Which node something goes to, and what is sent later.

use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;

use super::cancel::given_up;
use super::gather::Gather;
use super::map::SlotMap;
use super::node::{Node, UNANSWERED};
use super::pending::{Origin, Pending, Work};
use super::request::Requests;
use super::route::{Route, route};
use super::{Cluster, chance, redirect};
use crate::error::{Error, ErrorKind};
use crate::redis::callers::lock;
use crate::redis::inflight::Entry;
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::resp::encode;

impl Cluster {
    pub(super) fn node_for(&self, map: &SlotMap, route: Route) -> Option<Arc<Node>> {
        match route {
            Route::Slot { slot, reads } => self.shard_node(map, slot, reads).cloned(),
            Route::Channels => self.channels_node(map),
            Route::Any | Route::Split(_) | Route::Many { .. } | Route::Node(_) => {
                map.any().cloned()
            }
        }
    }

    /// The node of a slot's shard that serves a command.
    pub(super) fn shard_node<'a>(
        &self,
        map: &'a SlotMap,
        slot: u16,
        reads: bool,
    ) -> Option<&'a Arc<Node>> {
        if reads {
            map.reader(slot, &self.config.read_from)
        } else {
            map.primary(slot)
        }
    }

    /// The node of channels and patterns: the same one as long as it works.
    fn channels_node(&self, map: &SlotMap) -> Option<Arc<Node>> {
        let mut channels = lock(&self.channels);
        if let Some(node) = channels.as_ref()
            && map.has(node)
        {
            return Some(Arc::clone(node));
        }
        *channels = map.any().cloned();
        channels.clone()
    }

    /// Sends something to where it belongs now; later when nobody serves it.
    pub(super) fn dispatch(&self, gather: &mut Gather, map: &SlotMap, work: Work) {
        let node = match &work {
            Work::One(Pending {
                node: Some(node), ..
            }) => Some(Arc::clone(node)),
            Work::One(pending) => {
                let request = Requests::new(&pending.command).next();
                let route = request.and_then(|request| route(&request, pending.meta).ok());
                self.node_for(map, route.unwrap_or(Route::Any))
            }
            Work::Whole(transaction) => match transaction.slot {
                Some(slot) => map.primary(slot).cloned(),
                None => map.any().cloned(),
            },
        };
        match node {
            Some(node) => self.add_work(gather, &node, work, false),
            None => self.unserved(work),
        }
    }

    /// Nobody serves the slot: perhaps somebody will.
    pub(super) fn unserved(&self, mut work: Work) {
        let attempt = match &mut work {
            Work::One(pending) => {
                pending.redirections += 1;
                pending.redirections
            }
            Work::Whole(transaction) => transaction.redirected(),
        };
        self.want_refresh();
        if attempt > self.config.max_redirections {
            let error = Error::new(
                ErrorKind::Server,
                "ERR_REDIS_SERVER_ERROR",
                "CLUSTERDOWN no node serves the slot of the command",
            );
            self.fail_work(work, &error);
            return;
        }
        self.park(Instant::now() + redirect::delay(attempt, chance()), work);
    }

    /// Adds something for this node; `asking` allows it to serve a slot that is on its way there.
    pub(super) fn add_work(&self, gather: &mut Gather, node: &Arc<Node>, work: Work, asking: bool) {
        if self.is_given_up(&work) {
            self.fail_work(work, &given_up());
            return;
        }
        let mut before = BytesMut::new();
        let mut entries = Vec::new();
        if asking {
            encode::command(&mut before, &[b"ASKING"]);
            entries.push(UNANSWERED);
        }
        match work {
            Work::One(pending) if pending.meta.holds() => {
                before.extend_from_slice(&pending.command);
                entries.push(self.enlist(pending));
                gather.add_blocking(node, before.freeze(), entries);
            }
            Work::One(pending) => {
                gather.add(node, &before, &entries);
                self.add(gather, node, pending);
            }
            Work::Whole(transaction) => {
                gather.add(node, &before, &entries);
                for (number, request) in Requests::new(&transaction.commands).enumerate() {
                    let command = transaction.commands.slice_ref(request.bytes);
                    let meta = transaction.entries[number].meta;
                    let origin = Origin::Member(Arc::clone(&transaction), number);
                    self.add(gather, node, Pending::new(origin, command, meta));
                }
            }
        }
    }

    /// Adds a command with an id of the cluster's own.
    pub(super) fn add(&self, gather: &mut Gather, node: &Arc<Node>, pending: Pending) {
        let command = pending.command.clone();
        let entry = self.enlist(pending);
        gather.add(node, &command, &[entry]);
    }

    fn enlist(&self, pending: Pending) -> Entry {
        self.track(pending.blocker());
        let meta = Meta(pending.meta.0 | Meta::INTERNAL);
        let id = lock(&self.waiting).insert(pending);
        Entry { id, meta }
    }

    /// Keeps something for later.
    pub(super) fn park(&self, at: Instant, work: Work) {
        let blocker = work.blocker();
        self.track(blocker);
        let first = lock(&self.parked).add(at, work);
        if first {
            self.wake();
        }
        if let Some(id) = blocker {
            self.laid_down(id);
        }
        // The cluster may have been closed just now, and nobody looks at what is parked then.
        if !self.is_active() {
            let parked = lock(&self.parked).all();
            for work in parked {
                self.fail_work(work, &lifecycle::closed());
            }
        }
    }
}
