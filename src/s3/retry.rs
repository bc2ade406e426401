//! When a failed attempt is made again, and after how long. Pure: chance and time are arguments.
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use crate::error::{Error, ErrorKind};

const BASE: Duration = Duration::from_millis(50);
const BASE_THROTTLED: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(20);
/// Longest wait that a store may ask for.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(25);

/// Tokens of a client in good times.
const CAPACITY: u32 = 500;
/// Tokens that a repetition costs; it gives them back when it succeeds.
const COST: u32 = 5;
/// Tokens that a success at the first attempt gives back.
const REFILL: u32 = 1;

/// Repetitions that a client can afford. When a store is down, this keeps many calls from
/// repeating all their requests.
#[derive(Debug)]
pub struct Budget {
    tokens: AtomicU32,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            tokens: AtomicU32::new(CAPACITY),
        }
    }
}

impl Budget {
    fn take(&self) -> bool {
        let spend = |tokens: u32| tokens.checked_sub(COST);
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
            .is_ok()
    }

    fn give(&self, count: u32) {
        // Nearly always full: looking costs less than writing.
        if self.tokens.load(Ordering::Relaxed) < CAPACITY {
            let fill = |tokens: u32| Some((tokens + count).min(CAPACITY));
            let _ = self
                .tokens
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fill);
        }
    }
}

/// The attempts of one call.
#[derive(Debug, Clone)]
pub struct Attempts {
    limit: u32,
    failed: u32,
}

impl Attempts {
    /// A call with at most `limit` repetitions.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { limit, failed: 0 }
    }

    /// After a failure: how long to wait before the next attempt, or `None` to give up. `chance`
    /// is in 0..1.
    pub fn failed(
        &mut self,
        error: &Error,
        retry_after: Option<Duration>,
        budget: &Budget,
        chance: f64,
    ) -> Option<Duration> {
        if self.failed == self.limit || !is_retryable(error) || !budget.take() {
            return None;
        }
        self.failed += 1;
        Some(delay(error, self.failed, retry_after, chance))
    }

    /// After a success.
    pub fn succeeded(&self, budget: &Budget) {
        budget.give(if self.failed == 0 { REFILL } else { COST });
    }

    /// After progress, as of a body of which another piece has come: the count begins anew.
    pub fn reset(&mut self) {
        self.failed = 0;
    }
}

/// Whether the same request may succeed later.
#[must_use]
pub fn is_retryable(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout => true,
        ErrorKind::Server => {
            matches!(
                error.details().status,
                Some(408 | 429 | 500 | 502 | 503 | 504)
            ) || is_throttling(error)
                || matches!(
                    error.code(),
                    "RequestTimeout"
                        | "InternalError"
                        | "ServiceUnavailable"
                        // Another request about the same object is not finished yet.
                        | "OperationAborted"
                        | "ConditionalRequestConflict"
                )
        }
        _ => false,
    }
}

fn is_throttling(error: &Error) -> bool {
    error.details().status == Some(429)
        || matches!(
            error.code(),
            "SlowDown"
                | "Throttling"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "TooManyRequests"
        )
}

fn delay(error: &Error, attempt: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    if let Some(wait) = retry_after {
        return wait.min(RETRY_AFTER_CAP);
    }
    let base = if is_throttling(error) {
        BASE_THROTTLED
    } else {
        BASE
    };
    let longest = base.saturating_mul(1 << (attempt - 1).min(16)).min(CAP);
    longest.mul_f64(chance.clamp(0.0, 1.0))
}

/// The wait that `Retry-After` asks for, in seconds or until a date.
#[must_use]
pub fn retry_after(header: Option<&str>, now: SystemTime) -> Option<Duration> {
    let text = header?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// By how many seconds the store's clock, as its `Date` header tells it, is ahead of ours.
#[must_use]
pub fn clock_offset(date: Option<&str>, now: SystemTime) -> Option<i64> {
    let date = httpdate::parse_http_date(date?).ok()?;
    let seconds = |span: Duration| i64::try_from(span.as_secs()).ok();
    match date.duration_since(now) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => seconds(behind.duration()).map(|offset| -offset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Details;

    fn server(status: u16, code: &'static str) -> Error {
        Error::new(ErrorKind::Server, code, "m").with_details(Details {
            status: Some(status),
            ..Details::default()
        })
    }

    #[test]
    fn what_is_tried_again() {
        for (error, expected) in [
            (server(503, "SlowDown"), true),
            (server(500, "InternalError"), true),
            (server(400, "RequestTimeout"), true),
            (server(409, "ConditionalRequestConflict"), true),
            (server(409, "BucketNotEmpty"), false),
            (server(404, "NoSuchKey"), false),
            (server(403, "AccessDenied"), false),
            (server(501, "NotImplemented"), false),
            (server(307, "TemporaryRedirect"), false),
            (
                Error::new(ErrorKind::Connection, "ConnectionClosed", "m"),
                true,
            ),
            (Error::new(ErrorKind::Timeout, "Timeout", "m"), true),
            (Error::new(ErrorKind::Tls, "EPROTO", "m"), false),
            (
                Error::new(ErrorKind::Protocol, "InvalidResponse", "m"),
                false,
            ),
            (Error::new(ErrorKind::InvalidInput, "ERR", "m"), false),
        ] {
            assert_eq!(is_retryable(&error), expected, "{error:?}");
        }
    }

    #[test]
    fn delays_grow_up_to_a_cap() {
        let error = server(500, "InternalError");
        let longest: Vec<_> = (1..12)
            .map(|n| delay(&error, n, None, 1.0).as_millis())
            .collect();
        assert_eq!(longest[..4], [50, 100, 200, 400]);
        assert_eq!(*longest.last().unwrap(), 20_000);
        assert_eq!(delay(&error, 1, None, 0.0), Duration::ZERO);
        assert_eq!(
            delay(&server(503, "SlowDown"), 1, None, 1.0),
            BASE_THROTTLED
        );
        let wait = Some(Duration::from_secs(3));
        assert_eq!(delay(&error, 1, wait, 0.5), Duration::from_secs(3));
        assert_eq!(delay(&error, 1, Some(Duration::MAX), 0.5), RETRY_AFTER_CAP);
    }

    #[test]
    fn attempts_are_counted_and_progress_begins_anew() {
        let (error, budget) = (server(500, "InternalError"), Budget::default());
        let mut attempts = Attempts::new(2);
        let failed = |attempts: &mut Attempts| attempts.failed(&error, None, &budget, 1.0);
        assert_eq!(failed(&mut attempts), Some(BASE));
        assert_eq!(failed(&mut attempts), Some(BASE * 2));
        assert_eq!(failed(&mut attempts), None);
        attempts.reset();
        assert_eq!(failed(&mut attempts), Some(BASE));
        assert_eq!(failed(&mut Attempts::new(0)), None);
    }

    #[test]
    fn a_client_stops_repeating_when_nothing_succeeds() {
        let (error, budget) = (server(503, "SlowDown"), Budget::default());
        let call = || {
            Attempts::new(1)
                .failed(&error, None, &budget, 0.0)
                .is_some()
        };
        let repeated = (0..1000).filter(|_| call()).count();
        assert_eq!(repeated, (CAPACITY / COST) as usize);
        // Five calls that succeed at once pay for one repetition.
        (0..COST).for_each(|_| Attempts::new(1).succeeded(&budget));
        assert!(call() && !call());
        (0..1000).for_each(|_| Attempts::new(1).succeeded(&budget));
        assert_eq!(budget.tokens.load(Ordering::Relaxed), CAPACITY);
        assert_eq!(
            Attempts::new(1).failed(&server(404, "x"), None, &budget, 0.0),
            None
        );
        assert_eq!(budget.tokens.load(Ordering::Relaxed), CAPACITY);
    }

    #[test]
    fn dates_of_the_store() {
        let now = httpdate::parse_http_date("Fri, 24 May 2013 00:00:00 GMT").unwrap();
        assert_eq!(retry_after(Some(" 7 "), now), Some(Duration::from_secs(7)));
        let date = Some("Fri, 24 May 2013 00:01:00 GMT");
        assert_eq!(retry_after(date, now), Some(Duration::from_mins(1)));
        assert_eq!(retry_after(Some("soon"), now), None);
        assert_eq!(clock_offset(date, now), Some(60));
        assert_eq!(
            clock_offset(Some("Thu, 23 May 2013 23:00:00 GMT"), now),
            Some(-3600)
        );
        assert_eq!(clock_offset(None, now), None);
    }
}
