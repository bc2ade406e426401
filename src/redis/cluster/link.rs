//! A cluster in the place of a lane.

use tokio::sync::watch;

use super::Cluster;
use crate::redis::config::{Config, Status};
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::link::Link;
use crate::redis::outbox::Backlog;
use crate::redis::state::State;

impl Link for Cluster {
    fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        // Whoever calls holds a reference.
        if let Some(me) = self.me.upgrade() {
            Self::submit(&me, pieces, entries, delivery);
        }
    }

    fn connect(&self, id: u32) {
        if let Some(me) = self.me.upgrade() {
            Self::connect(&me, id);
        }
    }

    fn close(&self) -> bool {
        self.close()
    }

    fn finalize(&self) {
        self.finalize();
    }

    fn cancel(&self, id: u32) -> bool {
        self.give_up(id)
    }

    /// That of the first seed.
    fn config(&self) -> &Config {
        &self.first
    }

    fn status(&self) -> Status {
        self.status()
    }

    fn is_active(&self) -> bool {
        self.is_active()
    }

    fn observe(&self) -> watch::Receiver<State> {
        self.observe()
    }

    fn buffered(&self) -> usize {
        self.buffered()
    }

    fn backlog(&self) -> Backlog {
        self.backlog()
    }
}
