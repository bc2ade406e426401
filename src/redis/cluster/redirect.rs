//! What a node says about where or when a command can be served. Pure.
//!
//! Every error here means that the command was not executed.

use std::time::Duration;

use crate::redis::config::Address;
use crate::redis::lifecycle;
use crate::redis::resp::decode::{Item, Reader};

/// First and longest times between two attempts of a command, in milliseconds.
const COMMAND_DELAYS: (u64, u64) = (25, 500);
/// The same for connections: all attempts together outlast the choice of a new primary.
const CONNECTION_DELAYS: (u64, u64) = (50, 2000);

/// Which way a command must take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// The slot belongs to another node from now on.
    Moved {
        /// The slot.
        slot: u16,
        /// Its owner.
        to: Address,
    },
    /// The slot is on its way to another node, which has the key already.
    Ask(Address),
    /// Keys of the command are on both ends of a slot that is on its way.
    TryAgain,
    /// The node cannot serve the slot now, and the cluster may have changed.
    Unserved,
    /// The node is starting.
    Loading,
}

/// Whether a reply is one of those that [`parse`] may understand.
#[must_use]
pub fn concerns(frame: &[u8]) -> bool {
    matches!(frame.first(), Some(b'-' | b'!')) && {
        let mut reader = Reader::new(frame);
        matches!(reader.item(), Some(Item::Error(text)) if word(text).is_some())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Moved,
    Ask,
    TryAgain,
    Unserved,
    Loading,
}

fn word(text: &[u8]) -> Option<(Word, &[u8])> {
    let end = memchr::memchr(b' ', text).unwrap_or(text.len());
    let word = match &text[..end] {
        b"MOVED" => Word::Moved,
        b"ASK" => Word::Ask,
        b"TRYAGAIN" => Word::TryAgain,
        b"CLUSTERDOWN" | b"MASTERDOWN" | b"READONLY" => Word::Unserved,
        b"LOADING" => Word::Loading,
        _ => return None,
    };
    Some((word, &text[end..]))
}

/// Whether an error means that what was asked about `slot` must be asked elsewhere, or later. What leads to another slot
/// does not.
#[must_use]
pub fn displaces(text: &str, slot: u16) -> bool {
    match word(text.as_bytes()) {
        Some((Word::Moved | Word::Ask, rest)) => std::str::from_utf8(rest)
            .ok()
            .and_then(|rest| rest.split_ascii_whitespace().next()?.parse().ok())
            .is_some_and(|named: u16| named == slot),
        named => named.is_some(),
    }
}

/// Understands the reply of the node at `asked`, `None` when it is no redirection.
#[must_use]
pub fn parse(frame: &[u8], asked: &Address) -> Option<Redirect> {
    let Item::Error(text) = Reader::new(frame).item()? else {
        return None;
    };
    let (word, rest) = word(text)?;
    Some(match word {
        Word::TryAgain => Redirect::TryAgain,
        Word::Unserved => Redirect::Unserved,
        Word::Loading => Redirect::Loading,
        Word::Moved | Word::Ask => {
            let rest = std::str::from_utf8(rest).ok()?.trim_start();
            let (slot, place) = rest.split_once(' ')?;
            let slot: u16 = slot
                .parse()
                .ok()
                .filter(|slot| *slot < super::slot::SLOTS)?;
            let to = address(place.trim_end(), asked)?;
            if word == Word::Moved {
                Redirect::Moved { slot, to }
            } else {
                Redirect::Ask(to)
            }
        }
    })
}

/// `host:port`; a host that the node does not know is that of the node itself.
fn address(text: &str, asked: &Address) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host_or(host, asked).map(|host| Address::Host { host, port })
}

/// A host as nodes announce it: nothing or `?` stands for the node that was asked.
pub(super) fn host_or(host: &str, asked: &Address) -> Option<String> {
    match (host, asked) {
        ("" | "?", Address::Host { host, .. }) => Some(host.clone()),
        ("" | "?", Address::Unix(_)) => None,
        (host, _) => Some(host.to_owned()),
    }
}

/// How long to wait before a command is sent again for the `attempt`-th time, counted from 1, as
/// chance has it: `chance` is any number.
#[must_use]
pub fn delay(attempt: u32, chance: u64) -> Duration {
    jittered(COMMAND_DELAYS, attempt, chance)
}

/// The same for a connection that was lost or not made.
#[must_use]
pub fn connection_delay(attempt: u32, chance: u64) -> Duration {
    jittered(CONNECTION_DELAYS, attempt, chance)
}

fn jittered((first, longest): (u64, u64), attempt: u32, chance: u64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let longest = (first << doublings).min(longest);
    // Never at once, and never all at the same time.
    lifecycle::jittered(Duration::from_millis(longest), chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(host: &str, port: u16) -> Address {
        let host = host.to_owned();
        Address::Host { host, port }
    }

    fn parsed(text: &str) -> Option<Redirect> {
        let frame = format!("-{text}\r\n");
        let parsed = parse(frame.as_bytes(), &host("asked", 7000));
        assert!(parsed.is_none() || concerns(frame.as_bytes()));
        parsed
    }

    #[test]
    fn moved_and_ask_name_a_node() {
        let to = host("127.0.0.1", 6381);
        let moved = |slot, to| Some(Redirect::Moved { slot, to });
        assert_eq!(parsed("MOVED 3999 127.0.0.1:6381"), moved(3999, to.clone()));
        assert_eq!(parsed("ASK 3999 127.0.0.1:6381"), Some(Redirect::Ask(to)));
        assert_eq!(parsed("MOVED 1 ::1:6381"), moved(1, host("::1", 6381)));
        assert_eq!(parsed("MOVED 1 [::1]:6381"), moved(1, host("::1", 6381)));
        assert_eq!(
            parsed("MOVED 1 n-1.example:1"),
            moved(1, host("n-1.example", 1))
        );
    }

    #[test]
    fn what_is_about_another_slot_displaces_nothing() {
        for text in [
            "MOVED 7 h:1",
            "ASK 7 h:1",
            "TRYAGAIN x",
            "CLUSTERDOWN",
            "LOADING",
        ] {
            assert!(displaces(text, 7), "{text}");
        }
        for text in ["MOVED 8 h:1", "ASK", "EXECABORT x", "ERR MOVED 7 h:1"] {
            assert!(!displaces(text, 7), "{text}");
        }
    }

    #[test]
    fn an_unknown_host_is_that_of_the_asked_node() {
        let to = host("asked", 7001);
        for text in ["MOVED 0 :7001", "MOVED 0 ?:7001"] {
            let to = to.clone();
            assert_eq!(parsed(text), Some(Redirect::Moved { slot: 0, to }));
        }
    }

    #[test]
    fn passing_states_are_told_apart() {
        assert_eq!(parsed("TRYAGAIN Multiple keys"), Some(Redirect::TryAgain));
        assert_eq!(parsed("LOADING Redis is"), Some(Redirect::Loading));
        for text in [
            "CLUSTERDOWN Hash slot not served",
            "MASTERDOWN x",
            "READONLY y",
        ] {
            assert_eq!(parsed(text), Some(Redirect::Unserved));
        }
    }

    #[test]
    fn what_makes_no_sense_is_an_ordinary_error() {
        for text in [
            "",
            "MOVED",
            "MOVED 1",
            "MOVED x 127.0.0.1:1",
            "MOVED 16384 127.0.0.1:1",
            "MOVED -1 127.0.0.1:1",
            "MOVED 1 127.0.0.1",
            "MOVED 1 127.0.0.1:0",
            "MOVED 1 127.0.0.1:65536",
            "MOVEDX 1 127.0.0.1:1",
            "WRONGTYPE MOVED 1 127.0.0.1:1",
            "ERR",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
        assert_eq!(parse(b"+MOVED 1 a:1\r\n", &host("a", 1)), None);
        assert!(!concerns(b"+MOVED 1 a:1\r\n") && !concerns(b"") && !concerns(b"-"));
    }

    #[test]
    fn delays_grow_to_half_a_second_and_differ() {
        for chance in [0, 1, u64::MAX] {
            for attempt in 0..40 {
                assert!(delay(attempt, chance) <= Duration::from_millis(500));
                assert!(delay(attempt, chance) >= Duration::from_millis(12));
            }
        }
        assert_ne!(delay(5, 0), delay(5, 100));
        let all: Duration = (1..=20).map(|attempt| connection_delay(attempt, 0)).sum();
        assert!(all > Duration::from_secs(15), "{all:?}");
    }
}
