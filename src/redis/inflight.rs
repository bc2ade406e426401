//! Commands that were sent and wait for their reply, matched by order. Pure.

use std::collections::{HashSet, VecDeque};

use super::resp::decode::Reader;

/// What a submitter says about a command, in one word so that it crosses the border cheaply.
///
/// Bits 0-1: how the command is answered; bit 2: strings of the reply are wanted as bytes; bits
/// 8-31: how many confirmations a subscription command waits for, 0 when it names no channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meta(pub u32);

impl Meta {
    /// Strings of the reply are wanted as bytes.
    pub const BYTES: u32 = 1 << 2;
    /// An ordinary command: one reply.
    pub const REPLY: u32 = 0;
    /// SUBSCRIBE and its kin: one push for each channel.
    pub const SUBSCRIBE: u32 = 1;
    /// UNSUBSCRIBE and its kin: one push for each channel, at least one.
    pub const UNSUBSCRIBE: u32 = 2;

    /// Whether strings of the reply are wanted as bytes.
    #[must_use]
    pub fn wants_bytes(self) -> bool {
        self.0 & Self::BYTES != 0
    }

    fn kind(self) -> u32 {
        self.0 & 3
    }

    fn confirmations(self) -> u32 {
        self.0 >> 8
    }
}

/// A command, known to its submitter by `id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Chosen by the submitter; comes back with the reply.
    pub id: u32,
    /// How it is answered.
    pub meta: Meta,
}

/// Whom a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// The reply of this command.
    Reply(Entry),
    /// A message of a subscription, or another push.
    Push,
    /// One of several confirmations; nothing to deliver yet.
    Confirmation,
    /// Nothing waits for it.
    Stray,
}

/// The queue of one connection, with the channels that this connection is subscribed to.
#[derive(Debug, Default)]
pub struct InFlight {
    entries: VecDeque<Entry>,
    /// Confirmations that the entry in front still waits for, once the first has come.
    left: Option<u32>,
    subscribed: HashSet<(Family, Vec<u8>)>,
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
    /// Appends commands in the order in which their bytes are sent.
    pub fn extend(&mut self, entries: impl IntoIterator<Item = Entry>) {
        self.entries.extend(entries);
    }

    /// Takes back the newest `count` commands: none of their bytes were sent after all.
    pub fn retract(&mut self, count: usize) {
        let keep = self.entries.len().saturating_sub(count);
        self.entries.truncate(keep);
    }

    /// Takes all commands out, oldest first; the connection is gone.
    pub fn take(&mut self) -> Vec<Entry> {
        self.left = None;
        self.subscribed.clear();
        self.generation += 1;
        self.entries.drain(..).collect()
    }

    /// The number of the connection whose commands these are.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Finds whom a whole frame of this `kind` is for.
    pub fn frame(&mut self, kind: u8, frame: &[u8]) -> Match {
        if kind == b'>' {
            return self.push(frame);
        }
        self.left = None;
        match self.entries.pop_front() {
            Some(entry) => Match::Reply(entry),
            None => Match::Stray,
        }
    }

    fn push(&mut self, frame: &[u8]) -> Match {
        let mut reader = Reader::new(frame);
        reader.item();
        let (family, subscribes) = match reader.text() {
            Some(b"subscribe") => (Family::Channel, true),
            Some(b"unsubscribe") => (Family::Channel, false),
            Some(b"psubscribe") => (Family::Pattern, true),
            Some(b"punsubscribe") => (Family::Pattern, false),
            Some(b"ssubscribe") => (Family::Shard, true),
            Some(b"sunsubscribe") => (Family::Shard, false),
            _ => return Match::Push,
        };
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
            Meta::SUBSCRIBE
        } else {
            Meta::UNSUBSCRIBE
        };
        let Some(&entry) = self.entries.front() else {
            return Match::Push;
        };
        if entry.meta.kind() != expected {
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
        Match::Reply(entry)
    }
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
}
