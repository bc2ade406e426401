//! The bytes of commands that a lane has taken, kept until they are answered. Pure.
//!
//! A user of many lanes must be able to send a command again to another server, or to say for sure
//! that it was never sent. A lane of such a user keeps what it takes: whole chunks, so that keeping
//! costs nothing for each command.

use std::collections::VecDeque;

use bytes::Bytes;

use super::inflight::Entry;
use super::resp::encode::command_end;

/// A reply that does not go where replies go, because the lane's user wants to act on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diverted {
    /// What is answered.
    pub entry: Entry,
    /// The command as it was sent.
    pub command: Bytes,
    /// The whole frame of the reply.
    pub reply: Bytes,
}

/// A command that a lane gives back without a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// What was submitted.
    pub entry: Entry,
    /// The command as it was submitted.
    pub command: Bytes,
    /// Whether the server may have seen a part of it.
    pub begun: bool,
}

/// What a lane gives back when a connection ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftover {
    /// In the order in which they were submitted.
    pub commands: Vec<Returned>,
    /// Whether there were subscriptions, which the server forgets with the connection.
    pub subscribed: bool,
}

/// The commands of one lane that are not answered, in its order.
#[derive(Debug, Default)]
pub struct Retention {
    chunks: VecDeque<Chunk>,
}

#[derive(Debug)]
struct Chunk {
    bytes: Bytes,
    commands: usize,
    /// How many of them are answered.
    answered: usize,
    /// Where the command number `at` begins.
    offset: usize,
    at: usize,
}

impl Chunk {
    /// The first command that is not answered.
    fn front(&mut self) -> Bytes {
        while self.at < self.answered {
            self.offset = self.end();
            self.at += 1;
        }
        self.bytes.slice(self.offset..self.end())
    }

    fn end(&self) -> usize {
        command_end(&self.bytes, self.offset).unwrap_or(self.bytes.len())
    }
}

impl Retention {
    /// Keeps whole commands, behind those that are kept already.
    pub fn keep(&mut self, bytes: Bytes, commands: usize) {
        if commands > 0 {
            self.chunks.push_back(Chunk {
                bytes,
                commands,
                answered: 0,
                offset: 0,
                at: 0,
            });
        }
    }

    /// The oldest command is answered.
    pub fn release(&mut self) {
        if let Some(chunk) = self.chunks.front_mut() {
            chunk.answered += 1;
            if chunk.answered == chunk.commands {
                self.chunks.pop_front();
            }
        }
    }

    /// The newest `count` commands were not sent after all.
    pub fn retract(&mut self, mut count: usize) {
        while let Some(chunk) = self.chunks.back_mut().filter(|_| count > 0) {
            let taken = count.min(chunk.commands - chunk.answered);
            chunk.commands -= taken;
            count -= taken;
            if chunk.commands == chunk.answered {
                self.chunks.pop_back();
            } else if taken == 0 {
                return;
            }
        }
    }

    /// Takes the oldest command out.
    pub fn take(&mut self) -> Bytes {
        let command = self.chunks.front_mut().map(Chunk::front);
        self.release();
        command.unwrap_or_default()
    }
}

/// Puts together what was submitted and what was kept; the first `begun` entries may have been seen
/// by the server.
pub(super) fn returned(
    entries: &[Entry],
    begun: usize,
    retention: &mut Retention,
) -> Vec<Returned> {
    entries
        .iter()
        .enumerate()
        .map(|(index, &entry)| Returned {
            entry,
            command: retention.take(),
            begun: index < begun,
        })
        .filter(|returned| !returned.entry.meta.is_probe())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::meta::Meta;
    use crate::redis::resp::encode;
    use bytes::BytesMut;

    fn get(keys: &[&str]) -> Bytes {
        let mut bytes = BytesMut::new();
        for key in keys {
            encode::command(&mut bytes, &[b"GET", key.as_bytes()]);
        }
        bytes.freeze()
    }

    #[test]
    fn the_command_of_each_reply_is_found_wherever_chunks_end() {
        let mut retention = Retention::default();
        retention.keep(get(&["a", "bb", "ccc"]), 3);
        retention.keep(Bytes::new(), 0);
        retention.keep(get(&["d"]), 1);
        retention.release();
        assert_eq!(retention.take(), get(&["bb"]));
        assert_eq!(retention.take(), get(&["ccc"]));
        retention.keep(get(&["e", "f"]), 2);
        assert_eq!(retention.take(), get(&["d"]));
        retention.release();
        assert_eq!(retention.take(), get(&["f"]));
        assert_eq!(retention.take(), Bytes::new());
    }

    #[test]
    fn what_was_not_sent_after_all_is_kept_no_more() {
        for count in 0..=4 {
            let mut retention = Retention::default();
            retention.keep(get(&["a", "b"]), 2);
            retention.keep(get(&["c", "d"]), 2);
            retention.retract(count);
            retention.keep(get(&["e"]), 1);
            let kept = ["a", "b", "c", "d"]
                .into_iter()
                .take(4 - count)
                .chain(["e"]);
            for key in kept {
                assert_eq!(retention.take(), get(&[key]), "{count}");
            }
            assert_eq!(retention.take(), Bytes::new());
        }
    }

    #[test]
    fn what_the_server_may_have_seen_is_told_and_probes_are_nobodys() {
        let entry = |id| Entry {
            id,
            meta: Meta::default(),
        };
        let mut retention = Retention::default();
        retention.keep(get(&["a", "ping", "b"]), 3);
        let entries = [entry(1), Entry::PROBE, entry(2)];
        let back = returned(&entries, 2, &mut retention);
        assert_eq!(
            back,
            [
                Returned {
                    entry: entry(1),
                    command: get(&["a"]),
                    begun: true
                },
                Returned {
                    entry: entry(2),
                    command: get(&["b"]),
                    begun: false
                },
            ]
        );
    }
}
