//! What the lock over a lane's sending guards.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;

use crate::net::stream::Socket;
use crate::redis::driver::End;
use crate::redis::outbox::Outbox;
use crate::redis::state::{Facts, Phase};

/// Who may write to the socket, and what waits.
pub(super) struct Outbound {
    pub(super) phase: Phase,
    /// Counts lives: a driver of an earlier one must not touch anything.
    pub(super) epoch: u64,
    /// Wakes the driver of this life, and no other.
    pub(super) wake: Arc<Notify>,
    pub(super) outbox: Outbox,
    pub(super) socket: Option<Arc<Socket>>,
    /// The HELLO reply of the current connection.
    pub(super) greeting: Option<Bytes>,
    /// Ids of `connect` calls that wait.
    pub(super) waiters: Vec<u32>,
    pub(super) dial_now: bool,
    /// Why the sink cannot read the current connection any more.
    pub(super) ended: Option<End>,
    /// Why the server is to be left, or the attempt to reach one to be given up.
    pub(super) left: Option<End>,
    /// A connection was lost, or an attempt failed, in this life.
    pub(super) lost: bool,
    pub(super) finalized: bool,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            phase: Phase::Idle,
            epoch: 0,
            wake: Arc::default(),
            outbox: Outbox::default(),
            socket: None,
            greeting: None,
            waiters: Vec::new(),
            dial_now: false,
            ended: None,
            left: None,
            lost: false,
            finalized: false,
        }
    }
}

impl Outbound {
    pub(super) fn facts(&self) -> Facts {
        Facts {
            phase: self.phase,
            greeted: self.greeting.is_some(),
            lost: self.lost,
            finalized: self.finalized,
        }
    }
}
