//! Telling users what has become of their commands.

use bytes::Bytes;

use super::Cluster;
use super::pending::{Answer, Origin, Pending, Work};
use crate::error::{Error, Result};
use crate::redis::lane::{Batch, Reply};

impl Cluster {
    /// Tells a user the reply to a command, or why there is none.
    pub(super) fn answer(&self, (entry, reply): Answer) {
        match reply {
            Ok(bytes) => {
                let reply = Reply {
                    entry: Some(entry),
                    start: 0,
                    end: bytes.len(),
                };
                self.sink.replies(Batch {
                    bytes,
                    replies: vec![reply],
                });
            }
            Err(error) => self.sink.failed(vec![entry.id], &error),
        }
    }

    pub(super) fn fail_work(&self, work: Work, error: &Error) {
        match work {
            Work::One(pending) => self.settle(pending, Err(error.clone())),
            Work::Whole(transaction) => {
                let ids = transaction.entries.iter().map(|entry| entry.id).collect();
                self.sink.failed(ids, error);
            }
        }
    }

    /// A command is done.
    pub(super) fn settle(&self, pending: Pending, reply: Result<Bytes>) {
        match pending.origin {
            Origin::User(entry) => {
                if entry.meta.holds() {
                    // Behind the answer the id may be that of another command.
                    self.untrack(entry.id);
                }
                self.answer((entry, reply));
            }
            Origin::Part(job, part) => {
                if let Some(answer) = job.settle(part, reply) {
                    self.answer(answer);
                }
            }
            // One that no longer waits has dropped its end.
            Origin::Own(asker) => drop(asker.send(reply)),
            // Transactions are done as a whole.
            Origin::Member(..) => {}
        }
    }
}
