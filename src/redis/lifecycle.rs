//! When to try again and when to give up. Pure: the driver does the waiting.

use std::time::Duration;

use super::config::{Address, Options};
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

    /// How many attempts have failed in a row.
    #[must_use]
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// A connection was lost or an attempt failed because of `cause`.
    pub fn lost(&mut self, options: &Options, cause: &Error) -> Verdict {
        if !options.enable_auto_reconnect {
            return Verdict::GiveUp(last(closed(), cause));
        }
        self.failed = self.failed.saturating_add(1);
        if self.failed > options.max_retries {
            let spent = Error::new(
                ErrorKind::Connection,
                "ERR_REDIS_CONNECTION_CLOSED",
                "Max reconnection attempts reached",
            );
            return Verdict::GiveUp(last(spent, cause));
        }
        let doublings = (self.failed - 1).min(16);
        let delay = (FIRST_DELAY_MS << doublings).min(LONGEST_DELAY_MS);
        Verdict::RetryAfter(Duration::from_millis(delay))
    }
}

/// A pause of at least half of `longest`, as chance has it, so that those who lost a server together
/// do not come back together: `chance` is any number.
#[must_use]
pub fn jittered(longest: Duration, chance: u64) -> Duration {
    let half = u64::try_from(longest.as_millis() / 2).unwrap_or(u64::MAX - 1);
    Duration::from_millis(half + chance % (half + 1))
}

/// What the last failure is told as: a refusal and a timeout speak for themselves, a lost
/// connection is the cause of `verdict`.
fn last(verdict: Error, cause: &Error) -> Error {
    match cause.kind() {
        ErrorKind::Connection if !is_about_sentinels(cause) => verdict.with_source(cause.clone()),
        _ => cause.clone(),
    }
}

/// Whether a server that answers a handshake with this text may accept it soon: it is starting, is
/// full, or is between two roles.
#[must_use]
pub fn passes(text: &str) -> bool {
    let passing = [
        "LOADING",
        "MASTERDOWN",
        "CLUSTERDOWN",
        "TRYAGAIN",
        "BUSY",
        "ERR max number of clients",
    ];
    passing.iter().any(|start| text.starts_with(start))
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

/// What those who asked to connect are told when the client has failed because of `cause`.
#[must_use]
pub fn ended(cause: &Error) -> Error {
    if is_about_sentinels(cause) {
        cause.clone()
    } else {
        closed().with_source(cause.clone())
    }
}

/// Whether no server was found: no connection was there that could be closed.
fn is_about_sentinels(error: &Error) -> bool {
    error.code().starts_with("ERR_REDIS_SENTINEL")
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

/// The error of who asks for a connection of their own where there is none.
#[must_use]
pub fn no_lease() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_REDIS_CLUSTER_UNSUPPORTED",
        "a connection of a cluster leads to one of its nodes: say which one",
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

/// The error of a connection whose server refused a write because it follows another one.
#[must_use]
pub fn demoted() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        "The server is not the primary any more",
    )
}

/// The error of a connection that is left because the primary is another server now.
#[must_use]
pub fn moved(primary: &Address) -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        format!("The primary is {primary} now"),
    )
}

/// The error of a connection to a node that does not answer, and whose slots have another one now.
#[must_use]
pub fn replaced() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ERR_REDIS_CONNECTION_CLOSED",
        "The node does not answer, and others have taken over",
    )
}

/// The error of a connection whose server left commands without an answer and kept silent when
/// asked.
#[must_use]
pub fn dead_peer(silence: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        "ERR_REDIS_CONNECTION_CLOSED",
        format!(
            "The server has sent nothing for {}ms although a command waits",
            silence.as_millis()
        ),
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

    fn dropped() -> Error {
        Error::new(ErrorKind::Connection, "", "connection lost")
    }

    fn delays(options: &Options, count: usize) -> Vec<u128> {
        let mut attempts = Attempts::default();
        (0..count)
            .map_while(|_| match attempts.lost(options, &dropped()) {
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
            Attempts::default().lost(&off, &dropped()),
            Verdict::GiveUp(error) if error.message() == "Connection closed"
        ));
        let none = Options {
            max_retries: 0,
            ..Options::default()
        };
        assert!(matches!(
            Attempts::default().lost(&none, &dropped()),
            Verdict::GiveUp(error) if error.message() == "Max reconnection attempts reached"
        ));
    }

    #[test]
    fn jitter_spreads_over_the_second_half() {
        let longest = Duration::from_millis(200);
        let all: Vec<u128> = (0..500)
            .map(|chance| jittered(longest, chance).as_millis())
            .collect();
        assert_eq!(all.iter().min(), Some(&100));
        assert_eq!(all.iter().max(), Some(&200));
        assert_eq!(jittered(Duration::ZERO, u64::MAX), Duration::ZERO);
        assert!(jittered(Duration::MAX, u64::MAX) > longest);
    }

    #[test]
    fn an_accepted_handshake_starts_the_count_anew() {
        let options = Options {
            max_retries: 2,
            ..Options::default()
        };
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            let verdict = attempts.lost(&options, &dropped());
            assert!(matches!(verdict, Verdict::RetryAfter(_)));
            attempts.reset();
        }
    }

    #[test]
    fn the_last_failure_is_told_with_its_cause_or_as_itself() {
        let options = Options {
            max_retries: 1,
            ..Options::default()
        };
        let give_up = |cause: &Error| {
            let mut attempts = Attempts::default();
            attempts.lost(&options, cause);
            match attempts.lost(&options, cause) {
                Verdict::GiveUp(error) => error,
                Verdict::RetryAfter(_) => panic!("a second retry"),
            }
        };
        let lost = give_up(&dropped());
        let source = std::error::Error::source(&lost).unwrap();
        assert_eq!(source.to_string(), "connection lost");
        let late = give_up(&connect_timeout(50));
        assert_eq!(late.code(), "ERR_REDIS_CONNECTION_TIMEOUT");
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        assert!(passes("LOADING Redis is loading the dataset in memory"));
        assert!(passes(
            "ERR max number of clients + cluster connections reached"
        ));
        assert!(!passes("WRONGPASS invalid username-password pair"));
        assert!(!passes("NOAUTH Authentication required."));
    }
}
