//! Where the connection to a replica delivers that is only preferred.

use std::sync::{Arc, OnceLock, Weak};

use crate::error::Error;
use crate::redis::endpoint::Endpoint;
use crate::redis::inflight::Entry;
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::lane::{Batch, Delivery, Event, Reply, Sink};
use crate::redis::retention::{Diverted, Leftover};

/// Delivers for the replica. What that leaves without a reply only reads, so the primary is asked
/// instead, even if the replica may have served it.
pub(super) struct PreferredSink {
    sink: Arc<dyn Sink>,
    primary: OnceLock<Weak<Endpoint>>,
}

impl PreferredSink {
    pub(super) fn new(sink: Arc<dyn Sink>) -> Arc<Self> {
        Arc::new(Self {
            sink,
            primary: OnceLock::new(),
        })
    }

    /// Says who is asked instead.
    pub(super) fn attach(&self, primary: &Arc<Endpoint>) {
        self.primary.get_or_init(|| Arc::downgrade(primary));
    }
}

impl Sink for PreferredSink {
    fn replies(&self, batch: Batch) {
        self.sink.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.sink.failed(ids, error);
    }

    fn event(&self, event: Event) {
        self.sink.event(event);
    }

    fn diverted(&self, replies: Vec<Diverted>) {
        for Diverted { entry, reply, .. } in replies {
            let whole = Reply {
                entry: Some(entry),
                start: 0,
                end: reply.len(),
            };
            self.sink.replies(Batch {
                bytes: reply,
                replies: vec![whole],
            });
        }
    }

    fn returned(&self, leftover: Leftover, error: &Error) {
        let commands = leftover.commands;
        if commands.is_empty() {
            return;
        }
        let entries: Vec<Entry> = commands.iter().map(|command| command.entry).collect();
        let primary = self.primary.get().and_then(Weak::upgrade);
        // When the client was closed, so is this.
        if let Some(primary) = primary.filter(|primary| !primary.shared().has_ended()) {
            let pieces: Vec<&[u8]> = commands
                .iter()
                .map(|command| &command.command[..])
                .collect();
            primary
                .shared()
                .submit(&pieces, &entries, Delivery::Gathered);
            return;
        }
        let ids = entries.iter().map(|entry| entry.id).collect();
        self.sink.failed(ids, error);
    }

    #[cfg(unix)]
    fn reads(&self) -> bool {
        self.sink.reads()
    }

    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        self.sink.adopt(inlet);
    }
}
