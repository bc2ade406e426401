//! Commands that were sent and wait for their reply, matched by order. Pure.

use std::collections::{HashSet, VecDeque};

use bytes::Bytes;

use super::cluster::redirect;
use super::meta::{Answered, Meta};
use super::outbox::Chunk;
use super::resp::decode::Reader;
use super::retention::{Diverted, Leftover, Retention, returned};
use super::watchdog::Oldest;

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    Channel,
    Pattern,
    Shard,
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

    /// Finds whom a whole frame of this `kind` is for.
    pub fn frame(&mut self, kind: u8, frame: &[u8]) -> Match {
        if kind == b'>' || (kind == b'*' && self.is_push_in_disguise(frame)) {
            return self.push(frame);
        }
        self.left = None;
        let Some(entry) = self.entries.pop_front() else {
            return Match::Stray;
        };
        self.demoted |= kind == b'-' && frame.starts_with(b"-READONLY ");
        self.in_transaction = entry.meta.transaction(self.in_transaction);
        if entry.meta.turns() {
            self.turn(entry.meta, frame);
        }
        if entry.meta.is_probe() {
            if let Some(retention) = &mut self.retention {
                retention.release();
            }
            return Match::Confirmation;
        }
        self.answered(entry, frame)
    }

    /// Follows a command that may change the database, with its reply.
    fn turn(&mut self, meta: Meta, reply: &[u8]) {
        if let Some(database) = meta.selects() {
            if reply.starts_with(b"+QUEUED") {
                self.queued_database = Some(database);
            } else if reply.starts_with(b"+") {
                self.database = Some(database);
            }
        }
        if meta.ends() {
            let queued = self.queued_database.take();
            // Neither null nor an error: the transaction was executed.
            if queued.is_some() && reply.starts_with(b"*") && !reply.starts_with(b"*-1") {
                self.database = queued;
            }
        }
    }

    /// Whether an array is what RESP3 would push. In RESP2 it is told by its first element: while
    /// there are subscriptions, no command may be sent that is answered with such an array. RESP3
    /// is told from RESP2 by how the first subscription is confirmed.
    fn is_push_in_disguise(&mut self, frame: &[u8]) -> bool {
        if self.subscribed.is_empty() || !self.pushes_are_arrays {
            let awaited = self.entries.front().map(|entry| entry.meta.answered());
            let expected = match confirmation(frame) {
                Some((_, true)) => Answered::Subscribe,
                Some((_, false)) => Answered::Unsubscribe,
                None => return false,
            };
            let is_confirmation = awaited == Some(expected);
            self.pushes_are_arrays |= is_confirmation;
            return is_confirmation;
        }
        let mut reader = Reader::new(frame);
        reader.item();
        let message = matches!(reader.text(), Some(b"message" | b"pmessage" | b"smessage"));
        message || confirmation(frame).is_some()
    }

    fn push(&mut self, frame: &[u8]) -> Match {
        let Some((family, subscribes)) = confirmation(frame) else {
            return Match::Push;
        };
        let mut reader = Reader::new(frame);
        reader.item();
        reader.item();
        let known = self
            .subscribed
            .iter()
            .filter(|(of, _)| *of == family)
            .count();
        if let Some(name) = reader.text() {
            if subscribes {
                self.subscribed.insert((family, name.to_vec()));
            } else {
                self.subscribed.remove(&(family, name.to_vec()));
            }
        }
        let expected = if subscribes {
            Answered::Subscribe
        } else {
            Answered::Unsubscribe
        };
        let Some(&entry) = self.entries.front() else {
            return Match::Push;
        };
        if entry.meta.answered() != expected {
            return Match::Push;
        }
        let left = self
            .left
            .unwrap_or_else(|| match entry.meta.confirmations() {
                0 => u32::try_from(known).unwrap_or(u32::MAX).max(1),
                count => count,
            });
        if left > 1 {
            self.left = Some(left - 1);
            return Match::Confirmation;
        }
        self.left = None;
        self.entries.pop_front();
        self.answered(entry, frame)
    }

    fn answered(&mut self, entry: Entry, frame: &[u8]) -> Match {
        let Some(retention) = &mut self.retention else {
            return Match::Reply(entry);
        };
        if entry.meta.is_internal() || redirect::concerns(frame) {
            return Match::Diverted(Diverted {
                entry,
                command: retention.take(),
                reply: Bytes::copy_from_slice(frame),
            });
        }
        retention.release();
        Match::Reply(entry)
    }
}

/// The family of channels that a push confirms something of, and whether it confirms a
/// subscription or the end of one.
fn confirmation(frame: &[u8]) -> Option<(Family, bool)> {
    let mut reader = Reader::new(frame);
    reader.item();
    Some(match reader.text()? {
        b"subscribe" => (Family::Channel, true),
        b"unsubscribe" => (Family::Channel, false),
        b"psubscribe" => (Family::Pattern, true),
        b"punsubscribe" => (Family::Pattern, false),
        b"ssubscribe" => (Family::Shard, true),
        b"sunsubscribe" => (Family::Shard, false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u32, meta: u32) -> Entry {
        Entry {
            id,
            meta: Meta(meta),
        }
    }

    fn push(kind: &str, channel: &str) -> Vec<u8> {
        format!(
            ">3\r\n${}\r\n{kind}\r\n${}\r\n{channel}\r\n:1\r\n",
            kind.len(),
            channel.len()
        )
        .into_bytes()
    }

    #[test]
    fn replies_are_matched_in_order() {
        let mut inflight = InFlight::default();
        inflight.extend([entry(1, 0), entry(2, 0)]);
        assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(1, 0)));
        assert_eq!(inflight.frame(b':', b":1\r\n"), Match::Reply(entry(2, 0)));
        assert_eq!(inflight.frame(b':', b":1\r\n"), Match::Stray);
    }

    #[test]
    fn a_refused_write_tells_of_the_servers_role_once() {
        let mut inflight = InFlight::default();
        inflight.extend([entry(1, 0), entry(2, 0)]);
        inflight.frame(b'-', b"-ERR READONLY \r\n");
        assert!(!inflight.take_demoted());
        inflight.frame(
            b'-',
            b"-READONLY You can't write against a read only replica.\r\n",
        );
        assert!(inflight.take_demoted());
        assert!(!inflight.take_demoted());
    }

    #[test]
    fn a_message_consumes_no_reply() {
        let mut inflight = InFlight::default();
        inflight.extend([entry(1, 0)]);
        assert_eq!(inflight.frame(b'>', &push("message", "a")), Match::Push);
        assert_eq!(inflight.frame(b'>', &push("invalidate", "a")), Match::Push);
        assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(1, 0)));
    }

    #[test]
    fn a_subscription_waits_for_all_its_confirmations() {
        let mut inflight = InFlight::default();
        let subscribe = entry(1, Meta::SUBSCRIBE | 2 << 8);
        inflight.extend([subscribe, entry(2, 0)]);
        assert_eq!(
            inflight.frame(b'>', &push("subscribe", "a")),
            Match::Confirmation
        );
        assert_eq!(inflight.frame(b'>', &push("message", "a")), Match::Push);
        assert_eq!(
            inflight.frame(b'>', &push("subscribe", "b")),
            Match::Reply(subscribe)
        );
        assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(2, 0)));
    }

    #[test]
    fn unsubscribe_from_all_waits_for_as_many_as_there_are() {
        let mut inflight = InFlight::default();
        let subscribe = entry(1, Meta::SUBSCRIBE | 2 << 8);
        let unsubscribe = entry(2, Meta::UNSUBSCRIBE);
        inflight.extend([subscribe, unsubscribe, unsubscribe]);
        inflight.frame(b'>', &push("subscribe", "a"));
        inflight.frame(b'>', &push("subscribe", "b"));
        assert_eq!(
            inflight.frame(b'>', &push("unsubscribe", "a")),
            Match::Confirmation
        );
        assert_eq!(
            inflight.frame(b'>', &push("unsubscribe", "b")),
            Match::Reply(unsubscribe)
        );
        assert_eq!(
            inflight.frame(b'>', b">3\r\n$11\r\nunsubscribe\r\n_\r\n:0\r\n"),
            Match::Reply(unsubscribe)
        );
    }

    #[test]
    fn an_error_answers_the_subscription_that_it_belongs_to() {
        let mut inflight = InFlight::default();
        let subscribe = entry(1, Meta::SUBSCRIBE | 2 << 8);
        inflight.extend([subscribe, entry(2, 0)]);
        assert_eq!(
            inflight.frame(b'-', b"-NOPERM\r\n"),
            Match::Reply(subscribe)
        );
        assert_eq!(inflight.frame(b'+', b"+OK\r\n"), Match::Reply(entry(2, 0)));
    }

    #[test]
    fn an_unsubscription_by_the_server_answers_nothing() {
        let mut inflight = InFlight::default();
        inflight.extend([entry(1, 0)]);
        assert_eq!(
            inflight.frame(b'>', &push("sunsubscribe", "a")),
            Match::Push
        );
    }

    fn array(kind: &str, channel: &str) -> Vec<u8> {
        let mut frame = push(kind, channel);
        frame[0] = b'*';
        frame
    }

    #[test]
    fn in_resp2_arrays_are_pushes_while_subscribed() {
        let mut inflight = InFlight::default();
        let subscribe = entry(2, Meta::SUBSCRIBE | 1 << 8);
        let unsubscribe = entry(4, Meta::UNSUBSCRIBE | 1 << 8);
        let list = array("message", "a");
        inflight.extend([
            entry(1, 0),
            subscribe,
            entry(3, 0),
            unsubscribe,
            entry(5, 0),
        ]);
        assert_eq!(inflight.frame(b'*', &list), Match::Reply(entry(1, 0)));
        let confirmed = array("subscribe", "a");
        assert_eq!(inflight.frame(b'*', &confirmed), Match::Reply(subscribe));
        assert_eq!(inflight.frame(b'*', &array("message", "a")), Match::Push);
        assert_eq!(inflight.frame(b'*', &array("pmessage", "a")), Match::Push);
        let pong = b"*2\r\n$4\r\npong\r\n$0\r\n\r\n";
        assert_eq!(inflight.frame(b'*', pong), Match::Reply(entry(3, 0)));
        let ended = array("unsubscribe", "a");
        assert_eq!(inflight.frame(b'*', &ended), Match::Reply(unsubscribe));
        assert_eq!(inflight.frame(b'*', &list), Match::Reply(entry(5, 0)));
    }

    #[test]
    fn in_resp3_a_list_that_looks_like_a_message_is_a_reply() {
        let mut inflight = InFlight::default();
        let subscribe = entry(1, Meta::SUBSCRIBE | 1 << 8);
        inflight.extend([subscribe, entry(2, 0), entry(3, 0)]);
        let confirmed = push("subscribe", "a");
        assert_eq!(inflight.frame(b'>', &confirmed), Match::Reply(subscribe));
        let lists = [array("message", "a"), array("subscribe", "a")];
        assert_eq!(inflight.frame(b'*', &lists[0]), Match::Reply(entry(2, 0)));
        assert_eq!(inflight.frame(b'*', &lists[1]), Match::Reply(entry(3, 0)));
    }

    #[test]
    fn the_answer_to_a_probe_is_nobodys() {
        let mut inflight = InFlight::default();
        inflight.extend([entry(1, 0), Entry::PROBE]);
        inflight.frame(b'+', b"+OK\r\n");
        assert_eq!(inflight.frame(b'+', b"+PONG\r\n"), Match::Confirmation);
    }

    #[test]
    fn what_the_oldest_allows() {
        let of = |name: &[u8]| Meta::of(name).0;
        let mut inflight = InFlight::default();
        assert_eq!(inflight.oldest(), Oldest::Patient);
        inflight.extend([entry(1, of(b"BLPOP")), entry(2, 0)]);
        assert_eq!(inflight.oldest(), Oldest::Patient);
        inflight.frame(b'_', b"_\r\n");
        assert_eq!(inflight.oldest(), Oldest::Owed);
        inflight.extend([entry(3, of(b"MULTI")), entry(4, 0)]);
        assert_eq!(inflight.oldest(), Oldest::OwedInTransaction);
        inflight.frame(b':', b":1\r\n");
        inflight.frame(b'+', b"+OK\r\n");
        assert_eq!(inflight.oldest(), Oldest::OwedInTransaction);
        inflight.extend([entry(5, of(b"exec"))]);
        assert_eq!(inflight.oldest(), Oldest::Owed);
    }
}
