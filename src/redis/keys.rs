//! Which arguments of a command are keys, for routing it to a cluster's slots.

use super::command_table::{Begin, Find, Keys, lookup};

/// The positions of the keys among `args`, whose first element is the command's name.
///
/// The channels of sharded pub/sub count as keys, for they have a slot too. Unknown commands have no keys. A command whose arguments contradict its own count of keys has none either: the server
/// is the one to refuse it.
#[must_use]
pub fn key_positions(args: &[&[u8]]) -> Vec<usize> {
    let Some(command) = args
        .first()
        .and_then(|name| lookup(name, args.get(1).copied()))
    else {
        return Vec::new();
    };
    let mut positions: Vec<usize> = command
        .keys
        .iter()
        .filter_map(|keys| begin(keys, args).map(|first| (keys, first)))
        .flat_map(|(keys, first)| find(keys, first, args))
        .collect();
    // With KEYS, the place of MIGRATE's single key holds an empty string.
    if command.name == "MIGRATE" && positions.len() > 1 {
        positions.remove(0);
    }
    positions
}

fn begin(keys: &Keys, args: &[&[u8]]) -> Option<usize> {
    match keys.begin {
        Begin::Index(index) => Some(usize::from(index)),
        Begin::Keyword { word, from } => {
            let is_word = |&at: &usize| args[at].eq_ignore_ascii_case(word.as_bytes());
            let at = match usize::try_from(from) {
                Ok(from) => (from..args.len()).find(is_word),
                Err(_) => (1..=from_end(from, args)?).rev().find(is_word),
            };
            at.map(|at| at + 1)
        }
    }
}

fn find(keys: &Keys, begin: usize, args: &[&[u8]]) -> Vec<usize> {
    let (first, last, step) = match keys.find {
        Find::Range { last, step, limit } => (begin, range_end(begin, last, limit, args), step),
        Find::Counted { count, first, step } => {
            let first = begin + usize::from(first);
            let count = args
                .get(begin + usize::from(count))
                .and_then(|text| number(text));
            let last = count
                .and_then(|count| count.checked_sub(1)?.checked_mul(usize::from(step)))
                .and_then(|span| first.checked_add(span));
            (first, last, step)
        }
    };
    match last {
        Some(last) if last < args.len() => (first..=last).step_by(usize::from(step)).collect(),
        _ => Vec::new(),
    }
}

fn range_end(begin: usize, last: i8, limit: u8, args: &[&[u8]]) -> Option<usize> {
    match usize::try_from(last) {
        Ok(last) => Some(begin + last),
        Err(_) if limit > 1 => {
            let part = args.len().checked_sub(begin)? / usize::from(limit);
            (begin + part).checked_sub(1)
        }
        Err(_) => from_end(last, args),
    }
}

/// The position a negative number names: -1 is the last argument.
fn from_end(back: i8, args: &[&[u8]]) -> Option<usize> {
    args.len().checked_sub(usize::from(back.unsigned_abs()))
}

fn number(text: &[u8]) -> Option<usize> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::key_positions;

    fn keys<'a>(args: &[&'a str]) -> Vec<&'a str> {
        let bytes: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        key_positions(&bytes)
            .into_iter()
            .map(|at| args[at])
            .collect()
    }

    /// Each line holds a command and the answer a server gave to `COMMAND GETKEYS` for it.
    #[test]
    fn finds_the_keys_a_server_finds() {
        let examples: Vec<(Vec<&str>, Vec<&str>)> =
            serde_json::from_str(include_str!("../../commands/getkeys.json")).unwrap();
        assert!(examples.len() > 100);
        for (args, expected) in &examples {
            assert_eq!(&keys(args), expected, "{args:?}");
        }
    }

    #[test]
    fn knows_commands_a_server_of_version_7_does_not() {
        assert_eq!(
            keys(&["MSETEX", "2", "a", "1", "b", "2", "EX", "9"]),
            ["a", "b"]
        );
        assert_eq!(keys(&["HSETEX", "h", "FIELDS", "1", "f", "v"]), ["h"]);
        assert_eq!(keys(&["VSIM", "v", "ELE", "e"]), ["v"]);
        assert_eq!(keys(&["XACKDEL", "s", "g", "IDS", "1", "1-0"]), ["s"]);
    }

    #[test]
    fn routes_shard_channels_like_keys() {
        assert_eq!(keys(&["SPUBLISH", "c", "m"]), ["c"]);
        assert_eq!(keys(&["SSUBSCRIBE", "c", "d"]), ["c", "d"]);
        assert!(keys(&["PUBLISH", "c", "m"]).is_empty());
    }

    #[test]
    fn ignores_case_and_prefers_the_subcommand() {
        assert_eq!(keys(&["get", "a"]), ["a"]);
        assert_eq!(keys(&["xgroup", "Create", "s", "g", "$"]), ["s"]);
        assert_eq!(keys(&["SORT", "l", "by", "w*", "store", "d"]), ["l", "d"]);
    }

    #[test]
    fn finds_nothing_where_the_arguments_make_no_sense() {
        let none: [&[&str]; 12] = [
            &[],
            &["NOSUCHCOMMAND", "a"],
            &["GET"],
            &["EVAL"],
            &["EVAL", "return 1"],
            &["EVAL", "return 1", "0", "a"],
            &["EVAL", "return 1", "3", "a", "b"],
            &["EVAL", "return 1", "-1", "a"],
            &["EVAL", "return 1", "18446744073709551615", "a"],
            &["MSETEX", "9223372036854775809", "a", "1"],
            &["XREAD", "COUNT", "1"],
            &["XREAD", "STREAMS"],
        ];
        for args in none {
            assert!(keys(args).is_empty(), "{args:?}");
        }
    }
}
