//! What all that takes commands for a server has in common.

use super::{Endpoint, Lease};
use crate::redis::config::{Config, Status};
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::outbox::Backlog;

/// A way to a server: an [`Endpoint`], a [`Lease`] of one, or what is made of several.
pub trait Link: Send + Sync {
    /// Submits whole commands, cut in pieces anywhere, and their entries in the same order. Each id
    /// comes back exactly once.
    fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery);
    /// Connects; `id` is answered with the HELLO reply.
    fn connect(&self, id: u32);
    /// Closes; everything that waits fails. Returns whether there was something to close.
    fn close(&self) -> bool;
    /// Gives up a command that blocks; others are left alone.
    fn cancel(&self, id: u32) -> bool;
    /// Whether there is a connection, or one is being made.
    fn is_active(&self) -> bool;
    /// The state of the connection.
    fn status(&self) -> Status;
    /// Bytes that the socket has not taken yet.
    fn buffered(&self) -> usize;
    /// How much waits to be sent.
    fn backlog(&self) -> Backlog;
    /// Where it leads and how.
    fn config(&self) -> &Config;
}

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
