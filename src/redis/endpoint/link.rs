//! Clients work on endpoints and leases as on a single lane.

use tokio::sync::watch;

use super::{Endpoint, Lease};
use crate::redis::config::{Config, Status};
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::link::Link;
use crate::redis::outbox::Backlog;
use crate::redis::state::State;

impl Link for Endpoint {
    fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        self.submit(pieces, entries, delivery);
    }

    fn connect(&self, id: u32) {
        self.connect(id);
    }

    fn close(&self) -> bool {
        self.close()
    }

    fn finalize(&self) {
        self.finalize();
    }

    fn observe(&self) -> watch::Receiver<State> {
        self.observe()
    }

    fn cancel(&self, id: u32) -> bool {
        self.cancel(id)
    }

    fn is_active(&self) -> bool {
        self.is_active()
    }

    fn status(&self) -> Status {
        self.status()
    }

    fn buffered(&self) -> usize {
        self.buffered()
    }

    fn backlog(&self) -> Backlog {
        self.backlog()
    }

    fn config(&self) -> &Config {
        self.config()
    }
}

impl Link for Lease {
    fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        self.submit(pieces, entries, delivery);
    }

    fn connect(&self, id: u32) {
        self.connect(id);
    }

    fn close(&self) -> bool {
        self.close()
    }

    fn finalize(&self) {
        self.release();
    }

    fn observe(&self) -> watch::Receiver<State> {
        self.lane().observe()
    }

    fn cancel(&self, id: u32) -> bool {
        self.cancel(id)
    }

    fn is_active(&self) -> bool {
        !self.is_over()
    }

    fn status(&self) -> Status {
        if self.is_over() {
            Status::Disconnected
        } else {
            self.lane().status()
        }
    }

    fn buffered(&self) -> usize {
        self.lane().buffered()
    }

    fn backlog(&self) -> Backlog {
        self.lane().backlog()
    }

    fn config(&self) -> &Config {
        self.lane().config()
    }
}
