//! Which connections of a set are free, taken or waited for. Pure: its owner opens and closes them,
//! and tells the time.
//!
//! One machine for the spare connections of a client and for pools. A connection is known by a
//! number that is never used again.

use std::collections::{HashSet, VecDeque};

/// Bounds of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// So many are kept although nobody needs them.
    pub min: usize,
    /// There are never more.
    pub max: usize,
    /// So many may wait for one.
    pub max_waiting: usize,
}

/// How many there are at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Taken by somebody, or being opened.
    pub in_use: usize,
    /// Free.
    pub idle: usize,
    /// Those who wait for one.
    pub waiting: usize,
}

impl Counts {
    /// All connections.
    #[must_use]
    pub fn total(&self) -> usize {
        self.in_use + self.idle
    }
}

/// What becomes of one who asks for a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<W> {
    /// This connection, which was idle.
    Idle(u64, W),
    /// A connection under this number, which is to be opened.
    Opened(u64, W),
    /// It waits.
    Waits,
    /// Too many wait already.
    Refused(W),
}

/// The connections, and those who wait for one.
#[derive(Debug)]
pub struct Slots<W> {
    limits: Limits,
    last: u64,
    /// With the time since when they are idle; the latest is used first, so that the rest may age.
    idle: Vec<(u64, u64)>,
    taken: HashSet<u64>,
    waiting: VecDeque<W>,
}

impl<W> Slots<W> {
    /// No connection yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            last: 0,
            idle: Vec::new(),
            taken: HashSet::new(),
            waiting: VecDeque::new(),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            in_use: self.taken.len(),
            idle: self.idle.len(),
            waiting: self.waiting.len(),
        }
    }

    /// The connections that are idle.
    pub fn idle(&self) -> impl Iterator<Item = u64> {
        self.idle.iter().map(|(key, _)| *key)
    }

    /// Somebody asks for a connection; of those that are idle, one that is `usable`.
    pub fn take(&mut self, work: W, usable: impl Fn(u64) -> bool) -> Taken<W> {
        // Nobody overtakes.
        if self.waiting.is_empty() {
            if let Some(at) = self.idle.iter().rposition(|(key, _)| usable(*key)) {
                let (key, _) = self.idle.remove(at);
                self.taken.insert(key);
                return Taken::Idle(key, work);
            }
            if let Some(key) = self.open() {
                return Taken::Opened(key, work);
            }
        }
        if self.waiting.len() >= self.limits.max_waiting {
            return Taken::Refused(work);
        }
        self.waiting.push_back(work);
        Taken::Waits
    }

    /// The number of a further connection, which counts as taken; `None` when there are enough.
    pub fn open(&mut self) -> Option<u64> {
        if self.counts().total() >= self.limits.max {
            return None;
        }
        self.last += 1;
        self.taken.insert(self.last);
        Some(self.last)
    }

    /// Whether there are fewer than should be kept.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.counts().total() < self.limits.min
    }

    /// A taken connection is free again. The next who waits gets it, else it is idle from `now` on.
    pub fn give_back(&mut self, key: u64, now: u64) -> Option<W> {
        if !self.taken.contains(&key) {
            return None;
        }
        let next = self.waiting.pop_front();
        if next.is_none() {
            self.taken.remove(&key);
            self.idle.push((key, now));
        }
        next
    }

    /// An idle connection has become usable: the next who waits gets it.
    pub fn offer(&mut self, key: u64) -> Option<W> {
        let at = self.idle.iter().position(|(idle, _)| *idle == key)?;
        let next = self.waiting.pop_front()?;
        self.idle.remove(at);
        self.taken.insert(key);
        Some(next)
    }

    /// A connection is gone. The next who waits gets another, which is to be opened.
    pub fn lost(&mut self, key: u64) -> Option<(u64, W)> {
        let taken = self.taken.remove(&key);
        let before = self.idle.len();
        self.idle.retain(|(idle, _)| *idle != key);
        if (!taken && before == self.idle.len()) || self.waiting.is_empty() {
            return None;
        }
        let key = self.open()?;
        self.waiting.pop_front().map(|work| (key, work))
    }

    /// An idle connection does something: it is as if it had become idle now.
    pub fn touch(&mut self, key: u64, now: u64) {
        if let Some(idle) = self.idle.iter_mut().find(|(idle, _)| *idle == key) {
            idle.1 = now;
        }
    }

    /// Takes out those who wait and are `meant`.
    pub fn withdraw(&mut self, meant: impl Fn(&W) -> bool) -> Vec<W> {
        let (out, stay) = self.waiting.drain(..).partition(meant);
        self.waiting = stay;
        Vec::from(out)
    }

    /// Takes out the connections that have been idle for `patience`, but for those that are kept.
    pub fn expired(&mut self, now: u64, patience: u64) -> Vec<u64> {
        let mut spare = self.counts().total().saturating_sub(self.limits.min);
        let mut expired = Vec::new();
        self.idle.retain(|(key, since)| {
            let goes = spare > 0 && since.saturating_add(patience) <= now;
            if goes {
                spare -= 1;
                expired.push(*key);
            }
            !goes
        });
        expired
    }

    /// When the next connection may expire.
    #[must_use]
    pub fn next_expiry(&self, patience: u64) -> Option<u64> {
        if self.counts().total() <= self.limits.min {
            return None;
        }
        let since = self.idle.iter().map(|(_, since)| *since).min()?;
        Some(since.saturating_add(patience))
    }

    /// Forgets every connection; returns those who waited.
    pub fn clear(&mut self) -> Vec<W> {
        self.idle.clear();
        self.taken.clear();
        self.waiting.drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(min: usize, max: usize, max_waiting: usize) -> Slots<&'static str> {
        Slots::new(Limits {
            min,
            max,
            max_waiting,
        })
    }

    fn all(_: u64) -> bool {
        true
    }

    #[test]
    fn they_are_opened_up_to_the_bound_and_then_waited_for_in_order() {
        let mut slots = slots(0, 2, 2);
        assert_eq!(slots.take("a", all), Taken::Opened(1, "a"));
        assert_eq!(slots.take("b", all), Taken::Opened(2, "b"));
        assert_eq!(slots.take("c", all), Taken::Waits);
        assert_eq!(slots.take("d", all), Taken::Waits);
        assert_eq!(slots.take("e", all), Taken::Refused("e"));
        assert_eq!(slots.give_back(1, 0), Some("c"));
        assert_eq!(slots.lost(2), Some((3, "d")));
        assert_eq!(slots.give_back(1, 0), None);
        let counts = slots.counts();
        assert_eq!((counts.in_use, counts.idle, counts.waiting), (1, 1, 0));
        assert_eq!(slots.take("f", all), Taken::Idle(1, "f"));
    }

    #[test]
    fn nobody_overtakes_those_who_wait() {
        let mut slots = slots(0, 1, 9);
        assert_eq!(slots.take("a", all), Taken::Opened(1, "a"));
        assert_eq!(slots.give_back(1, 0), None);
        // It is idle, but busy with something else.
        assert_eq!(slots.take("b", |_| false), Taken::Waits);
        assert_eq!(slots.take("c", all), Taken::Waits);
        assert_eq!(slots.offer(1), Some("b"));
        assert_eq!(slots.offer(1), None);
        assert_eq!(slots.give_back(1, 0), Some("c"));
    }

    #[test]
    fn what_is_unknown_or_given_back_twice_changes_nothing() {
        let mut slots = slots(0, 1, 9);
        assert_eq!(slots.take("a", all), Taken::Opened(1, "a"));
        assert_eq!(slots.take("b", all), Taken::Waits);
        assert_eq!(slots.give_back(7, 0), None);
        assert_eq!(slots.lost(7), None);
        assert_eq!(slots.lost(1), Some((2, "b")));
        assert_eq!(slots.lost(1), None);
        assert_eq!(slots.give_back(1, 0), None);
        assert_eq!(slots.counts().total(), 1);
    }

    #[test]
    fn the_idle_expire_but_for_those_that_are_kept() {
        let mut slots = slots(1, 9, 0);
        for work in ["a", "b", "c"] {
            slots.take(work, all);
        }
        for (key, now) in [(2, 10), (1, 20), (3, 30)] {
            slots.give_back(key, now);
        }
        assert_eq!(slots.next_expiry(100), Some(110));
        assert!(slots.expired(109, 100).is_empty());
        slots.touch(2, 50);
        assert_eq!(slots.expired(120, 100), [1]);
        assert_eq!(slots.expired(900, 100), [2]);
        assert_eq!(slots.next_expiry(100), None);
        assert_eq!(slots.counts().idle, 1);
        assert!(!slots.is_short());
        slots.lost(3);
        assert!(slots.is_short());
    }

    #[test]
    fn one_who_gives_up_waits_no_more() {
        let mut slots = slots(0, 1, 9);
        for work in ["a", "b", "c"] {
            slots.take(work, all);
        }
        assert_eq!(slots.withdraw(|work| *work == "b"), ["b"]);
        assert_eq!(slots.give_back(1, 0), Some("c"));
        assert_eq!(slots.clear(), Vec::<&str>::new());
        assert_eq!(slots.counts(), Counts::default());
    }
}
