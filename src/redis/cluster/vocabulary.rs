//! Finding what is known about a command by its name, fast. Pure.

use std::sync::LazyLock;

use crate::redis::command_table::{self, Begin, Command, Find, Request as Policy};

/// More than the names that fit, so that few share a place; a power of two.
const PLACES: usize = 2048;
/// Longer names are looked for in the table itself.
const LONGEST: usize = 16;

/// Where the keys of a command are, as far as that can be told by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One key, right behind the name.
    FirstKey,
    /// All arguments are keys, and the command can be split.
    Keys,
    /// All arguments are keys and values in turn, and the command can be split.
    Pairs,
    /// Elsewhere, or nowhere: the arguments must be looked at.
    Other,
}

/// What is known about a command.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// The facts; of a command with subcommands, those that hold for all of them.
    pub command: &'static Command,
    /// Where its keys are.
    pub shape: Shape,
    /// Whether its first argument is a part of its name.
    pub has_subcommands: bool,
}

static VOCABULARY: LazyLock<Vec<Option<(u128, Known)>>> = LazyLock::new(|| {
    let mut places = vec![None; PLACES];
    for command in command_table::all() {
        let name = command.name.as_bytes();
        let Some(word) = word(name).filter(|_| !name.contains(&b' ')) else {
            continue;
        };
        let mut at = place(word);
        while places[at].is_some() {
            at = (at + 1) % PLACES;
        }
        places[at] = Some((word, Known::new(command)));
    }
    places
});

/// What is known about the command of this name, in any letter case.
#[must_use]
pub fn find(name: &[u8]) -> Option<Known> {
    let Some(word) = word(name) else {
        return command_table::lookup(name, None).map(Known::new);
    };
    let mut at = place(word);
    loop {
        let (found, known) = VOCABULARY[at].as_ref()?;
        if *found == word {
            return Some(*known);
        }
        at = (at + 1) % PLACES;
    }
}

/// A short name in upper case as a number.
fn word(name: &[u8]) -> Option<u128> {
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let mut word = [0; LONGEST];
    word[..name.len()].copy_from_slice(name);
    word.make_ascii_uppercase();
    Some(u128::from_le_bytes(word))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "any bits of the product will do"
)]
fn place(word: u128) -> usize {
    let folded = (word as u64) ^ ((word >> 64) as u64);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53) as usize % PLACES
}

impl Known {
    fn new(command: &'static Command) -> Self {
        let subcommands = format!("{} ", command.name);
        Self {
            command,
            shape: shape(command),
            has_subcommands: command_table::all()
                .iter()
                .any(|other| other.name.starts_with(&subcommands)),
        }
    }
}

fn shape(command: &Command) -> Shape {
    let [keys] = command.keys else {
        return Shape::Other;
    };
    let splits = command.request == Policy::MultiShard;
    // The channels of several slots can be subscribed to on several nodes.
    let subscribes = matches!(command.name, "SSUBSCRIBE" | "SUNSUBSCRIBE");
    match (keys.begin, keys.find) {
        (Begin::Index(1), Find::Range { last: 0, .. }) => Shape::FirstKey,
        (
            Begin::Index(1),
            Find::Range {
                last: -1,
                step: 1,
                limit: 0 | 1,
            },
        ) if splits || subscribes => Shape::Keys,
        (
            Begin::Index(1),
            Find::Range {
                last: -1,
                step: 2,
                limit: 0 | 1,
            },
        ) if splits => Shape::Pairs,
        _ => Shape::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for command in command_table::all() {
            if command.name.contains(' ') {
                continue;
            }
            let lower = command.name.to_ascii_lowercase();
            assert_eq!(find(command.name.as_bytes()).unwrap().command, command);
            assert_eq!(find(lower.as_bytes()).unwrap().command, command);
        }
        for unknown in [
            "",
            "GE",
            "GETT",
            "NOSUCHCOMMANDOFSUCHALENGTH",
            "XGROUP CREATE\0",
        ] {
            assert!(find(unknown.as_bytes()).is_none(), "{unknown}");
        }
    }

    #[test]
    fn exactly_these_are_split() {
        let of = |shape| {
            let names = command_table::all()
                .iter()
                .filter(move |command| Known::new(command).shape == shape);
            names.map(|command| command.name).collect::<Vec<_>>()
        };
        let keys = [
            "DEL",
            "EXISTS",
            "MGET",
            "SSUBSCRIBE",
            "SUNSUBSCRIBE",
            "TOUCH",
            "UNLINK",
        ];
        assert_eq!(of(Shape::Keys), keys);
        assert_eq!(of(Shape::Pairs), ["MSET"]);
        let first = of(Shape::FirstKey);
        assert!(first.contains(&"GET") && first.contains(&"HSET") && first.len() > 100);
    }

    #[test]
    fn containers_are_told() {
        assert!(find(b"xgroup").unwrap().has_subcommands);
        assert!(!find(b"get").unwrap().has_subcommands);
    }
}
