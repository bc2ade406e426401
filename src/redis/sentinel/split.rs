//! Which commands of a flush a replica can serve. Pure.

use std::ops::Range;

use crate::redis::command_table::lookup;
use crate::redis::inflight::Entry;

/// The commands of one flush.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// For the primary.
    pub primary: Part,
    /// For a replica.
    pub replica: Part,
}

/// Some of the commands of a flush, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Whole commands, in a row.
    pub bytes: Vec<u8>,
    /// Theirs.
    pub entries: Vec<Entry>,
}

impl Part {
    fn push(&mut self, bytes: &[u8], entry: Entry) {
        self.bytes.extend_from_slice(bytes);
        self.entries.push(entry);
    }
}

/// Splits commands, with what is remembered from one flush to the next.
#[derive(Debug, Default)]
pub struct Splitter {
    in_transaction: bool,
    /// What is read after WATCH decides what is written after it.
    watching: bool,
}

impl Splitter {
    /// Splits whole commands.
    pub fn split(&mut self, bytes: &[u8], entries: &[Entry]) -> Split {
        let mut split = Split::default();
        let mut at = 0;
        for &entry in entries {
            let Some(command) = Words::of(&bytes[at..]) else {
                // No encoder makes that. The primary is the one to refuse it.
                split.primary.bytes.extend_from_slice(&bytes[at..]);
                split.primary.entries.push(entry);
                at = bytes.len();
                continue;
            };
            let whole = &bytes[at..at + command.length];
            at += command.length;
            let name = &whole[command.name.clone()];
            let subcommand = command.first.clone().map(|first| &whole[first]);
            if self.is_free(name, entry) && serves(name, subcommand, entry) {
                split.replica.push(whole, entry);
            } else {
                split.primary.push(whole, entry);
            }
        }
        split
    }

    /// The connection to the primary is gone, and what the server remembered with it.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether the command belongs to no transaction.
    fn is_free(&mut self, name: &[u8], entry: Entry) -> bool {
        let was_open = self.in_transaction;
        self.in_transaction = entry.meta.transaction(was_open);
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("WATCH") {
            self.watching = true;
        } else if self.watching && (is("UNWATCH") || is("EXEC") || is("DISCARD")) {
            self.watching = false;
        }
        !was_open && !self.in_transaction && !self.watching
    }
}

/// Whether a replica can serve it, without keeping others from being served.
fn serves(name: &[u8], subcommand: Option<&[u8]>, entry: Entry) -> bool {
    !entry.meta.holds() && lookup(name, subcommand).is_some_and(|known| known.read_only)
}

/// Where the first words of a command are.
struct Words {
    length: usize,
    name: Range<usize>,
    first: Option<Range<usize>>,
}

impl Words {
    fn of(bytes: &[u8]) -> Option<Self> {
        let (count, mut at) = number(bytes, 0, b'*')?;
        let mut words = [None, None];
        for index in 0..count {
            let (length, start) = number(bytes, at, b'$')?;
            let end = start.checked_add(length)?;
            if let Some(word) = words.get_mut(index) {
                *word = Some(start..end);
            }
            at = end.checked_add(2).filter(|at| *at <= bytes.len())?;
        }
        let [name, first] = words;
        Some(Self {
            length: at,
            name: name?,
            first,
        })
    }
}

/// The number behind `kind` at `at`, and where the line ends.
fn number(bytes: &[u8], at: usize, kind: u8) -> Option<(usize, usize)> {
    let line = bytes.get(at..)?.strip_prefix(&[kind])?;
    let digits = line.iter().position(|byte| *byte == b'\r')?;
    let number = std::str::from_utf8(&line[..digits]).ok()?.parse().ok()?;
    Some((number, at + 1 + digits + 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::meta::Meta;
    use crate::redis::resp::encode::command;
    use bytes::BytesMut;

    /// Names of the commands for the primary, and for a replica.
    fn split(splitter: &mut Splitter, lines: &[&str]) -> [Vec<u32>; 2] {
        let mut bytes = BytesMut::new();
        let mut entries = Vec::new();
        for (id, line) in (0..).zip(lines) {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            command(&mut bytes, &words);
            entries.push(Entry {
                id,
                meta: Meta::of(words[0]),
            });
        }
        let Split { primary, replica } = splitter.split(&bytes, &entries);
        assert_eq!(primary.bytes.len() + replica.bytes.len(), bytes.len());
        [primary, replica].map(|part| part.entries.iter().map(|entry| entry.id).collect())
    }

    #[test]
    fn what_only_reads_goes_to_a_replica() {
        let lines = [
            "GET a",
            "set a 1",
            "mget a b",
            "XREAD BLOCK 0 STREAMS s 0",
            "PING",
            "OBJECT ENCODING a",
            "PUBLISH c m",
            "NEWCOMMAND a",
            "EVAL_RO s 0",
        ];
        let [primary, replica] = split(&mut Splitter::default(), &lines);
        assert_eq!(replica, [0, 2, 5, 8]);
        assert_eq!(primary, [1, 3, 4, 6, 7]);
    }

    #[test]
    fn transactions_stay_together_over_flushes() {
        let mut splitter = Splitter::default();
        assert!(split(&mut splitter, &["MULTI", "GET a"])[1].is_empty());
        assert_eq!(split(&mut splitter, &["GET a", "EXEC", "GET a"])[1], [2]);
        assert!(split(&mut splitter, &["WATCH a", "GET a"])[1].is_empty());
        assert_eq!(
            split(
                &mut splitter,
                &["GET a", "MULTI", "GET a", "DISCARD", "GET a"]
            )[1],
            [4]
        );
        split(&mut splitter, &["WATCH a"]);
        assert_eq!(split(&mut splitter, &["UNWATCH", "GET a"])[1], [1]);
        split(&mut splitter, &["MULTI"]);
        splitter.reset();
        assert_eq!(split(&mut splitter, &["GET a"])[1], [0]);
    }

    #[test]
    fn nothing_is_lost_of_what_cannot_be_read() {
        let entries = [0, 1].map(|id| Entry {
            id,
            meta: Meta::default(),
        });
        let Split { primary, replica } = Splitter::default().split(b"*1\r\n$9\r\nGET", &entries);
        assert_eq!(primary.entries, entries);
        assert_eq!((primary.bytes.len(), replica), (11, Part::default()));
    }
}
