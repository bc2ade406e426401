//! Time limits of a connection.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is cheap to set again: it fires early, looks at the deadline and sleeps on.
pub(super) struct Watchdog {
    sleep: Pin<Box<Sleep>>,
    deadline: Option<Instant>,
}

/// How long a timer sleeps when there is no deadline.
const FAR: Duration = Duration::from_hours(24);

impl Watchdog {
    /// Must be called on a runtime that outlives the timer.
    pub(super) fn new() -> Self {
        Self {
            sleep: Box::pin(sleep_until(Instant::now() + FAR)),
            deadline: None,
        }
    }

    /// Sets the deadline; none without a limit.
    pub(super) fn arm(&mut self, limit: Option<Duration>) {
        self.deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        if let Some(deadline) = self.deadline
            && self.sleep.deadline() > deadline
        {
            self.sleep.as_mut().reset(deadline);
        }
    }

    /// Ready when the deadline has passed.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(context));
            let now = Instant::now();
            match self.deadline {
                Some(deadline) if deadline <= now => return Poll::Ready(()),
                deadline => self.sleep.as_mut().reset(deadline.unwrap_or(now + FAR)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test(start_paused = true)]
    async fn the_last_deadline_counts() {
        let begun = Instant::now();
        let mut watchdog = Watchdog::new();
        for seconds in [60, 5, 30, 7] {
            watchdog.arm(Some(Duration::from_secs(seconds)));
        }
        poll_fn(|context| watchdog.poll(context)).await;
        assert_eq!(begun.elapsed().as_secs(), 7);
        watchdog.arm(None);
        let wait = poll_fn(|context| watchdog.poll(context));
        let limit = Duration::from_secs(1_000_000);
        assert!(tokio::time::timeout(limit, wait).await.is_err());
    }
}
