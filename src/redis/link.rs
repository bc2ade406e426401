//! What carries a client's commands: one [`Lane`], or something that stands above several.

use tokio::sync::watch;

use super::config::{Config, Status, Target};
use super::inflight::Entry;
use super::lane::{Delivery, Lane};
use super::outbox::Backlog;
use super::state::State;

/// The interface of a [`Lane`], for those above it to offer as well: clients work on any.
///
/// Every id that is submitted comes back exactly once through the [`Sink`](super::lane::Sink) that
/// the link was made with.
pub trait Link: Send + Sync + 'static {
    /// As [`Lane::submit`].
    fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery);
    /// As [`Lane::connect`].
    fn connect(&self, id: u32);
    /// As [`Lane::close`].
    fn close(&self) -> bool;
    /// As [`Lane::finalize`].
    fn finalize(&self);
    /// Gives up a command that blocks, and ends its wait on the server; others are left alone.
    /// Returns whether it was one.
    fn cancel(&self, id: u32) -> bool {
        let _ = id;
        false
    }
    /// The numbers of the nodes that hold keys of their own; `None` for a single server.
    fn primaries(&self) -> Option<Vec<u32>> {
        None
    }
    /// As [`submit`](Self::submit), for one of the [`primaries`](Self::primaries), whatever the keys.
    fn submit_to(&self, node: u32, pieces: &[&[u8]], entries: &[Entry]) {
        let _ = node;
        self.submit(pieces, entries, Delivery::Direct);
    }
    /// As [`Lane::config`].
    fn config(&self) -> &Config;
    /// What is connected to now, or next.
    fn target(&self) -> Target {
        self.config().target.clone()
    }
    /// As [`Lane::status`].
    fn status(&self) -> Status;
    /// As [`Lane::is_active`].
    fn is_active(&self) -> bool;
    /// As [`Lane::observe`].
    fn observe(&self) -> watch::Receiver<State>;
    /// As [`Lane::buffered`].
    fn buffered(&self) -> usize;
    /// As [`Lane::backlog`].
    fn backlog(&self) -> Backlog;
}

impl Link for Lane {
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

    fn config(&self) -> &Config {
        self.config()
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
