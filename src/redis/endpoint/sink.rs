//! Where the connections of an endpoint deliver: to their user, and the endpoint sees what matters
//! to it.

use std::error::Error as _;
use std::sync::{Arc, OnceLock, Weak};

use super::spares::Spares;
use crate::error::Error;
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::lane::{Batch, Event, Sink};

/// Of the shared connection, whose events are its user's.
pub(super) struct SharedSink {
    user: Arc<dyn Sink>,
    spares: OnceLock<Weak<Spares>>,
}

impl SharedSink {
    pub(super) fn new(user: Arc<dyn Sink>) -> Self {
        Self {
            user,
            spares: OnceLock::new(),
        }
    }

    pub(super) fn attach(&self, spares: &Arc<Spares>) {
        // An endpoint attaches its spares once.
        let _ = self.spares.set(Arc::downgrade(spares));
    }

    fn spares(&self) -> Option<Arc<Spares>> {
        self.spares.get()?.upgrade()
    }
}

impl Sink for SharedSink {
    fn replies(&self, batch: Batch) {
        self.user.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.user.failed(ids, error);
    }

    fn event(&self, event: Event) {
        let connected = matches!(event, Event::Connected(_));
        let failed = match &event {
            Event::Closed(error) => Some(reason(error)),
            _ => None,
        };
        self.user.event(event);
        if let Some(spares) = self.spares() {
            if connected {
                spares.resume();
            }
            if let Some(error) = failed {
                spares.give_up(&error);
            }
        }
    }

    #[cfg(unix)]
    fn reads(&self) -> bool {
        self.user.reads()
    }

    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        self.user.adopt(inlet);
    }
}

/// Why a lane has failed, as its commands are told: the cause of the event's error.
fn reason(error: &Error) -> Error {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.unwrap_or(error).clone()
}

/// Of a spare connection. Its user is told when it is gone, and of nothing else that happens to it.
pub(super) struct SpareSink {
    user: Arc<dyn Sink>,
    spares: Weak<Spares>,
    key: u64,
}

impl SpareSink {
    pub(super) fn new(user: Arc<dyn Sink>, spares: Weak<Spares>, key: u64) -> Self {
        Self { user, spares, key }
    }
}

impl Sink for SpareSink {
    fn replies(&self, batch: Batch) {
        self.user.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.user.failed(ids, error);
    }

    fn event(&self, event: Event) {
        let event = match event {
            Event::Closed(error) => Event::Closed(reason(&error)),
            event => event,
        };
        if let Some(spares) = self.spares.upgrade() {
            spares.happened(self.key, event);
        }
    }

    fn minds_quiet(&self) -> bool {
        true
    }

    fn quiet(&self) {
        if let Some(spares) = self.spares.upgrade() {
            spares.quiet(self.key);
        }
    }

    #[cfg(unix)]
    fn reads(&self) -> bool {
        self.user.reads()
    }

    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        self.user.adopt(inlet);
    }
}
