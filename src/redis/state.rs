//! The state of a connection as its users may watch it.

use super::config::{Config, Options, Status};

/// Flags of a connection; with the two of the [`Options`] they are what Bun's client keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts, named as the specification names them"
)]
pub struct ConnectionFlags {
    /// The server has accepted the login of the current connection.
    pub is_authenticated: bool,
    /// `close` was called, and not `connect` since.
    pub is_manually_closed: bool,
    /// The login is accepted and the URL's database is being selected; commands wait for it.
    pub is_selecting_db_internal: bool,
    /// As in the options: commands wait for a connection.
    pub enable_offline_queue: bool,
    /// There is no socket and none is being opened: the client was never used, or has ended.
    pub needs_to_open_socket: bool,
    /// As in the options: a lost connection is made again.
    pub enable_auto_reconnect: bool,
    /// A connection was lost, or an attempt failed, and another one is on its way.
    pub is_reconnecting: bool,
    /// The client has given up; commands fail until it is connected again.
    pub failed: bool,
    /// As in the options: the commands of concurrent callers are sent together.
    pub enable_auto_pipelining: bool,
    /// Every handle of the client is gone.
    pub finalized: bool,
    /// `connect` answers with the client, as always in Rust; in JavaScript it answers with the
    /// server's greeting.
    pub connection_promise_returns_client: bool,
}

impl ConnectionFlags {
    /// The flags that only repeat the options.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        Self {
            enable_offline_queue: options.enable_offline_queue,
            enable_auto_reconnect: options.enable_auto_reconnect,
            enable_auto_pipelining: options.enable_auto_pipelining,
            ..Self::default()
        }
    }
}

/// Status and flags at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// What commands have to expect.
    pub status: Status,
    /// The details.
    pub flags: ConnectionFlags,
}

/// What a lane is in the course of doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Never connected, or closed before anything was dialled.
    Idle,
    /// The driver is dialling, shaking hands or waiting to try again.
    Connecting,
    /// Commands go to the socket.
    Ready,
    /// By `close`; only `connect` revives it.
    Closed,
    /// Given up; only `connect` revives it.
    Failed,
}

impl Phase {
    pub(super) fn has_ended(self) -> bool {
        matches!(self, Self::Closed | Self::Failed)
    }
}

/// What a state is derived from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) phase: Phase,
    pub(super) greeted: bool,
    pub(super) lost: bool,
    pub(super) finalized: bool,
}

impl Facts {
    pub(super) fn status(self) -> Status {
        match self.phase {
            Phase::Idle | Phase::Closed | Phase::Failed => Status::Disconnected,
            Phase::Connecting if !self.greeted => Status::Connecting,
            Phase::Connecting | Phase::Ready => Status::Connected,
        }
    }

    pub(super) fn state(self, config: &Config) -> State {
        let connecting = self.phase == Phase::Connecting;
        State {
            status: self.status(),
            flags: ConnectionFlags {
                is_authenticated: self.greeted,
                is_manually_closed: self.phase == Phase::Closed,
                is_selecting_db_internal: connecting && self.greeted && config.target.database > 0,
                needs_to_open_socket: self.phase == Phase::Idle || self.phase.has_ended(),
                is_reconnecting: connecting && self.lost,
                failed: self.phase == Phase::Failed,
                finalized: self.finalized,
                connection_promise_returns_client: true,
                ..ConnectionFlags::of(&config.options)
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts {
        phase: Phase::Idle,
        greeted: false,
        lost: false,
        finalized: false,
    };

    fn config() -> Config {
        Config {
            target: crate::redis::url::parse("redis://h/1").unwrap(),
            options: Options::default(),
        }
    }

    fn state(facts: Facts) -> State {
        facts.state(&config())
    }

    #[test]
    fn a_life_from_the_first_dial_to_the_connection() {
        let idle = state(FACTS);
        assert_eq!(idle.status, Status::Disconnected);
        assert!(idle.flags.needs_to_open_socket && !idle.flags.failed);

        let dialling = Facts {
            phase: Phase::Connecting,
            ..FACTS
        };
        assert_eq!(state(dialling).status, Status::Connecting);
        let selecting = state(Facts {
            greeted: true,
            ..dialling
        });
        assert_eq!(selecting.status, Status::Connected);
        assert!(selecting.flags.is_authenticated && selecting.flags.is_selecting_db_internal);

        let ready = state(Facts {
            phase: Phase::Ready,
            greeted: true,
            ..FACTS
        });
        assert!(ready.flags.is_authenticated && !ready.flags.is_selecting_db_internal);

        let again = state(Facts {
            lost: true,
            ..dialling
        });
        assert!(again.flags.is_reconnecting && !again.flags.needs_to_open_socket);
    }

    #[test]
    fn an_end_is_either_wanted_or_a_failure() {
        let ended = |phase| state(Facts { phase, ..FACTS }).flags;
        let (failed, closed) = (ended(Phase::Failed), ended(Phase::Closed));
        assert!(failed.failed && !failed.is_manually_closed && failed.needs_to_open_socket);
        assert!(!closed.failed && closed.is_manually_closed && closed.needs_to_open_socket);
    }

    #[test]
    fn the_options_are_repeated() {
        let mut config = config();
        config.options.enable_offline_queue = false;
        let flags = FACTS.state(&config).flags;
        assert!(!flags.enable_offline_queue && flags.enable_auto_reconnect);
    }
}
