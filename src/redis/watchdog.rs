//! Whether a server that sends nothing is gone. Pure: told now and then what is seen.
//!
//! The kernel's own keep-alive does not see a peer whose host still answers while the server does
//! not, and sees nothing at all while unacknowledged bytes are on their way.

use std::time::{Duration, Instant};

/// What is to be seen of a connection at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// When bytes were last read.
    pub heard: Instant,
    /// What the oldest command that waits for its reply allows.
    pub oldest: Oldest,
}

/// What the oldest command that waits for its reply allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oldest {
    /// Nothing waits, or what waits may do so for any time.
    Patient,
    /// The server owes a reply.
    Owed,
    /// The server owes a reply, and a `PING` would become part of a transaction.
    OwedInTransaction,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Look again later.
    Wait,
    /// Send a `PING`.
    Probe,
    /// Give the connection up.
    Drop,
}

/// Watches one connection.
#[derive(Debug)]
pub struct Watchdog {
    limit: Duration,
    /// Since when a reply is owed without anything being heard, and when something was.
    silent: Option<(Instant, Instant)>,
    probed: bool,
}

impl Watchdog {
    /// Probes after `limit` of silence and gives up after twice as much.
    #[must_use]
    pub fn new(limit: Duration) -> Self {
        Self {
            limit,
            silent: None,
            probed: false,
        }
    }

    /// How long to wait before the next look: short against the limit, long for a timer.
    #[must_use]
    pub fn pause(&self) -> Duration {
        (self.limit / 8).max(Duration::from_millis(1))
    }

    /// The silence after which the connection is given up.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.limit * 2
    }

    /// How long a reply was owed at the last look without anything being heard; nothing when none is owed.
    #[must_use]
    pub fn silence(&self, now: Instant) -> Duration {
        let since = self.silent.map_or(now, |(since, _)| since);
        now.saturating_duration_since(since)
    }

    /// Takes a look.
    pub fn look(&mut self, now: Instant, sight: Sight) -> Order {
        let silent = self.silent.filter(|(_, heard)| *heard == sight.heard);
        if sight.oldest == Oldest::Patient {
            self.silent = None;
            return Order::Wait;
        }
        let Some((since, _)) = silent else {
            self.silent = Some((now, sight.heard));
            self.probed = false;
            return Order::Wait;
        };
        let silence = now.saturating_duration_since(since);
        if silence >= self.patience() {
            return Order::Drop;
        }
        if silence < self.limit || self.probed {
            return Order::Wait;
        }
        self.probed = true;
        match sight.oldest {
            Oldest::Owed => Order::Probe,
            Oldest::OwedInTransaction | Oldest::Patient => Order::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Looks once a second; returns the orders that are not to wait, with their second.
    fn orders(sights: impl IntoIterator<Item = (u32, Oldest)>) -> Vec<(u32, Order)> {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(10 * SECOND);
        (0..)
            .zip(sights)
            .map(|(second, (heard, oldest))| {
                let now = start + SECOND * second;
                let heard = start + SECOND * heard;
                (second, watchdog.look(now, Sight { heard, oldest }))
            })
            .filter(|(_, order)| *order != Order::Wait)
            .collect()
    }

    #[test]
    fn silence_is_probed_once_and_then_given_up() {
        let sights = (0..22).map(|_| (7, Oldest::Owed));
        let expected = [(10, Order::Probe), (20, Order::Drop), (21, Order::Drop)];
        assert_eq!(orders(sights), expected);
    }

    #[test]
    fn any_byte_starts_the_silence_anew() {
        let trickle = (0..100).map(|second| (second / 9, Oldest::Owed));
        assert_eq!(orders(trickle), []);
        let once = (0..32).map(|second| (u32::from(second >= 11), Oldest::Owed));
        let expected = [(10, Order::Probe), (21, Order::Probe), (31, Order::Drop)];
        assert_eq!(orders(once), expected);
    }

    #[test]
    fn nothing_is_expected_of_an_idle_or_blocked_connection() {
        assert_eq!(orders((0..100).map(|_| (7, Oldest::Patient))), []);
        // A blocking command has ended after 50 seconds: only then does the silence count.
        let blocked = (0..100).map(|second| match second {
            0..50 => (7, Oldest::Patient),
            _ => (7, Oldest::Owed),
        });
        assert_eq!(
            orders(blocked)[..2],
            [(60, Order::Probe), (70, Order::Drop)]
        );
    }

    #[test]
    fn a_transaction_is_not_disturbed_but_given_up_all_the_same() {
        let sights = (0..21).map(|_| (7, Oldest::OwedInTransaction));
        assert_eq!(orders(sights), [(20, Order::Drop)]);
    }

    #[test]
    fn looks_are_frequent_enough() {
        assert_eq!(Watchdog::new(8 * SECOND).pause(), SECOND);
        assert!(!Watchdog::new(Duration::ZERO).pause().is_zero());
    }
}
