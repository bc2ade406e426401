//! When a failed attempt is made again, and after how long. Pure: chance is an argument.
//!
//! Source: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>

use std::time::Duration;

use crate::error::{Error, ErrorKind};

const BASE: Duration = Duration::from_millis(50);
const BASE_THROTTLED: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(20);
/// Longest wait that a store may ask for.
const RETRY_AFTER_CAP: Duration = Duration::from_secs(25);

/// Whether the same request may succeed later.
#[must_use]
pub fn is_retryable(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout => true,
        ErrorKind::Server => {
            matches!(error.details().status, Some(500 | 502 | 503 | 504 | 429))
                || matches!(
                    error.code(),
                    "RequestTimeout" | "SlowDown" | "InternalError"
                )
        }
        _ => false,
    }
}

/// How long to wait before attempt `attempt` (1 is the first repetition). `chance` is in 0..1.
#[must_use]
pub fn delay(error: &Error, attempt: u32, retry_after: Option<Duration>, chance: f64) -> Duration {
    if let Some(wait) = retry_after {
        return wait.min(RETRY_AFTER_CAP);
    }
    let throttled = matches!(error.details().status, Some(429))
        || matches!(
            error.code(),
            "SlowDown" | "Throttling" | "ThrottlingException"
        );
    let base = if throttled { BASE_THROTTLED } else { BASE };
    let longest = base.saturating_mul(1 << (attempt - 1).min(16)).min(CAP);
    longest.mul_f64(chance.clamp(0.0, 1.0))
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
            (server(404, "NoSuchKey"), false),
            (server(403, "AccessDenied"), false),
            (server(501, "NotImplemented"), false),
            (
                Error::new(ErrorKind::Connection, "ConnectionClosed", "m"),
                true,
            ),
            (Error::new(ErrorKind::Tls, "EPROTO", "m"), false),
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
}
