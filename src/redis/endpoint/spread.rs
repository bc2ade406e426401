//! Spreading commands over all connections that nobody has for himself: what makes an endpoint a
//! pool.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::books::{Books, Phase};
use super::spares::Spares;
use super::work::Task;
use super::{Endpoint, cut};
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Lane};
use crate::redis::meta::Meta;
use crate::redis::pool::state::Counts;

/// Commands that are worth a connection of their own when many are submitted together.
const SHARE: usize = 16;
/// Commands that must stay together on one connection: those of a transaction, and subscriptions.
const TOGETHER: u32 = Meta::OPENS | Meta::ENDS | Meta::SUBSCRIBE | Meta::UNSUBSCRIBE;

/// A connection that commands may go to.
struct Way {
    load: usize,
    /// `None` is the shared connection.
    key: Option<u64>,
    lane: Arc<Lane>,
}

impl Endpoint {
    /// Submits commands of which none may block to the connections with the least to do.
    pub(super) fn spread(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        let bits = entries.iter().fold(0, |bits, entry| bits | entry.meta.0);
        let open = self.transaction.load(Ordering::Relaxed);
        if open || bits & TOGETHER != 0 {
            let open = entries
                .iter()
                .fold(open, |open, entry| entry.meta.transaction(open));
            self.transaction.store(open, Ordering::Relaxed);
            self.shared.submit(pieces, entries, delivery);
            return;
        }
        let (ways, parts) = self.spares.ways(&self.shared, entries.len());
        if parts < 2 {
            let way = ways.first();
            self.go(way, pieces, entries, delivery);
            return;
        }
        let bytes = pieces.concat();
        let commands = cut::commands(&bytes);
        let size = entries.len().div_ceil(parts);
        for ((entries, ranges), way) in entries.chunks(size).zip(commands.chunks(size)).zip(&ways) {
            let (Some(first), Some(last)) = (ranges.first(), ranges.last()) else {
                continue;
            };
            let piece = &bytes[first.start..last.end];
            self.go(Some(way), &[piece], entries, delivery);
        }
    }

    /// Submits to a connection, if it is still free for that, else to the shared one.
    fn go(&self, way: Option<&Way>, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        if let Some(Way {
            key: Some(key),
            lane,
            ..
        }) = way
        {
            let mut books = self.spares.lock();
            let idle = books
                .spares
                .get(key)
                .is_some_and(|spare| matches!(spare.phase, Phase::Idle));
            if idle && lane.try_submit(pieces, entries, delivery).is_ok() {
                let now = self.spares.now();
                books.slots.touch(*key, now);
                return;
            }
        }
        self.shared.submit(pieces, entries, delivery);
    }

    /// How many connections there are, and how many callers wait for one of their own.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.spares.all_counts(&self.shared)
    }
}

impl Spares {
    /// The connections for so many commands, the least loaded first, and over how many of them the
    /// commands should go. Opens another one when all have something to do.
    fn ways(&self, shared: &Arc<Lane>, commands: usize) -> (Vec<Way>, usize) {
        let mut books = self.lock();
        let mut ways = vec![Way {
            load: shared.load(),
            key: None,
            lane: Arc::clone(shared),
        }];
        if !shared.is_greeted() {
            return (ways, 1);
        }
        // What is idle is left to those who wait for it.
        if books.slots.counts().waiting == 0 {
            ways.extend(books.slots.idle().filter_map(|key| {
                let spare = books.spares.get(&key)?;
                spare.connected.then(|| Way {
                    load: spare.lane.load(),
                    key: Some(key),
                    lane: Arc::clone(&spare.lane),
                })
            }));
        }
        ways.sort_by_key(|way| way.load);
        let wanted = (commands / SHARE).max(1);
        let busy = ways[0].load > 0 || wanted > ways.len();
        if busy && !books.is_opening() {
            self.grow(&mut books);
        }
        let parts = wanted.min(ways.len());
        (ways, parts)
    }

    fn all_counts(&self, shared: &Lane) -> Counts {
        let mut counts = self.counts();
        let books = self.lock();
        let busy = books
            .slots
            .idle()
            .filter(|key| {
                let spare = books.spares.get(key);
                spare.is_some_and(|spare| spare.lane.load() > 0)
            })
            .count();
        counts.in_use += busy;
        counts.idle -= busy.min(counts.idle);
        if shared.is_active() {
            if shared.load() > 0 {
                counts.in_use += 1;
            } else {
                counts.idle += 1;
            }
        }
        counts
    }
}

impl Books {
    /// Whether a connection is being made ahead of need.
    fn is_opening(&self) -> bool {
        self.spares.values().any(|spare| match &spare.phase {
            Phase::Preparing { work, .. } => matches!(work.task, Task::Reserve),
            _ => false,
        })
    }
}
