//! A transaction: commands from MULTI to EXEC that go to one node together, and are sent again
//! together, or not at all. Pure.

use std::sync::Mutex;

use bytes::Bytes;

use super::redirect::Redirect;
use super::request::Requests;
use super::route::unsupported;
use super::slot;
use super::slot::cross_slot;
use crate::error::Result;
use crate::redis::callers::lock;
use crate::redis::inflight::Entry;
use crate::redis::keys::key_positions;

/// One transaction of a user.
pub(super) struct Transaction {
    pub(super) entries: Vec<Entry>,
    pub(super) commands: Bytes,
    /// Of its keys; `None` when it has none.
    pub(super) slot: Option<u16>,
    progress: Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    replies: Vec<Bytes>,
    /// The first redirection among the replies of this attempt.
    redirect: Option<Redirect>,
    redirections: u32,
    losses: u32,
}

/// What follows from the reply to one of the commands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The others.
    Wait,
    /// These are the replies to all commands.
    Answer(Vec<Bytes>),
    /// Nothing was executed; it must be sent again.
    Again(Redirect),
}

/// The slot of all keys of a transaction.
///
/// Fails with `ERR_REDIS_CROSSSLOT` when there are several.
pub(in crate::redis) fn slot_of(commands: &[u8]) -> Result<Option<u16>> {
    let mut found: Option<(u16, &[u8])> = None;
    for request in Requests::new(commands) {
        if request.name.eq_ignore_ascii_case(b"WATCH") {
            return Err(unsupported("WATCH inside MULTI is not allowed"));
        }
        let arguments: Vec<&[u8]> = request.arguments().collect();
        for at in key_positions(&arguments) {
            let key = arguments[at];
            let slot = slot::of_key(key);
            match found {
                Some((known, first)) if known != slot => return Err(cross_slot(first, key)),
                _ => found = Some((slot, key)),
            }
        }
    }
    Ok(found.map(|(slot, _)| slot))
}

impl Transaction {
    pub(super) fn new(entries: Vec<Entry>, commands: Bytes, slot: Option<u16>) -> Self {
        Self {
            entries,
            commands,
            slot,
            progress: Mutex::default(),
        }
    }

    /// Whether the command of this number is the one that executes or discards.
    pub(super) fn is_last(&self, member: usize) -> bool {
        member + 1 == self.entries.len()
    }

    /// The command of this number was answered, after all before it.
    pub(super) fn reply(&self, member: usize, reply: Bytes, redirect: Option<Redirect>) -> Next {
        let mut progress = lock(&self.progress);
        if member == 0 {
            // A late reply of the attempt before may have come behind its loss.
            progress.replies.clear();
            progress.redirect = None;
        }
        let executed = !matches!(reply.first(), Some(b'-' | b'!'));
        progress.replies.push(reply);
        progress.redirect = progress.redirect.take().or(redirect);
        if !self.is_last(member) {
            return Next::Wait;
        }
        let replies = std::mem::take(&mut progress.replies);
        match progress.redirect.take() {
            // An error instead of results: the server has executed nothing.
            Some(redirect) if !executed => Next::Again(redirect),
            _ => Next::Answer(replies),
        }
    }

    /// It starts from the beginning. Returns how often that has happened because a server said so.
    pub(super) fn redirected(&self) -> u32 {
        let mut progress = lock(&self.progress);
        progress.replies.clear();
        progress.redirect = None;
        progress.redirections += 1;
        progress.redirections
    }

    /// It starts from the beginning. Returns how often that has happened because a connection was
    /// lost.
    pub(super) fn lost(&self) -> u32 {
        let mut progress = lock(&self.progress);
        progress.replies.clear();
        progress.redirect = None;
        progress.losses += 1;
        progress.losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::meta::Meta;
    use crate::redis::resp::encode;
    use bytes::BytesMut;

    fn commands(lines: &[&str]) -> Bytes {
        let mut bytes = BytesMut::new();
        for line in lines {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            encode::command(&mut bytes, &words);
        }
        bytes.freeze()
    }

    #[test]
    fn all_keys_are_of_one_slot() {
        let slot = |lines: &[&str]| slot_of(&commands(lines));
        let whole = ["MULTI", "SET {a}1 x", "PING", "MGET {a}2 {a}3", "EXEC"];
        assert_eq!(slot(&whole).unwrap(), Some(15495));
        assert_eq!(slot(&["MULTI", "PING", "EXEC"]).unwrap(), None);
        for lines in [
            &["SET a 1", "SET b 1"][..],
            &["MGET a b"],
            &["GET a", "DEL a b"],
        ] {
            assert_eq!(slot(lines).unwrap_err().code(), "ERR_REDIS_CROSSSLOT");
        }
        let code = "ERR_REDIS_CLUSTER_UNSUPPORTED";
        assert_eq!(slot(&["MULTI", "WATCH a"]).unwrap_err().code(), code);
    }

    fn transaction() -> Transaction {
        let entry = |id| Entry {
            id,
            meta: Meta::default(),
        };
        let lines = ["MULTI", "GET a", "EXEC"];
        Transaction::new((0..3).map(entry).collect(), commands(&lines), Some(1))
    }

    #[test]
    fn a_redirection_counts_only_when_nothing_was_executed() {
        let frame = |text: &'static str| Bytes::from_static(text.as_bytes());
        let aborted = frame("-EXECABORT\r\n");
        for (last, again) in [(aborted, true), (frame("*1\r\n+x\r\n"), false)] {
            let transaction = transaction();
            let ok = frame("+OK\r\n");
            assert_eq!(transaction.reply(0, ok.clone(), None), Next::Wait);
            let moved = Some(Redirect::TryAgain);
            assert_eq!(transaction.reply(1, ok.clone(), moved), Next::Wait);
            let next = transaction.reply(2, last.clone(), None);
            let expected = if again {
                Next::Again(Redirect::TryAgain)
            } else {
                Next::Answer(vec![ok.clone(), ok, last])
            };
            assert_eq!(next, expected);
        }
    }

    #[test]
    fn an_attempt_leaves_nothing_to_the_next_one() {
        let transaction = transaction();
        let ok = Bytes::from_static(b"+OK\r\n");
        transaction.reply(0, ok.clone(), Some(Redirect::Loading));
        assert_eq!(transaction.lost(), 1);
        for member in 0..2 {
            assert_eq!(transaction.reply(member, ok.clone(), None), Next::Wait);
        }
        // The reader of a lost connection may be late.
        assert_eq!(transaction.lost(), 2);
        transaction.reply(0, ok.clone(), Some(Redirect::Loading));
        for member in 0..2 {
            assert_eq!(transaction.reply(member, ok.clone(), None), Next::Wait);
        }
        let exec = Bytes::from_static(b"-EXECABORT\r\n");
        assert!(matches!(transaction.reply(2, exec, None), Next::Answer(all) if all.len() == 3));
        assert_eq!((transaction.redirected(), transaction.redirected()), (1, 2));
    }
}
