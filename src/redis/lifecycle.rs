//! When to try again and when to give up. Pure: the driver does the waiting.

use std::time::Duration;

use super::config::Options;
use crate::error::{Error, ErrorKind};

const FIRST_DELAY_MS: u64 = 50;
const LONGEST_DELAY_MS: u64 = 2000;

/// What follows a lost connection or a failed attempt.
#[derive(Debug)]
pub enum Verdict {
    /// Dial again after this long.
    RetryAfter(Duration),
    /// The client has failed; commands that wait get this error.
    GiveUp(Error),
}

/// Counts consecutive attempts that did not lead to an accepted handshake.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: u32,
}

impl Attempts {
    /// A handshake was accepted, or the caller asked to connect: the count starts anew.
    pub fn reset(&mut self) {
        self.failed = 0;
    }

    /// A connection was lost or an attempt failed.
    pub fn lost(&mut self, options: &Options) -> Verdict {
        if !options.enable_auto_reconnect {
            return Verdict::GiveUp(closed());
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed > options.max_retries {
            return Verdict::GiveUp(Error::new(
                ErrorKind::Connection,
                "ERR_REDIS_CONNECTION_CLOSED",
                "Max reconnection attempts reached",
            ));
        }
        let doublings = (self.failed - 1).min(16);
        let delay = (FIRST_DELAY_MS << doublings).min(LONGEST_DELAY_MS);
        Verdict::RetryAfter(Duration::from_millis(delay))
    }
}

/// The error of what ends with the connection.
#[must_use]
pub fn closed() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        "Connection closed",
    )
}

/// The error of a command that is issued after the client failed or was closed.
#[must_use]
pub fn failed() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        "Connection has failed",
    )
}

/// The error of a command that is issued without a connection when nothing may be queued.
#[must_use]
pub fn offline() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        "Connection is closed and offline queue is disabled",
    )
}

/// The error of commands that waited for a connection for too long.
#[must_use]
pub fn connect_timeout(milliseconds: u32) -> Error {
    Error::new(
        ErrorKind::Timeout,
        "ERR_REDIS_CONNECTION_TIMEOUT",
        format!("Connection timeout reached after {milliseconds}ms"),
    )
}

/// The error of commands that waited when the server fell silent.
#[must_use]
pub fn idle_timeout(milliseconds: u32) -> Error {
    Error::new(
        ErrorKind::Timeout,
        "ERR_REDIS_IDLE_TIMEOUT",
        format!("Idle timeout reached after {milliseconds}ms"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(options: &Options, count: usize) -> Vec<u128> {
        let mut attempts = Attempts::default();
        (0..count)
            .map_while(|_| match attempts.lost(options) {
                Verdict::RetryAfter(delay) => Some(delay.as_millis()),
                Verdict::GiveUp(_) => None,
            })
            .collect()
    }

    #[test]
    fn delays_double_up_to_two_seconds() {
        let delays = delays(&Options::default(), 30);
        assert_eq!(delays[..8], [50, 100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(delays.len(), 20);
    }

    #[test]
    fn no_retry_when_it_is_off_or_spent() {
        let off = Options {
            enable_auto_reconnect: false,
            ..Options::default()
        };
        assert!(matches!(
            Attempts::default().lost(&off),
            Verdict::GiveUp(error) if error.message() == "Connection closed"
        ));
        let none = Options {
            max_retries: 0,
            ..Options::default()
        };
        assert!(matches!(
            Attempts::default().lost(&none),
            Verdict::GiveUp(error) if error.message() == "Max reconnection attempts reached"
        ));
    }

    #[test]
    fn an_accepted_handshake_starts_the_count_anew() {
        let options = Options {
            max_retries: 2,
            ..Options::default()
        };
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            assert!(matches!(attempts.lost(&options), Verdict::RetryAfter(_)));
            attempts.reset();
        }
    }
}
