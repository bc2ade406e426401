//! Closing and failing, as a lane does.

use super::Cluster;
use super::life::tell_all;
use crate::error::Error;
use crate::redis::callers::lock;
use crate::redis::lane::Event;
use crate::redis::lifecycle;
use crate::redis::state::Phase;

impl Cluster {
    /// Closes all connections; everything that waits fails with "Connection closed". Does nothing
    /// on a cluster that was never connected or has ended. Returns whether there was something to
    /// close.
    pub fn close(&self) -> bool {
        let closed = lifecycle::closed();
        self.end(None, &closed, &closed, Phase::Closed)
    }

    /// Closes for good: the last handle is gone.
    pub fn finalize(&self) {
        self.close();
        let mut life = lock(&self.life);
        life.finalized = true;
        self.publish(&life);
    }

    /// The nodes cannot be found.
    pub(super) fn fail(&self, epoch: u64, error: &Error) {
        let closed = lifecycle::closed().with_source(error.clone());
        self.end(Some(epoch), error, &closed, Phase::Failed);
    }

    fn end(&self, epoch: Option<u64>, error: &Error, closed: &Error, phase: Phase) -> bool {
        let mut life = lock(&self.life);
        if !life.is_active() || epoch.is_some_and(|epoch| epoch != life.epoch) {
            return false;
        }
        life.phase = phase;
        life.epoch += 1;
        life.greeting = None;
        life.found = false;
        let early = std::mem::take(&mut life.early);
        let callers = std::mem::take(&mut life.callers);
        let lookers = std::mem::take(&mut life.lookers);
        self.replace_map(None);
        self.publish(&life);
        life.wake.notify_one();
        drop(life);
        if phase == Phase::Failed {
            self.sink.event(Event::Closed(closed.clone()));
        }
        let nodes = self.every_node();
        lock(&self.members).by_address.clear();
        lock(&self.channels).take();
        // Their commands come back, and fail because there is no map.
        for node in nodes {
            node.close();
        }
        let parked = lock(&self.parked).all();
        for work in parked {
            self.fail_work(work, error);
        }
        let ids: Vec<u32> = early
            .iter()
            .flat_map(|(_, entries)| entries.iter().map(|entry| entry.id))
            .collect();
        if !ids.is_empty() {
            self.sink.failed(ids, error);
        }
        if !callers.is_empty() {
            self.sink.failed(callers, closed);
        }
        tell_all(lookers, &Err(error.clone()));
        true
    }
}
