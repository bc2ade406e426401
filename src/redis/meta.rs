//! What a submitter says about a command. Pure.

use super::command_table::lookup;
use crate::error::{Error, ErrorKind, Result};

/// Confirmations that the word can count.
pub(super) const MOST: u32 = (Meta::INTERNAL - 1) >> 8;
const SUBSCRIBE: &[u8] = b"SUBSCRIBE";

/// One word about a command, so that it crosses the border cheaply.
///
/// Bits 0-1: how the command is answered; bit 2: strings of the reply are wanted as bytes; bit 3:
/// the reply may take any time; bit 4: opens a transaction; bit 5: ends one; bit 6: integers are
/// wanted exact; bit 7: the state of the connection may be another one afterwards; bits 8-30: how
/// many confirmations a subscription command waits for, 0 when it names no channel, or which
/// database is selected, counted from 1, or where in a cluster the command goes if its keys do not
/// say ([`Destination`](super::cluster::destination::Destination)); bit 31: the reply is for the one
/// who serves the submitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meta(pub u32);

/// How a command is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// By one reply.
    Reply,
    /// By a push for each channel.
    Subscribe,
    /// By a push for each channel, at least one.
    Unsubscribe,
    /// By one reply that nobody is waiting for.
    Probe,
}

impl Meta {
    /// An ordinary command: one reply.
    pub const REPLY: u32 = 0;
    /// SUBSCRIBE and its kin: one push for each channel.
    pub const SUBSCRIBE: u32 = 1;
    /// UNSUBSCRIBE and its kin: one push for each channel, at least one.
    pub const UNSUBSCRIBE: u32 = 2;
    /// The connection's own PING.
    pub const PROBE: u32 = 3;
    /// Strings of the reply are wanted as bytes.
    pub const BYTES: u32 = 1 << 2;
    /// A blocking command: its reply may take any time.
    pub const HOLDS: u32 = 1 << 3;
    /// MULTI.
    pub const OPENS: u32 = 1 << 4;
    /// EXEC and DISCARD.
    pub const ENDS: u32 = 1 << 5;
    /// Integers beyond 2^53 are wanted exact.
    pub const EXACT: u32 = 1 << 6;
    /// A command of one who serves the submitter from many lanes: its reply is diverted to them.
    pub const INTERNAL: u32 = 1 << 31;
    /// SELECT, WATCH, CLIENT and others: the connection's state may be another one afterwards.
    pub const STATE: u32 = 1 << 7;

    /// What follows from a command's name, in any letter case.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        // Looked at for every command of a Rust caller: the commonest ones are told by a letter.
        let bits = match name.first().map(u8::to_ascii_uppercase) {
            Some(b'B' | b'T' | b'W' | b'X')
                if lookup(name, None).is_some_and(|known| known.blocking) =>
            {
                Self::HOLDS
            }
            Some(b'M') if name.eq_ignore_ascii_case(b"MULTI") => Self::OPENS,
            Some(b'E') if name.eq_ignore_ascii_case(b"EXEC") => Self::ENDS,
            Some(b'D') if name.eq_ignore_ascii_case(b"DISCARD") => Self::ENDS,
            _ if changes_state(name) => Self::STATE,
            _ => Self::REPLY,
        };
        Self(bits)
    }

    /// What follows from a whole command of which nothing else is known.
    ///
    /// Fails with `ERR_INVALID_ARG_VALUE` for one that is not answered in order, so that what comes
    /// behind it would get the wrong reply.
    pub fn of_call(name: &[u8], arguments: &[&[u8]]) -> Result<Self> {
        if let Some(kind) = subscription(name) {
            let count = u32::try_from(arguments.len()).map_or(MOST, |count| count.min(MOST));
            return Ok(Self(kind | count << 8));
        }
        let first = arguments.first().copied().unwrap_or_default();
        if leaves_the_order(name, first) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_INVALID_ARG_VALUE",
                "the replies to this command do not come in order: it needs a connection of its own",
            ));
        }
        Ok(Self::of(name))
    }

    /// Whether strings of the reply are wanted as bytes.
    #[must_use]
    pub fn wants_bytes(self) -> bool {
        self.0 & Self::BYTES != 0
    }

    /// Whether integers beyond 2^53 are wanted exact.
    #[must_use]
    pub fn wants_exact(self) -> bool {
        self.0 & Self::EXACT != 0
    }

    pub(super) fn answered(self) -> Answered {
        match self.0 & 3 {
            Self::SUBSCRIBE => Answered::Subscribe,
            Self::UNSUBSCRIBE => Answered::Unsubscribe,
            Self::PROBE => Answered::Probe,
            _ => Answered::Reply,
        }
    }

    pub(super) fn is_probe(self) -> bool {
        self.answered() == Answered::Probe
    }

    pub(super) fn is_internal(self) -> bool {
        self.0 & Self::INTERNAL != 0
    }

    pub(super) fn holds(self) -> bool {
        self.0 & Self::HOLDS != 0
    }

    /// The same for a command that does not wait after all.
    #[must_use]
    pub fn not_holding(self) -> Self {
        Self(self.0 & !Self::HOLDS)
    }

    /// Whether a transaction is open behind this command, when one was `open` before it.
    pub(super) fn transaction(self, open: bool) -> bool {
        (open || self.0 & Self::OPENS != 0) && !self.ends()
    }

    /// Whether the command is the last one of a transaction.
    pub(super) fn ends(self) -> bool {
        self.0 & Self::ENDS != 0
    }

    pub(super) fn opens(self) -> bool {
        self.0 & Self::OPENS != 0
    }

    /// The same for a `SELECT` of this database.
    #[must_use]
    pub fn selecting(self, database: u32) -> Self {
        Self(self.0 & 0xff | Self::STATE | (database.saturating_add(1).min(MOST)) << 8)
    }

    /// The database that the command selects.
    pub(super) fn selects(self) -> Option<u32> {
        let stateful = self.0 & Self::STATE != 0;
        stateful.then(|| self.count().checked_sub(1)).flatten()
    }

    /// Whether the connection may be in another database behind the command.
    pub(super) fn turns(self) -> bool {
        self.0 & (Self::STATE | Self::ENDS) != 0
    }

    pub(super) fn confirmations(self) -> u32 {
        self.count()
    }

    fn count(self) -> u32 {
        (self.0 & !Self::INTERNAL) >> 8
    }
}

/// How a command that subscribes, or ends subscriptions, is answered.
fn subscription(name: &[u8]) -> Option<u32> {
    let (front, back) = name.split_at_checked(name.len().checked_sub(SUBSCRIBE.len())?)?;
    if !back.eq_ignore_ascii_case(SUBSCRIBE) {
        return None;
    }
    match front.to_ascii_uppercase().as_slice() {
        b"" | b"P" | b"S" => Some(Meta::SUBSCRIBE),
        b"UN" | b"PUN" | b"SUN" => Some(Meta::UNSUBSCRIBE),
        _ => None,
    }
}

/// Whether a command changes what the server keeps for the connection, or may do so.
fn changes_state(name: &[u8]) -> bool {
    let names: &[&[u8]] = match name.len() {
        4 => &[b"AUTH"],
        5 => &[b"WATCH", b"HELLO", b"RESET"],
        6 => &[b"SELECT", b"CLIENT", b"ASKING"],
        7 => &[b"UNWATCH"],
        8 => &[b"READONLY"],
        9 => &[b"READWRITE"],
        _ => return false,
    };
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

fn leaves_the_order(name: &[u8], first: &[u8]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    is("MONITOR")
        || is("SYNC")
        || is("PSYNC")
        || (is("CLIENT") && first.eq_ignore_ascii_case(b"REPLY"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of all commands that block, from the facts.
    fn blocking() -> Vec<String> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/commands/facts");
        let files = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        files
            .filter(|file| {
                file.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .flat_map(|file| {
                let text = std::fs::read_to_string(file).unwrap();
                serde_json::from_str::<serde_json::Map<_, _>>(&text).unwrap()
            })
            .filter(|(_, fact)| {
                fact["flags"]
                    .as_array()
                    .unwrap()
                    .contains(&"blocking".into())
            })
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn every_blocking_command_holds() {
        let names = blocking();
        assert!(names.len() >= 12, "{names:?}");
        for name in names {
            assert!(
                Meta::of(name.to_ascii_lowercase().as_bytes()).holds(),
                "{name}"
            );
        }
        assert_eq!(Meta::of(b"GET"), Meta::default());
        assert_eq!(Meta::of(b"BITCOUNT"), Meta::default());
        assert_eq!(Meta::of(b""), Meta::default());
    }

    #[test]
    fn a_transaction_is_open_between_its_ends() {
        let mut open = false;
        let mut after = |name: &[u8]| {
            open = Meta::of(name).transaction(open);
            open
        };
        assert!(!after(b"GET"));
        assert!(after(b"multi"));
        assert!(after(b"GET"));
        assert!(!after(b"EXEC"));
        assert!(after(b"MULTI"));
        assert!(!after(b"discard"));
    }

    #[test]
    fn subscriptions_wait_for_as_many_confirmations_as_they_have_channels() {
        let of =
            |name: &str, arguments: &[&[u8]]| Meta::of_call(name.as_bytes(), arguments).unwrap();
        let two = of("psubscribe", &[b"a", b"b"]);
        assert_eq!(
            (two.answered(), two.confirmations()),
            (Answered::Subscribe, 2)
        );
        let all = of("SUNSUBSCRIBE", &[]);
        assert_eq!(
            (all.answered(), all.confirmations()),
            (Answered::Unsubscribe, 0)
        );
        assert_eq!(of("XSUBSCRIBE", &[b"a"]), Meta::default());
        assert_eq!(of("MULTI", &[]), Meta(Meta::OPENS));
    }

    #[test]
    fn what_is_not_answered_in_order_is_refused() {
        for (name, arguments) in [
            ("monitor", &[][..]),
            ("PSYNC", &[&b"?"[..], b"-1"]),
            ("CLIENT", &[b"reply", b"OFF"]),
        ] {
            let refused = Meta::of_call(name.as_bytes(), arguments).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        }
        assert!(Meta::of_call(b"CLIENT", &[b"ID"]).is_ok());
    }
}
