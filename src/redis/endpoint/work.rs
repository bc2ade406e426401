//! What spare connections are needed for.

use std::time::Duration;

use bytes::Bytes;

use super::lease::Lease;
use crate::error::{Error, ErrorKind, Result};
use crate::redis::inflight::Entry;

/// Attempts to find a connection for one piece of work that lasts until it has begun.
const ATTEMPTS: u8 = 3;

/// What a spare connection is needed for.
pub(super) struct Work {
    /// Nothing else has it.
    pub(super) ticket: u64,
    /// What the connection must be in.
    pub(super) database: u32,
    attempts: u8,
    pub(super) task: Task,
}

pub(super) enum Task {
    /// A command that blocks.
    Command(Blocked),
    /// Somebody asks for a connection.
    Lease(Waiter),
    /// A connection is made ahead of need.
    Reserve,
}

pub(super) struct Blocked {
    pub(super) bytes: Bytes,
    pub(super) entry: Entry,
    /// How long the command waits by itself; `None` for any time.
    pub(super) limit: Option<Duration>,
}

pub(super) struct Waiter {
    /// By which the one who asks may give up.
    pub(super) id: Option<u32>,
    pub(super) grant: Grant,
}

/// Takes the connection, or why there is none. Called on any thread; must not block.
pub type Grant = Box<dyn FnOnce(Result<Lease>) + Send>;

impl Work {
    pub(super) fn new(ticket: u64, database: u32, task: Task) -> Self {
        Self {
            ticket,
            database,
            attempts: 0,
            task,
        }
    }

    /// By which its owner knows it.
    pub(super) fn id(&self) -> Option<u32> {
        match &self.task {
            Task::Command(blocked) => Some(blocked.entry.id),
            Task::Lease(waiter) => waiter.id,
            Task::Reserve => None,
        }
    }

    /// Whether it may be tried once more after a lost connection.
    pub(super) fn again(&mut self) -> bool {
        self.attempts += 1;
        self.attempts < ATTEMPTS && !matches!(self.task, Task::Reserve)
    }
}

/// The error of one who waited for a connection for too long.
#[must_use]
pub fn acquire_timeout(limit: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        "ERR_REDIS_POOL_TIMEOUT",
        format!("No connection became free within {}ms", limit.as_millis()),
    )
}

/// The error of one who would wait for a connection where too many wait already.
#[must_use]
pub fn too_many_wait() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_POOL_EXHAUSTED",
        "Every connection is in use and too many callers wait for one",
    )
}

/// The error of a command on a connection that was given back.
#[must_use]
pub fn released() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        "The connection was released",
    )
}

pub(super) fn silent(grace: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        "ERR_REDIS_COMMAND_TIMEOUT",
        format!(
            "The server has not answered {}ms after the command's own timeout",
            grace.as_millis()
        ),
    )
}

pub(super) fn cannot_select(database: u32) -> Error {
    Error::new(
        ErrorKind::Server,
        "ERR_REDIS_SERVER_ERROR",
        format!("ERR the database {database} cannot be selected"),
    )
}
