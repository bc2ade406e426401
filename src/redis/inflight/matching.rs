//! Whom a frame is for: the oldest command, or nobody who asked, with what it says of the connection.

use bytes::Bytes;

use super::{Entry, InFlight, Match};
use crate::redis::cluster::redirect;
use crate::redis::meta::{Answered, Meta};
use crate::redis::resp::decode::Reader;
use crate::redis::retention::Diverted;

/// What a subscription is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Family {
    Channel,
    Pattern,
    Shard,
}

impl InFlight {
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
