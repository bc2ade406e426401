//! Commands that the cluster itself waits for: those that were redirected, parts of others, and its
//! own.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::merge::Merge;
use super::node::Node;
use super::transaction::Transaction;
use crate::error::{Error, Result};
use crate::redis::callers::lock;
use crate::redis::inflight::Entry;
use crate::redis::meta::Meta;

/// The id of commands whose reply is of no interest.
pub(super) const NOBODY: u32 = u32::MAX;

/// One command that will be sent, or was sent, with an id of the cluster's own.
pub(super) struct Pending {
    pub(super) origin: Origin,
    pub(super) command: Bytes,
    pub(super) meta: Meta,
    /// The only node that it may go to, if that is not for its keys to say.
    pub(super) node: Option<Arc<Node>>,
    /// How often a server has sent it elsewhere, or wanted it later.
    pub(super) redirections: u32,
    /// How often a connection was lost under it.
    pub(super) losses: u32,
}

/// Whom a reply is for.
pub(super) enum Origin {
    /// A user, directly.
    User(Entry),
    /// A command that was split or sent to many nodes, of which this is the part of this number.
    Part(Arc<Job>, usize),
    /// A transaction, of which this is the command of this number.
    Member(Arc<Transaction>, usize),
    /// The cluster itself.
    Own(oneshot::Sender<Result<Bytes>>),
}

/// What is to be sent.
pub(super) enum Work {
    One(Pending),
    Whole(Arc<Transaction>),
}

impl Work {
    /// How many bytes and commands it has.
    pub(super) fn size(&self) -> (usize, usize) {
        match self {
            Self::One(pending) => (pending.command.len(), 1),
            Self::Whole(transaction) => (transaction.commands.len(), transaction.entries.len()),
        }
    }
}

impl Pending {
    pub(super) fn of_user(entry: Entry, command: Bytes) -> Self {
        Self::new(Origin::User(entry), command, entry.meta)
    }

    pub(super) fn new(origin: Origin, command: Bytes, meta: Meta) -> Self {
        Self {
            origin,
            command,
            meta,
            node: None,
            redirections: 0,
            losses: 0,
        }
    }

    pub(super) fn at(mut self, node: &Arc<Node>) -> Self {
        self.node = Some(Arc::clone(node));
        self
    }
}

/// The parts of one command of a user.
pub(super) struct Job {
    entry: Entry,
    merge: Merge,
    replies: Mutex<Replies>,
}

struct Replies {
    parts: Vec<Option<Result<Bytes>>>,
    left: usize,
}

/// What a user is told in the end.
pub(super) type Answer = (Entry, Result<Bytes>);

impl Job {
    pub(super) fn new(entry: Entry, merge: Merge, parts: usize) -> Arc<Self> {
        Arc::new(Self {
            entry,
            merge,
            replies: Mutex::new(Replies {
                parts: vec![None; parts],
                left: parts,
            }),
        })
    }

    /// A part is answered. Returns the answer to the whole with the last one.
    pub(super) fn settle(&self, part: usize, reply: Result<Bytes>) -> Option<Answer> {
        let mut replies = lock(&self.replies);
        let place = replies.parts.get_mut(part)?;
        if place.is_some() {
            return None;
        }
        *place = Some(reply);
        replies.left -= 1;
        if replies.left > 0 {
            return None;
        }
        let parts = std::mem::take(&mut replies.parts);
        drop(replies);
        Some((self.entry, merged(&self.merge, parts)))
    }
}

fn merged(merge: &Merge, parts: Vec<Option<Result<Bytes>>>) -> Result<Bytes> {
    let mut failure: Option<Error> = None;
    let mut frames = Vec::with_capacity(parts.len());
    for part in parts.into_iter().flatten() {
        match part {
            Ok(frame) => frames.push(frame),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) if frames.is_empty() || !merge.forgives() => Err(error),
        _ => Ok(merge.frames(&frames)),
    }
}

/// What is waited for, by id.
#[derive(Default)]
pub(super) struct Waiting {
    places: Vec<Option<Pending>>,
    free: Vec<u32>,
}

impl Waiting {
    pub(super) fn insert(&mut self, pending: Pending) -> u32 {
        if let Some(id) = self.free.pop() {
            self.places[id as usize] = Some(pending);
            return id;
        }
        self.places.push(Some(pending));
        // Four thousand million commands do not fit in memory.
        u32::try_from(self.places.len() - 1).unwrap_or(NOBODY)
    }

    pub(super) fn take(&mut self, id: u32) -> Option<Pending> {
        let pending = self.places.get_mut(id as usize)?.take()?;
        self.free.push(id);
        Some(pending)
    }

    pub(super) fn get(&self, id: u32) -> Option<&Pending> {
        self.places.get(id as usize)?.as_ref()
    }

    /// The id of the first that is `wanted`.
    pub(super) fn find(&self, wanted: impl Fn(&Pending) -> bool) -> Option<u32> {
        let wanted = |place: &Option<Pending>| place.as_ref().is_some_and(&wanted);
        let at = self.places.iter().position(wanted)?;
        u32::try_from(at).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::lifecycle;

    const ENTRY: Entry = Entry {
        id: 7,
        meta: Meta(0),
    };

    #[test]
    fn the_last_part_brings_the_answer_whatever_the_order() {
        let job = Job::new(ENTRY, Merge::Sum, 2);
        assert!(job.settle(1, Ok(Bytes::from_static(b":1\r\n"))).is_none());
        assert!(job.settle(1, Ok(Bytes::from_static(b":9\r\n"))).is_none());
        let (entry, reply) = job.settle(0, Ok(Bytes::from_static(b":2\r\n"))).unwrap();
        assert_eq!((entry, &reply.unwrap()[..]), (ENTRY, &b":3\r\n"[..]));
    }

    #[test]
    fn a_lost_part_fails_the_whole_unless_one_success_is_enough() {
        for (merge, succeeds) in [(Merge::Sum, false), (Merge::OneSucceeded, true)] {
            let job = Job::new(ENTRY, merge, 2);
            assert!(job.settle(0, Err(lifecycle::closed())).is_none());
            let (_, reply) = job.settle(1, Ok(Bytes::from_static(b":2\r\n"))).unwrap();
            assert_eq!(reply.is_ok(), succeeds);
        }
    }

    #[test]
    fn an_id_is_given_again_when_its_command_is_taken() {
        let mut waiting = Waiting::default();
        let pending = || Pending::of_user(ENTRY, Bytes::new());
        let first = waiting.insert(pending());
        assert_ne!(waiting.insert(pending()), first);
        assert!(waiting.take(first).is_some() && waiting.take(first).is_none());
        assert_eq!(waiting.insert(pending()), first);
        assert!(waiting.take(NOBODY).is_none());
    }
}
