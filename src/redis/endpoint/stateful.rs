//! What commands change of the state that a server keeps for a connection. Pure.

use crate::redis::meta::{Answered, Meta};

/// What a command changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    None,
    /// It selects this database.
    Database(u32),
    /// It watches keys, until a transaction or `UNWATCH`.
    Watches,
    /// Something else, or it cannot be told what.
    Other,
}

/// Subcommands of `CLIENT` that only ask, or concern other connections.
const ASKS: [&[u8]; 9] = [
    b"ID",
    b"INFO",
    b"GETNAME",
    b"GETREDIR",
    b"LIST",
    b"KILL",
    b"UNBLOCK",
    b"PAUSE",
    b"UNPAUSE",
];

/// Whether a command, with its name first, leaves the connection in another state, or subscribes.
#[must_use]
pub fn changes_state(meta: Meta, arguments: &[&[u8]]) -> bool {
    meta.answered() != Answered::Reply
        || (meta.0 & Meta::STATE != 0 && change(arguments) != Change::None)
}

/// What a command changes that has the bit `STATE` in its meta word; its name comes first.
#[must_use]
pub fn change(arguments: &[&[u8]]) -> Change {
    let [name, rest @ ..] = arguments else {
        return Change::Other;
    };
    match name.to_ascii_uppercase().as_slice() {
        b"SELECT" => number(rest).map_or(Change::Other, Change::Database),
        b"WATCH" => Change::Watches,
        b"UNWATCH" => Change::None,
        b"CLIENT" if rest.first().is_some_and(|word| asks(word)) => Change::None,
        _ => Change::Other,
    }
}

fn number(arguments: &[&[u8]]) -> Option<u32> {
    let [text] = arguments else {
        return None;
    };
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn asks(word: &[u8]) -> bool {
    ASKS.iter().any(|other| word.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_command_changes_what_it_changes() {
        let of = |command: &str| {
            let arguments: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
            change(&arguments)
        };
        assert_eq!(of("select 3"), Change::Database(3));
        assert_eq!(of("SELECT three"), Change::Other);
        assert_eq!(of("WATCH a"), Change::Watches);
        assert_eq!(of("UNWATCH"), Change::None);
        assert_eq!(of("client id"), Change::None);
        assert_eq!(of("CLIENT SETNAME x"), Change::Other);
        assert_eq!(of("RESET"), Change::Other);
        assert_eq!(change(&[]), Change::Other);
    }
}
