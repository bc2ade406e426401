//! Acting on what nodes answer, and on what they never will.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;

use super::gather::Gather;
use super::node::{Node, Refused};
use super::pending::{NOBODY, Origin, Pending, Work};
use super::redirect::{self, Redirect};
use super::request::Requests;
use super::transaction::{Next, Transaction};
use super::{Cluster, chance};
use crate::error::{Error, ErrorKind};
use crate::redis::callers::lock;
use crate::redis::config::Address;
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Event};
use crate::redis::lifecycle;
use crate::redis::retention::{Diverted, Leftover, Returned};

impl Cluster {
    /// The node at `asked`, which may have left, has answered commands of the cluster's own, or has sent users' elsewhere.
    pub(super) fn diverted(self: &Arc<Self>, asked: &Address, replies: Vec<Diverted>) {
        let mut gather = Gather::default();
        for Diverted {
            entry,
            command,
            reply,
        } in replies
        {
            let Some(pending) = self.recall(entry, command) else {
                continue;
            };
            match &pending.origin {
                Origin::Member(transaction, number) => {
                    let (transaction, number) = (Arc::clone(transaction), *number);
                    self.answered_member(&mut gather, asked, &transaction, number, reply);
                }
                _ => self.answered(&mut gather, asked, pending, reply),
            }
        }
        gather.send(self, Delivery::Direct);
    }

    /// What is known about a command that comes back; `None` when nobody is interested.
    fn recall(&self, entry: Entry, command: Bytes) -> Option<Pending> {
        if !entry.meta.is_internal() {
            return Some(Pending::of_user(entry, command));
        }
        if entry.id == NOBODY {
            return None;
        }
        lock(&self.waiting).take(entry.id)
    }

    fn answered(&self, gather: &mut Gather, asked: &Address, mut pending: Pending, reply: Bytes) {
        let follows = |redirect: &Redirect| match (&pending.origin, &pending.node) {
            (Origin::Own(_), _) => false,
            // It may wait, but not go elsewhere.
            (_, Some(_)) => *redirect == Redirect::Loading,
            (_, None) => true,
        };
        let redirect = redirect::parse(&reply, asked).filter(follows);
        let Some(redirect) = redirect else {
            self.settle(pending, Ok(reply));
            return;
        };
        pending.redirections += 1;
        if pending.redirections > self.config.max_redirections || !self.is_active() {
            // The next ones need not fare like this one.
            self.want_refresh();
            self.settle(pending, Ok(reply));
            return;
        }
        let attempt = pending.redirections;
        self.redirected(gather, Work::One(pending), redirect, attempt);
    }

    fn answered_member(
        &self,
        gather: &mut Gather,
        asked: &Address,
        transaction: &Arc<Transaction>,
        number: usize,
        reply: Bytes,
    ) {
        let redirect = redirect::parse(&reply, asked);
        match transaction.reply(number, reply, redirect) {
            Next::Wait => {}
            Next::Answer(replies) => {
                for (entry, reply) in transaction.entries.iter().zip(replies) {
                    self.answer((*entry, Ok(reply)));
                }
            }
            Next::Again(redirect) => {
                let attempt = transaction.redirected();
                let work = Work::Whole(Arc::clone(transaction));
                if attempt > self.config.max_redirections || !self.is_active() {
                    self.fail_work(work, &too_many_redirections());
                } else {
                    self.redirected(gather, work, redirect, attempt);
                }
            }
        }
    }

    /// A server wants something elsewhere, or later.
    fn redirected(&self, gather: &mut Gather, work: Work, redirect: Redirect, attempt: u32) {
        let later = match redirect {
            Redirect::Moved { slot, to } => {
                let owner = self.member(to);
                self.slot_moved(slot, &owner);
                self.want_refresh();
                self.add_work(gather, &owner, work, false);
                return;
            }
            Redirect::Ask(to) => {
                let target = self.member(to);
                self.add_work(gather, &target, work, true);
                return;
            }
            Redirect::Unserved => {
                self.want_refresh();
                work
            }
            Redirect::TryAgain | Redirect::Loading => work,
        };
        self.park(Instant::now() + redirect::delay(attempt, chance()), later);
    }

    pub(super) fn slot_moved(&self, slot: u16, owner: &Arc<Node>) {
        let moved = |map: &super::SlotMap| map.moved(slot, owner).map(Arc::new);
        let mut map = self
            .map
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(next) = map.as_deref().and_then(moved) {
            *map = Some(next);
        }
        drop(map);
        self.changes.send_replace(());
    }

    /// A node did not take these commands: nothing of them was sent.
    pub(super) fn refused(&self, commands: Vec<Returned>, refused: Refused) {
        let at = match refused {
            Refused::Until(at) => at,
            // The map may name it for a moment still.
            Refused::Closed => Instant::now() + redirect::delay(1, chance()),
        };
        self.want_refresh();
        let queues = self.config.options.enable_offline_queue;
        for Back { work, .. } in self.works(commands) {
            let (own, bound) = match &work {
                Work::One(pending) => (
                    matches!(pending.origin, Origin::Own(_)),
                    pending.node.is_some(),
                ),
                Work::Whole(_) => (false, false),
            };
            // The cluster itself asks somebody else, and there may be nobody else.
            if own || bound && refused == Refused::Closed {
                self.fail_work(work, &lifecycle::closed());
            } else if !queues && refused != Refused::Closed {
                self.fail_work(work, &lifecycle::offline());
            } else {
                self.park(at, work);
            }
        }
    }

    /// A connection has ended with these commands on it, and its node may be tried again at `at`.
    pub(super) fn returned(&self, at: Instant, leftover: Leftover, error: &Error) {
        let options = &self.config.options;
        let most = if options.enable_auto_reconnect {
            options.max_retries
        } else {
            0
        };
        for Back { mut work, begun } in self.works(leftover.commands) {
            let own = matches!(
                &work,
                Work::One(Pending {
                    origin: Origin::Own(_),
                    ..
                })
            );
            if !self.is_active() || own || !passes(error) {
                self.fail_work(work, error);
                continue;
            }
            if begun && !can_repeat(&work) {
                self.fail_work(work, &uncertain(error));
                continue;
            }
            let losses = match &mut work {
                Work::One(pending) => {
                    pending.losses += 1;
                    pending.losses
                }
                Work::Whole(transaction) => transaction.lost(),
            };
            if losses > most {
                self.fail_work(work, error);
                continue;
            }
            self.want_refresh();
            self.park(at, work);
        }
        if leftover.subscribed && self.is_active() {
            self.sink.event(Event::SubscriptionsLost);
        }
    }

    /// The commands of users and of the cluster among those that came back.
    fn works(&self, commands: Vec<Returned>) -> Vec<Back> {
        let mut works = Vec::with_capacity(commands.len());
        for Returned {
            entry,
            command,
            begun,
        } in commands
        {
            let Some(pending) = self.recall(entry, command) else {
                continue;
            };
            match &pending.origin {
                // The last one decides: without it nothing is executed.
                Origin::Member(transaction, number) => {
                    if transaction.is_last(*number) {
                        let work = Work::Whole(Arc::clone(transaction));
                        works.push(Back { work, begun });
                    }
                }
                _ => works.push(Back {
                    work: Work::One(pending),
                    begun,
                }),
            }
        }
        works
    }

    /// A node that told of changed keys does so no more.
    pub(super) fn tracking_lost(&self) {
        if self.config.options.tracking.is_some() {
            self.sink.event(Event::TrackingLost);
        }
    }

    /// The connection to a node has ended, or could not be made.
    pub(super) fn node_lost(self: &Arc<Self>, node: &Arc<Node>) {
        let mut channels = lock(&self.channels);
        if channels.as_ref().is_some_and(|one| Arc::ptr_eq(one, node)) {
            channels.take();
        }
        drop(channels);
        self.want_refresh();
        self.reader_lost(node);
    }
}

struct Back {
    work: Work,
    begun: bool,
}

/// Whether something may be executed twice.
fn can_repeat(work: &Work) -> bool {
    match work {
        Work::One(pending) => Requests::new(&pending.command)
            .next()
            .is_some_and(|request| request.is_repeatable(pending.meta)),
        Work::Whole(_) => false,
    }
}

/// Whether the reason why a connection ended, or could not be made, may pass.
pub(super) fn passes(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout)
        || lifecycle::passes(error.message())
}

/// The error of a command that may have been executed.
fn uncertain(cause: &Error) -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        "Connection closed before the reply: the command may have been executed",
    )
    .with_source(cause.clone())
}

fn too_many_redirections() -> Error {
    Error::new(
        ErrorKind::Server,
        "ERR_REDIS_SERVER_ERROR",
        "EXECABORT the transaction was sent from node to node too often",
    )
}
