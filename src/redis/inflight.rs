//! Commands that were sent and wait for their reply, matched by order. Pure.

use std::collections::{HashSet, VecDeque};

use bytes::Bytes;

use super::meta::Meta;
use super::outbox::Chunk;
use super::retention::{Diverted, Leftover, Retention, returned};
use super::watchdog::Oldest;
use matching::Family;

mod matching;

/// A command, known to its submitter by `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Chosen by the submitter; comes back with the reply.
    pub id: u32,
    /// How it is answered.
    pub meta: Meta,
}

impl Entry {
    /// The connection's own PING; its id is never told to anybody.
    pub const PROBE: Self = Self {
        id: 0,
        meta: Meta(Meta::PROBE),
    };
}

/// Whom a frame is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// The reply of this command.
    Reply(Entry),
    /// The lane's user, who acts on it.
    Diverted(Diverted),
    /// A message of a subscription, or another push.
    Push,
    /// One of several confirmations, or the answer to a probe: nothing to deliver.
    Confirmation,
    /// Nothing waits for it.
    Stray,
}

/// What an ended connection leaves behind.
#[derive(Debug)]
pub(super) enum Lost {
    /// Commands of which nothing was kept.
    Entries(Vec<Entry>),
    /// Commands with their bytes.
    Kept(Leftover),
}

/// The queue of one connection, with the channels that this connection is subscribed to.
#[derive(Debug, Default)]
pub struct InFlight {
    entries: VecDeque<Entry>,
    /// Confirmations that the entry in front still waits for, once the first has come.
    left: Option<u32>,
    subscribed: HashSet<(Family, Vec<u8>)>,
    /// The server sends what should be pushes as arrays: it speaks RESP2.
    pushes_are_arrays: bool,
    /// A transaction was opened and not ended by the commands that were answered.
    in_transaction: bool,
    /// A write was refused because the server follows another one.
    demoted: bool,
    /// What was sent, when the lane's user wants it back.
    retention: Option<Retention>,
    /// The database that a `SELECT` on this connection has selected.
    database: Option<u32>,
    /// One that a `SELECT` in the open transaction will select.
    queued_database: Option<u32>,
    /// Counts connections, so that a reader of an earlier one takes nothing from a later one.
    generation: u64,
}

impl InFlight {
    /// A queue that keeps what was sent, and diverts replies that say where to send it instead.
    #[must_use]
    pub fn keeping() -> Self {
        Self {
            retention: Some(Retention::default()),
            ..Self::default()
        }
    }

    /// Whether what was sent is kept.
    #[must_use]
    pub fn keeps(&self) -> bool {
        self.retention.is_some()
    }

    /// Keeps `count` commands, if that is wanted, whose entries are appended next.
    pub fn keep(&mut self, commands: &Bytes, count: usize) {
        if let Some(retention) = &mut self.retention {
            retention.keep(commands.clone(), count);
        }
    }

    /// Appends what is sent next.
    pub fn begin(&mut self, chunk: &Chunk) {
        self.keep(&chunk.bytes, chunk.entries.len());
        self.extend(chunk.entries.iter().copied());
    }

    /// Appends commands in the order in which their bytes are sent.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.entries.extend(entries);
    }

    /// Takes back the newest `count` commands: none of their bytes were sent after all. Returns how
    /// many there were: the others have been answered all the same.
    #[must_use]
    pub fn retract(&mut self, count: usize) -> usize {
        let count = count.min(self.entries.len());
        self.entries.truncate(self.entries.len() - count);
        if self.entries.is_empty() {
            self.left = None;
        }
        if let Some(retention) = &mut self.retention {
            retention.retract(count);
        }
        count
    }

    /// Takes all commands out, oldest first; the connection is gone.
    pub fn take(&mut self) -> Vec<Entry> {
        let next = Self {
            generation: self.generation + 1,
            retention: self.retention.take(),
            ..Self::default()
        };
        let lost = std::mem::replace(self, next);
        lost.entries.into()
    }

    /// Like [`take`](Self::take), with commands that were waiting to be sent behind these.
    pub(super) fn lost(&mut self, unsent: Vec<Chunk>) -> Lost {
        let subscribed = !self.subscribed.is_empty();
        let mut entries = self.take();
        let begun = entries.len();
        for chunk in unsent {
            self.keep(&chunk.bytes, chunk.entries.len());
            entries.extend(chunk.entries);
        }
        match &mut self.retention {
            None => Lost::Entries(entries),
            Some(retention) => Lost::Kept(Leftover {
                commands: returned(&entries, begun, retention),
                subscribed,
            }),
        }
    }

    /// Whether a transaction is open behind the newest command.
    #[must_use]
    pub fn transaction_is_open(&self) -> bool {
        let open = |open, entry: &Entry| entry.meta.transaction(open);
        self.entries.iter().fold(self.in_transaction, open)
    }

    /// What the oldest command that waits allows.
    #[must_use]
    pub fn oldest(&self) -> Oldest {
        match self.entries.front() {
            None => Oldest::Patient,
            Some(entry) if entry.meta.holds() => Oldest::Patient,
            Some(_) if self.transaction_is_open() => Oldest::OwedInTransaction,
            Some(_) => Oldest::Owed,
        }
    }

    /// The commands that wait for their reply, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Whether the commands that were answered have left a transaction open.
    #[must_use]
    pub fn is_in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// The database that commands of this connection have selected, if they have.
    #[must_use]
    pub fn database(&self) -> Option<u32> {
        self.database
    }

    /// How many commands wait for their reply.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no command waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of the connection whose commands these are.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether a write was refused since the last time because the server follows another one.
    pub fn take_demoted(&mut self) -> bool {
        std::mem::take(&mut self.demoted)
    }
}

#[cfg(test)]
mod tests;
