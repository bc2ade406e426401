//! What is known of the spare connections of one server, and of who waits for one.

use std::collections::HashMap;
use std::sync::Arc;

use super::Reserve;
use super::work::{Task, Work};
use crate::error::Error;
use crate::redis::lane::{Event, Lane, Sink};
use crate::redis::pool::state::{Limits, Slots};

pub(super) struct Books {
    pub(super) slots: Slots<Work>,
    pub(super) spares: HashMap<u64, Spare>,
    /// What waits for the server, as commands of the shared connection do.
    pub(super) held: Vec<Work>,
    pub(super) sweeping: bool,
    last_ticket: u64,
}

pub(super) struct Spare {
    pub(super) lane: Arc<Lane>,
    /// Whom it delivers to.
    pub(super) user: Arc<dyn Sink>,
    /// The handshake was accepted.
    pub(super) connected: bool,
    /// The server's number for the connection.
    pub(super) client: Option<i64>,
    pub(super) phase: Phase,
}

/// What a spare connection is doing.
pub(super) enum Phase {
    Idle,
    /// It gets ready for this: it is being opened, or is selecting the database.
    Preparing {
        work: Work,
        selecting: bool,
    },
    /// A command blocks on it.
    Blocks {
        id: u32,
        ticket: u64,
    },
    Leased,
    /// Given back, with replies to come.
    Returning,
}

/// What is to be done when the lock is free.
pub(super) type Later = Vec<Box<dyn FnOnce() + Send>>;

impl Books {
    pub(super) fn new(reserve: Reserve) -> Self {
        Self {
            slots: Slots::new(Limits {
                min: reserve.min,
                max: reserve.max,
                max_waiting: reserve.max_waiting,
            }),
            spares: HashMap::new(),
            held: Vec::new(),
            sweeping: false,
            last_ticket: 0,
        }
    }

    pub(super) fn work(&mut self, database: u32, task: Task) -> Work {
        self.last_ticket += 1;
        Work::new(self.last_ticket, database, task)
    }
}

impl Spare {
    /// What ends the connection, and what waits on it with this error.
    pub(super) fn ending(self, error: Error) -> impl FnOnce() + Send {
        move || {
            self.lane.sever(&error);
            // Whoever reads the connection stops.
            self.user.event(Event::Closed(error));
        }
    }
}
