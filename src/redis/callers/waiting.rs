//! Callers that wait, by the ids of their commands.

use tokio::sync::oneshot;

use crate::error::Result;
use crate::redis::resp::decode::Value;

pub(super) type Caller = oneshot::Sender<Result<Value>>;

/// Callers by id.
#[derive(Default)]
pub(super) struct Waiting {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    caller: Option<Caller>,
    /// The id is not given again before its owner says so.
    kept: bool,
}

impl Waiting {
    /// Returns the caller's new id; if it is `kept`, until [`keep`](Self::keep) says otherwise.
    pub(super) fn enter(&mut self, caller: Caller, kept: bool) -> u32 {
        let slot = Slot {
            caller: Some(caller),
            kept,
        };
        if let Some(id) = self.free.pop() {
            self.slots[id as usize] = slot;
            id
        } else {
            self.slots.push(slot);
            // Four thousand million callers do not fit in memory.
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        }
    }

    /// Sets whether an id stays with its owner. Returns whether its reply is still to come.
    pub(super) fn keep(&mut self, id: u32, kept: bool) -> bool {
        let slot = &mut self.slots[id as usize];
        let pending = slot.caller.is_some();
        if std::mem::replace(&mut slot.kept, kept) && !kept && !pending {
            self.free.push(id);
        }
        pending
    }

    /// The caller with this id, if it still waits; to be served at once.
    pub(super) fn take(&mut self, id: u32) -> Option<Caller> {
        let slot = self.slots.get_mut(id as usize)?;
        let caller = slot.caller.take()?;
        if !slot.kept {
            self.free.push(id);
        }
        Some(caller)
    }
}
