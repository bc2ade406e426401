//! Where a lane delivers, and what.

use std::any::Any;

use bytes::Bytes;

use crate::error::Error;
use crate::redis::inflight::Entry;
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::retention::{Diverted, Leftover};

/// What happens on a lane besides replies.
#[derive(Debug)]
pub enum Event {
    /// The server accepted the handshake; its HELLO reply.
    Connected(Bytes),
    /// The connection is gone and another attempt will be made.
    Reconnecting,
    /// The lane is closed or has failed, and stays so until `connect`.
    Closed(Error),
    /// One of several connections is gone, with subscriptions: they must be made again, and
    /// messages may have been missed.
    SubscriptionsLost,
    /// One of several connections is gone, with what its server would have told of changed keys.
    TrackingLost,
}

/// A frame of a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    /// The command that it answers; `None` for a push such as a message.
    pub entry: Option<Entry>,
    /// Offset of the frame in the batch.
    pub start: usize,
    /// Offset behind the frame.
    pub end: usize,
}

/// Replies that were read together.
#[derive(Debug)]
pub struct Batch {
    /// The bytes that the replies point into.
    pub bytes: Bytes,
    /// In the order of arrival.
    pub replies: Vec<Reply>,
}

/// Where a lane delivers. Every id that was submitted comes back exactly once, in a batch or as
/// failed. Called on the driver's or the caller's thread; must not block.
pub trait Sink: Any + Send + Sync {
    /// Replies have arrived.
    fn replies(&self, batch: Batch);
    /// These commands will get no reply.
    fn failed(&self, ids: Vec<u32>, error: &Error);
    /// The connection's state has changed.
    fn event(&self, event: Event);
    /// These replies were not delivered; only a lane that [keeps](super::Lane::keeping) has any.
    fn diverted(&self, replies: Vec<Diverted>) {
        drop(replies);
    }
    /// What a lane that [keeps](super::Lane::keeping) gives back, in the place of `failed`.
    fn returned(&self, leftover: Leftover, error: &Error) {
        let ids = leftover.commands.iter().map(|command| command.entry.id);
        self.failed(ids.collect(), error);
    }
    /// Whether the sink wants to be told when the lane is [`quiet`](Self::quiet).
    fn minds_quiet(&self) -> bool {
        false
    }
    /// Every command that was sent has been answered.
    fn quiet(&self) {}
    /// Whether the sink has a thread of its own that can read connections without TLS.
    #[cfg(unix)]
    fn reads(&self) -> bool {
        false
    }
    /// Hands over the reading of a new connection, when the sink [`reads`](Self::reads).
    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        drop(inlet);
    }
}
