//! What connections deliver to callers.

use std::sync::Arc;

use super::waiting::Caller;
use super::{Callers, lock};
use crate::error::Error;
use crate::redis::lane::{Batch, Event, Sink};
use crate::redis::resp::decode::Value;

impl Sink for Callers {
    fn replies(&self, batch: Batch) {
        let mut waiting = lock(&self.waiting);
        let callers: Vec<Option<Caller>> = batch
            .replies
            .iter()
            .map(|reply| waiting.take(reply.entry?.id))
            .collect();
        // Others may register while this is decoded.
        drop(waiting);
        for (reply, caller) in batch.replies.iter().zip(callers) {
            let frame = &batch.bytes[reply.start..reply.end];
            match caller {
                // A caller that no longer waits has dropped its end.
                Some(caller) => drop(caller.send(Value::decode(frame))),
                None if reply.entry.is_none() => self.pushed(frame),
                None => {}
            }
        }
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        let mut waiting = lock(&self.waiting);
        for id in ids {
            if let Some(caller) = waiting.take(id) {
                let _ = caller.send(Err(error.clone()));
            }
        }
    }

    fn event(&self, event: Event) {
        match event {
            Event::Connected(_) => {
                if let Some(cache) = &self.cache {
                    cache.connected();
                }
                self.resubscribe();
            }
            Event::SubscriptionsLost => self.resubscribe(),
            Event::Reconnecting | Event::TrackingLost => self.forget(),
            Event::Closed(_) => {
                self.forget();
                lock(&self.listeners).clear();
            }
        }
    }
}

/// Where connections deliver beside that of the client, whose state is not the client's.
pub(in crate::redis) struct FurtherCallers(Arc<Callers>);

impl FurtherCallers {
    /// Makes one for each connection.
    pub(in crate::redis) fn maker(
        callers: &Arc<Callers>,
    ) -> impl Fn() -> Arc<dyn Sink> + Send + Sync + use<> {
        let callers = Arc::clone(callers);
        move || Arc::new(Self(Arc::clone(&callers))) as _
    }
}

impl Sink for FurtherCallers {
    fn replies(&self, batch: Batch) {
        self.0.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.0.failed(ids, error);
    }

    fn event(&self, _: Event) {}
}
