//! What a command means to a cache. Pure.

use super::commands::{CACHEABLE, HARMLESS};
use crate::redis::keys::key_positions;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Its reply can be kept; it depends on these keys.
    Read(Vec<Vec<u8>>),
    /// Nothing.
    None,
    /// These keys change; all may, if none is named.
    Write(Vec<Vec<u8>>),
    /// From now on other data, or other rights, hold.
    OtherData,
    /// The server may not tell of changes any more.
    Untracked,
    /// What is read from now on must be what the server has.
    Begin,
    /// The end of that; what was queued is executed.
    End,
}

pub(super) fn kind(command: &[&[u8]]) -> Kind {
    let name = command.first().copied().unwrap_or_default();
    let upper = String::from_utf8_lossy(name).to_ascii_uppercase();
    let is_listed = |names: &[&str]| names.binary_search(&upper.as_str()).is_ok();
    let keys = || {
        let keys = key_positions(command);
        let mut keys: Vec<_> = keys.into_iter().map(|at| command[at].to_vec()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    match upper.as_str() {
        "SELECT" | "AUTH" => Kind::OtherData,
        "HELLO" | "RESET" => Kind::Untracked,
        "WATCH" | "MULTI" => Kind::Begin,
        "UNWATCH" | "EXEC" | "DISCARD" => Kind::End,
        "CLIENT" => {
            let second = command.get(1).copied().unwrap_or_default();
            if second.eq_ignore_ascii_case(b"TRACKING") {
                Kind::Untracked
            } else {
                Kind::None
            }
        }
        _ if is_listed(CACHEABLE) => match keys() {
            keys if keys.is_empty() => Kind::None,
            keys => Kind::Read(keys),
        },
        _ if is_listed(HARMLESS) => Kind::None,
        _ => Kind::Write(keys()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: &str) -> Kind {
        let words: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        kind(&words)
    }

    fn keys(names: &str) -> Vec<Vec<u8>> {
        let names = names.split(' ').filter(|name| !name.is_empty());
        names.map(|name| name.as_bytes().to_vec()).collect()
    }

    #[test]
    fn reads_and_writes_name_their_keys() {
        assert_eq!(of("get a"), Kind::Read(keys("a")));
        assert_eq!(of("MGET b a b"), Kind::Read(keys("a b")));
        assert_eq!(of("ZUNION 2 a b"), Kind::Read(keys("a b")));
        assert_eq!(of("MSET a 1 b 2"), Kind::Write(keys("a b")));
        assert_eq!(of("EVALSHA x 1 a b"), Kind::Write(keys("a")));
    }

    #[test]
    fn what_is_not_known_may_change_everything() {
        for command in ["FLUSHALL", "EVAL x 0", "UNHEARD.OF a", ""] {
            assert_eq!(of(command), Kind::Write(keys("")), "{command}");
        }
        for command in [
            "TTL a",
            "SCAN 0",
            "PUBLISH a b",
            "CLIENT ID",
            "SRANDMEMBER a",
        ] {
            assert_eq!(of(command), Kind::None, "{command}");
        }
    }

    #[test]
    fn some_commands_change_what_is_told() {
        assert_eq!(of("select 3"), Kind::OtherData);
        assert_eq!(of("client tracking OFF"), Kind::Untracked);
        assert_eq!(of("RESET"), Kind::Untracked);
        assert_eq!(of("MULTI"), Kind::Begin);
        assert_eq!(of("exec"), Kind::End);
    }

    #[test]
    fn the_lists_are_sorted() {
        assert!(CACHEABLE.is_sorted() && HARMLESS.is_sorted());
    }
}
