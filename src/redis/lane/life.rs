//! How a lane's connection begins and ends.

use std::sync::{Arc, MutexGuard};

use bytes::Bytes;

use super::outbound::Outbound;
use super::{Batch, Event, Lane, Reply, ids};
use crate::error::Error;
use crate::net::runtime;
use crate::redis::driver;
use crate::redis::inflight::{Entry, Lost};
use crate::redis::lifecycle;
use crate::redis::meta::Meta;
use crate::redis::state::Phase;

impl Lane {
    /// Connects, reviving a closed or failed lane; `id` is answered with the HELLO reply.
    pub fn connect(&self, id: u32) {
        let mut outbound = self.lock();
        if let Some(greeting) = &outbound.greeting {
            let greeting = greeting.clone();
            drop(outbound);
            self.greet(greeting, &[id]);
            return;
        }
        outbound.waiters.push(id);
        outbound.dial_now = true;
        if outbound.phase.has_ended() {
            outbound.phase = Phase::Idle;
        }
        outbound.wake.notify_one();
        self.start(&mut outbound);
    }

    /// Closes the connection; everything that waits fails with "Connection closed". Does nothing
    /// on a lane that was never connected or has ended. Returns whether there was something to
    /// close.
    pub fn close(&self) -> bool {
        let outbound = self.lock();
        if outbound.phase == Phase::Idle || outbound.phase.has_ended() {
            return false;
        }
        let error = lifecycle::closed();
        self.end(outbound, &error, &error, Phase::Closed);
        true
    }

    /// Closes for good: the last handle is gone.
    pub fn finalize(&self) {
        self.close();
        let mut outbound = self.lock();
        outbound.finalized = true;
        self.publish(&outbound);
    }

    pub(super) fn start(&self, outbound: &mut Outbound) {
        // Whoever calls holds a reference.
        if let (Phase::Idle, Some(me)) = (outbound.phase, self.me.upgrade()) {
            outbound.phase = Phase::Connecting;
            outbound.epoch += 1;
            outbound.lost = false;
            outbound.wake = Arc::default();
            self.publish(outbound);
            let wake = Arc::clone(&outbound.wake);
            runtime::current().spawn(driver::run(me, outbound.epoch, wake));
        }
    }

    pub(super) fn greet(&self, greeting: Bytes, waiters: &[u32]) {
        let end = greeting.len();
        let replies = waiters
            .iter()
            .map(|&id| Reply {
                entry: Some(Entry {
                    id,
                    meta: Meta::default(),
                }),
                start: 0,
                end,
            })
            .collect();
        self.sink.replies(Batch {
            bytes: greeting,
            replies,
        });
    }

    /// Ends the lane's current life: fails commands, then `connect` calls, then tells the sink.
    pub(super) fn end(
        &self,
        mut outbound: MutexGuard<'_, Outbound>,
        error: &Error,
        closed: &Error,
        phase: Phase,
    ) {
        outbound.phase = phase;
        outbound.epoch += 1;
        outbound.socket = None;
        outbound.ended = None;
        outbound.left = None;
        outbound.greeting = None;
        outbound.dial_now = false;
        let waiters = std::mem::take(&mut outbound.waiters);
        let lost = self.inflight().lost(outbound.outbox.take());
        self.publish(&outbound);
        outbound.wake.notify_one();
        drop(outbound);
        self.log(|| format!("ended: {error}"));
        // Users see `onclose` before the rejections that it explains; one who closes knows.
        if phase == Phase::Failed {
            self.sink.event(Event::Closed(closed.clone()));
        }
        self.give_back(lost, error);
        if !waiters.is_empty() {
            self.sink.failed(waiters, closed);
        }
    }

    pub(super) fn give_back(&self, lost: Lost, error: &Error) {
        match lost {
            Lost::Entries(entries) if entries.is_empty() => {}
            Lost::Entries(entries) => self.sink.failed(ids(&entries), error),
            Lost::Kept(leftover) => self.sink.returned(leftover, error),
        }
    }
}
