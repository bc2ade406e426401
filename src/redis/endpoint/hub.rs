//! What spare connections are beside.

use bytes::BytesMut;

use crate::error::Error;
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Lane};
use crate::redis::meta::Meta;
use crate::redis::resp::encode;

/// Whom spare connections belong to: the shared connection of a server, or a node of a cluster. Called under locks of the
/// spare connections' owner; must call nobody back but in `failed`.
pub(in crate::redis) trait Hub: Send + Sync {
    /// The database that a new user of a connection expects to be in.
    fn database(&self) -> u32;
    /// Whether connections may be made now; if not, they wait until there is reason to.
    fn is_greeted(&self) -> bool;
    /// Whether there will never be reason to.
    fn has_ended(&self) -> bool;
    /// These commands will get no reply.
    fn failed(&self, ids: Vec<u32>, error: &Error);
    /// Sends a command that nobody waits for, if that can be done at once.
    fn tell(&self, arguments: &[&[u8]]);
    /// What a user is told of an error of the server that leads elsewhere; `None` for the error itself.
    fn explain(&self, _text: &str) -> Option<Error> {
        None
    }
}

impl Hub for Lane {
    fn database(&self) -> u32 {
        self.context().database
    }

    fn is_greeted(&self) -> bool {
        self.is_greeted()
    }

    fn has_ended(&self) -> bool {
        self.has_ended()
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.sink().failed(ids, error);
    }

    fn tell(&self, arguments: &[&[u8]]) {
        if self.is_greeted() && !self.context().in_transaction {
            tidy(self, arguments, Meta(Meta::PROBE));
        }
    }
}

/// Sends what nobody waits for.
pub(super) fn tidy(lane: &Lane, arguments: &[&[u8]], meta: Meta) {
    let mut bytes = BytesMut::new();
    encode::command(&mut bytes, arguments);
    // A lane that has ended tells so itself.
    let _ = lane.try_submit(&[&bytes], &[Entry { id: 0, meta }], Delivery::Direct);
}
