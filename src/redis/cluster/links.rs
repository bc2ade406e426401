//! The connections to one node.

use std::sync::Arc;
use std::time::Instant;

use crate::error::Error;
use crate::redis::endpoint::Spares;
use crate::redis::lane::{Event, Lane, Sink};
use crate::redis::lifecycle;

#[derive(Default)]
pub(super) struct Links {
    /// The connection that all commands share.
    pub(super) shared: Option<Link>,
    /// Connections for commands that block, one for each.
    pub(super) spares: Vec<Link>,
    /// Connections for single users.
    pub(super) leases: Option<Arc<Spares>>,
    /// Counts connections.
    pub(super) lives: u64,
    /// Attempts since the last one that was accepted.
    pub(super) failures: u32,
    /// Not before then.
    pub(super) retry_at: Option<Instant>,
}

#[derive(Clone)]
pub(super) struct Link {
    pub(super) lane: Arc<Lane>,
    /// Where replies go that need nothing.
    pub(super) delivery: Arc<dyn Sink>,
    pub(super) life: u64,
    /// The server's number for the connection, once it is accepted.
    pub(super) client: Option<i64>,
}

impl Link {
    /// Commands that wait are returned. Not while locks are held.
    pub(super) fn close(&self) {
        self.end(&lifecycle::closed());
    }

    pub(super) fn end(&self, error: &Error) {
        self.lane.sever(error);
        // A lane that is closed by its user tells nobody, but somebody may be reading it.
        self.delivery.event(Event::Closed(error.clone()));
    }
}
