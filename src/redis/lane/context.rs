//! What a lane tells those who have several: its state on the server, and how much it has to do.

use super::{Lane, Phase};
use crate::error::Error;
use crate::redis::lifecycle;
use crate::redis::meta::Meta;

/// What a command meets that is submitted now, as far as commands before it decide that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// The database that is selected, or will be if the server accepts a `SELECT` on its way.
    pub database: u32,
    /// A transaction is open.
    pub in_transaction: bool,
    /// A command that blocks is on its way or waits on the server.
    pub holds: bool,
}

impl Lane {
    /// What a command meets that is submitted now.
    #[must_use]
    pub fn context(&self) -> Context {
        let outbound = self.lock();
        let inflight = self.inflight();
        let mut context = Context {
            database: inflight.database().unwrap_or(self.config.target.database),
            in_transaction: inflight.is_in_transaction(),
            holds: false,
        };
        for entry in inflight.entries().chain(outbound.outbox.entries()) {
            context.pass(entry.meta);
        }
        context
    }

    /// Whether this command waits and may do so for any time.
    #[must_use]
    pub fn holds(&self, id: u32) -> bool {
        self.holds_as(id, false)
    }

    /// The same for an id of the user's, or one that is [internal](crate::redis::meta::Meta::INTERNAL).
    pub(in crate::redis) fn holds_as(&self, id: u32, internal: bool) -> bool {
        let outbound = self.lock();
        let inflight = self.inflight();
        let mut entries = inflight.entries().chain(outbound.outbox.entries());
        entries.any(|entry| {
            entry.id == id && entry.meta.holds() && entry.meta.is_internal() == internal
        })
    }

    /// Commands that wait to be sent or for their reply.
    #[must_use]
    pub fn load(&self) -> usize {
        let outbound = self.lock();
        let sent = self.inflight().len();
        sent + outbound.outbox.backlog().commands
    }

    /// Where the lane delivers.
    #[must_use]
    pub fn sink(&self) -> std::sync::Arc<dyn super::Sink> {
        std::sync::Arc::clone(&self.sink)
    }

    /// Why a command would be refused that is submitted now.
    #[must_use]
    pub fn refusal(&self) -> Option<Error> {
        self.lock().refusal(&self.config)
    }

    /// Whether the server has accepted the handshake of the current connection.
    #[must_use]
    pub fn is_greeted(&self) -> bool {
        self.lock().greeting.is_some()
    }

    /// Ends the connection at once, so that the server learns of it before anything that is sent
    /// later on another one, and everything that waits with this error. The lane's users are not
    /// told in another way.
    pub fn sever(&self, error: &Error) {
        let outbound = self.lock();
        if let Some(socket) = &outbound.socket {
            socket.shut_down();
        }
        if !outbound.phase.has_ended() {
            self.end(outbound, error, error, Phase::Closed);
        }
    }
}

impl super::Outbound {
    /// Why a command is not taken, if it is not.
    pub(super) fn refusal(&self, config: &super::Config) -> Option<Error> {
        match self.phase {
            Phase::Closed | Phase::Failed => Some(lifecycle::failed()),
            // Once greeted, the lane is connected for its users and ready in a moment.
            Phase::Idle | Phase::Connecting
                if self.greeting.is_none() && !config.options.enable_offline_queue =>
            {
                Some(lifecycle::offline())
            }
            Phase::Idle | Phase::Connecting | Phase::Ready => None,
        }
    }
}

impl Context {
    /// Follows a command that passes.
    pub fn pass(&mut self, meta: Meta) {
        self.in_transaction = meta.transaction(self.in_transaction);
        self.holds |= meta.holds();
        if let Some(database) = meta.selects() {
            self.database = database;
        }
    }
}
