//! Where the connection to the primary delivers, on the way to its user.

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
            Event::Connected(_) | Event::SubscriptionsLost | Event::TrackingLost => {}
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
