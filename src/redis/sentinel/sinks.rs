//! Where the lanes of a link deliver, on the way to its user's sink.

use std::sync::{Arc, Mutex, Weak};

use super::group::Group;
use super::split::Splitter;
use crate::error::Error;
use crate::redis::callers::lock;
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::lane::{Batch, Event, Sink};

/// Delivers for the primary, and sees its end.
pub(super) struct PrimarySink {
    pub(super) sink: Arc<dyn Sink>,
    pub(super) group: Weak<Group>,
    pub(super) splitter: Arc<Mutex<Splitter>>,
}

impl Sink for PrimarySink {
    fn replies(&self, batch: Batch) {
        self.sink.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.sink.failed(ids, error);
    }

    fn event(&self, event: Event) {
        match &event {
            Event::Connected(_) => {}
            Event::Reconnecting => lock(&self.splitter).reset(),
            Event::Closed(_) => {
                lock(&self.splitter).reset();
                if let Some(group) = self.group.upgrade() {
                    group.rest();
                }
            }
        }
        self.sink.event(event);
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

/// Delivers for a replica, whose coming and going is nobody's concern.
pub(super) struct QuietSink(pub(super) Arc<dyn Sink>);

impl Sink for QuietSink {
    fn replies(&self, batch: Batch) {
        self.0.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.0.failed(ids, error);
    }

    fn event(&self, _event: Event) {}

    #[cfg(unix)]
    fn reads(&self) -> bool {
        self.0.reads()
    }

    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        self.0.adopt(inlet);
    }
}
