//! A cluster in the place of a lane.

use tokio::sync::watch;

use super::{Cluster, Role};
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

    fn primaries(&self) -> Option<Vec<u32>> {
        let nodes = self.nodes().into_iter();
        let primaries = nodes.filter(|node| node.role == Role::Primary);
        Some(primaries.map(|node| node.number).collect())
    }

    fn submit_to(&self, node: u32, pieces: &[&[u8]], entries: &[Entry]) {
        if let Some(me) = self.me.upgrade() {
            Self::submit_to(&me, node, pieces, entries);
        }
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
