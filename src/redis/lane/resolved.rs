//! A lane whose server is found, and may become another one.

use std::sync::Arc;

use super::{Lane, Phase};
use crate::redis::driver::End;
use crate::redis::lifecycle;
use crate::redis::resolve::Resolve;

impl Lane {
    /// What finds the server.
    pub(in crate::redis) fn resolver(&self) -> Option<Arc<dyn Resolve>> {
        self.resolver.clone()
    }

    /// Starts, as a command or `connect` does, reviving a closed or failed lane.
    pub(in crate::redis) fn begin(&self) {
        let mut outbound = self.lock();
        if outbound.phase.has_ended() {
            outbound.phase = Phase::Idle;
        }
        self.start(&mut outbound);
    }

    /// Leaves the server, or what is done to reach one; another attempt follows as `end` says.
    pub(in crate::redis) fn leave(&self, end: End) {
        let mut outbound = self.lock();
        if matches!(outbound.phase, Phase::Connecting | Phase::Ready) {
            outbound.left.get_or_insert(end);
            outbound.wake.notify_one();
        }
    }

    /// Why the driver is to leave the server, or to give up what it does to reach one.
    pub(in crate::redis) fn take_left(&self, epoch: u64) -> Option<End> {
        let mut outbound = self.lock();
        if outbound.epoch != epoch {
            return Some(End::Superseded);
        }
        outbound.left.take()
    }

    /// The server has refused a write: it is not the primary that it was. Only a resolver knows
    /// where to go instead.
    pub(in crate::redis) fn demoted(&self) {
        if self.resolver.is_some() {
            self.leave(End::Lost(lifecycle::demoted()));
        }
    }

    /// Whether the server is asked for a sign of life although nothing waits.
    pub(super) fn is_attentive(&self) -> bool {
        self.resolver
            .as_ref()
            .is_some_and(|resolver| resolver.is_attentive())
    }
}
