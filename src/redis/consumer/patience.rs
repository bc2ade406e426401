//! Waiting out what passes: a lost connection, a server that is starting or changing its role. Pure.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// Failures in a row after which one is told.
const MOST: u32 = 20;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// What servers say that will say something else later.
const PASSING: [&str; 5] = [
    "LOADING",
    "READONLY",
    "MASTERDOWN",
    "TRYAGAIN",
    "CLUSTERDOWN",
];

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Patience {
    failures: u32,
}

impl Patience {
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// How long to wait before another attempt; `None` for what does not pass, and for what has
    /// failed too often.
    pub fn failed(&mut self, error: &Error) -> Option<Duration> {
        self.failures += 1;
        if !passes(error) || self.failures >= MOST {
            return None;
        }
        let pause = FIRST_PAUSE * 2u32.pow((self.failures - 1).min(10));
        Some(pause.min(LONGEST_PAUSE))
    }
}

fn passes(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Connection | ErrorKind::Timeout => true,
        ErrorKind::Server => {
            let first = error.message().split(' ').next();
            first.is_some_and(|word| PASSING.contains(&word))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::lifecycle::closed;

    fn server(message: &'static str) -> Error {
        Error::new(ErrorKind::Server, "ERR_REDIS_SERVER_ERROR", message)
    }

    #[test]
    fn pauses_grow_up_to_a_limit_and_begin_anew_behind_a_success() {
        let mut patience = Patience::default();
        let pauses: Vec<u128> = std::iter::from_fn(|| patience.failed(&closed()))
            .map(|pause| pause.as_millis())
            .collect();
        assert_eq!(pauses.len(), 19);
        assert_eq!(pauses[..7], [50, 100, 200, 400, 800, 1600, 2000]);
        assert_eq!(pauses[18], 2000);
        patience.succeeded();
        assert_eq!(patience.failed(&closed()), Some(FIRST_PAUSE));
    }

    #[test]
    fn only_what_passes_is_waited_out() {
        let waits = |error| Patience::default().failed(&error).is_some();
        assert!(waits(server("LOADING the dataset")));
        assert!(waits(server("READONLY You can't write")));
        assert!(!waits(server("WRONGTYPE Operation")));
        assert!(!waits(server("LOADINGS")));
    }
}
