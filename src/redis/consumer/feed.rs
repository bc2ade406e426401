//! Where a consumer's entries come from, in this order: what it had got before and not
//! acknowledged, what others have had for too long, and what is new. Pure.

use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};

const FIRST_ID: &str = "0";
const NO_CURSOR: &str = "0-0";
/// How often in a row a group may be gone as soon as it was made.
const MOST_MISSED: u32 = 5;

/// What to ask for next; streams are told by their number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// The groups are to be made.
    Groups,
    /// The own pending entries behind an ID.
    Pending { stream: usize, after: String },
    /// Entries that some consumer has had for too long, from a cursor on.
    Idle { stream: usize, cursor: String },
    /// New entries of all streams; to be waited for, but not for longer.
    New { wait: Duration },
}

#[derive(Debug)]
pub(super) struct Feed {
    streams: Vec<Place>,
    block: Duration,
    min_idle: Option<Duration>,
    made: bool,
    missed: u32,
}

#[derive(Debug)]
struct Place {
    /// Up to where the own pending entries are read; `None` when all are.
    pending_after: Option<String>,
    /// Where to claim next.
    cursor: String,
    /// When to claim next.
    claim_at: Option<Instant>,
}

impl Feed {
    pub fn new(streams: usize, block: Duration, min_idle: Option<Duration>, now: Instant) -> Self {
        let place = || Place {
            pending_after: Some(FIRST_ID.to_owned()),
            cursor: NO_CURSOR.to_owned(),
            claim_at: min_idle.map(|_| now),
        };
        Self {
            streams: std::iter::repeat_with(place).take(streams).collect(),
            block,
            min_idle,
            made: false,
            missed: 0,
        }
    }

    pub fn next(&self, now: Instant) -> Want {
        if !self.made {
            return Want::Groups;
        }
        for (stream, place) in self.streams.iter().enumerate() {
            if let Some(after) = place.pending_after.clone() {
                return Want::Pending { stream, after };
            }
        }
        for (stream, place) in self.streams.iter().enumerate() {
            if place.claim_at.is_some_and(|at| at <= now) {
                let cursor = place.cursor.clone();
                return Want::Idle { stream, cursor };
            }
        }
        let claim_at = self.streams.iter().filter_map(|place| place.claim_at).min();
        let wait = claim_at.map_or(self.block, |at| self.block.min(at.duration_since(now)));
        // For the server, 0 is for ever.
        let wait = wait.max(Duration::from_millis(1));
        Want::New { wait }
    }

    /// The groups are there.
    pub fn made(&mut self) {
        self.made = true;
    }

    /// The own pending entries were read up to this one; `None` if there were no more.
    pub fn pending_read(&mut self, stream: usize, last: Option<String>) {
        self.streams[stream].pending_after = last;
        self.missed = 0;
    }

    /// Entries were claimed, up to this cursor.
    pub fn claimed(&mut self, stream: usize, cursor: String, now: Instant) {
        let place = &mut self.streams[stream];
        if cursor == NO_CURSOR {
            place.claim_at = self.min_idle.map(|idle| now + idle);
        }
        place.cursor = cursor;
    }

    /// An attempt has failed. What was on its way may be pending now. Returns whether the group is
    /// to be made again.
    pub fn failed(&mut self, error: &Error) -> bool {
        for place in &mut self.streams {
            place.pending_after = Some(FIRST_ID.to_owned());
        }
        if !is_group_missing(error) {
            return false;
        }
        self.made = false;
        self.missed += 1;
        self.missed <= MOST_MISSED
    }
}

/// Whether the stream or the group is gone, also from under a read that waits.
fn is_group_missing(error: &Error) -> bool {
    let first = error.message().split(' ').next();
    error.kind() == ErrorKind::Server && matches!(first, Some("NOGROUP" | "UNBLOCKED"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: Duration = Duration::from_secs(5);
    const IDLE: Duration = Duration::from_secs(3);

    fn pending(stream: usize, after: &str) -> Want {
        let after = after.to_owned();
        Want::Pending { stream, after }
    }

    fn idle(cursor: &str) -> Want {
        let cursor = cursor.to_owned();
        Want::Idle { stream: 0, cursor }
    }

    fn gone() -> Error {
        Error::new(
            ErrorKind::Server,
            "ERR_REDIS_SERVER_ERROR",
            "NOGROUP No such key",
        )
    }

    #[test]
    fn what_is_pending_comes_before_what_is_idle_and_what_is_new() {
        let now = Instant::now();
        let mut feed = Feed::new(1, BLOCK, Some(IDLE), now);
        assert_eq!(feed.next(now), Want::Groups);
        feed.made();
        assert_eq!(feed.next(now), pending(0, "0"));
        feed.pending_read(0, Some("7-0".to_owned()));
        assert_eq!(feed.next(now), pending(0, "7-0"));
        feed.pending_read(0, None);
        assert_eq!(feed.next(now), idle("0-0"));
        feed.claimed(0, "9-0".to_owned(), now);
        assert_eq!(feed.next(now), idle("9-0"));
        feed.claimed(0, "0-0".to_owned(), now);
        // A read does not wait for longer than until the next look.
        assert_eq!(feed.next(now), Want::New { wait: IDLE });
        assert_eq!(feed.next(now + IDLE), idle("0-0"));
        let almost = now + IDLE.checked_sub(Duration::from_nanos(1)).unwrap();
        let shortest = Duration::from_millis(1);
        assert_eq!(feed.next(almost), Want::New { wait: shortest });
    }

    #[test]
    fn without_claims_only_the_own_and_the_new_are_read() {
        let now = Instant::now();
        let mut feed = Feed::new(2, BLOCK, None, now);
        feed.made();
        feed.pending_read(0, None);
        assert_eq!(feed.next(now), pending(1, "0"));
        feed.pending_read(1, None);
        assert_eq!(feed.next(now + BLOCK * 9), Want::New { wait: BLOCK });
    }

    #[test]
    fn behind_a_failure_the_pending_ones_are_read_again() {
        let now = Instant::now();
        let mut feed = Feed::new(1, BLOCK, None, now);
        feed.made();
        feed.pending_read(0, None);
        assert!(!feed.failed(&crate::redis::lifecycle::closed()));
        assert_eq!(feed.next(now), pending(0, "0"));
    }

    #[test]
    fn a_group_that_is_gone_is_made_again_but_not_for_ever() {
        let now = Instant::now();
        let mut feed = Feed::new(1, BLOCK, None, now);
        for _ in 0..MOST_MISSED {
            feed.made();
            assert!(feed.failed(&gone()));
            assert_eq!(feed.next(now), Want::Groups);
        }
        assert!(!feed.failed(&gone()));
        feed.pending_read(0, None);
        assert!(feed.failed(&gone()));
    }
}
