//! What is sent later. Pure.

use std::collections::BTreeMap;
use std::time::Instant;

/// Things by when they are due; those that are due at the same time keep their order.
#[derive(Debug)]
pub(super) struct Parked<T> {
    things: BTreeMap<(Instant, u64), T>,
    count: u64,
}

impl<T> Default for Parked<T> {
    fn default() -> Self {
        Self {
            things: BTreeMap::new(),
            count: 0,
        }
    }
}

impl<T> Parked<T> {
    /// Adds something. Returns whether it is due before everything else.
    pub(super) fn add(&mut self, due: Instant, thing: T) -> bool {
        let first = self.next().is_none_or(|next| due < next);
        self.count += 1;
        self.things.insert((due, self.count), thing);
        first
    }

    /// Takes out what is due `now`, first things first.
    pub(super) fn due(&mut self, now: Instant) -> Vec<T> {
        let later = self.things.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut self.things, later);
        due.into_values().collect()
    }

    /// Takes out everything.
    pub(super) fn all(&mut self) -> Vec<T> {
        std::mem::take(&mut self.things).into_values().collect()
    }

    /// Takes out the first that is `wanted`.
    pub(super) fn take(&mut self, wanted: impl Fn(&T) -> bool) -> Option<T> {
        let found = self.things.iter().find(|(_, thing)| wanted(thing));
        let key = found.map(|(key, _)| *key)?;
        self.things.remove(&key)
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.things.keys().next().map(|(due, _)| *due)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.things.values()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_due_comes_out_in_order() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let mut parked = Parked::default();
        assert!(parked.add(later, 'c'));
        assert!(parked.add(now, 'a'));
        assert!(!parked.add(now, 'b'));
        assert!(!parked.add(later, 'd'));
        assert_eq!(parked.next(), Some(now));
        assert_eq!(parked.due(now), ['a', 'b']);
        assert!(parked.due(now).is_empty());
        assert_eq!(parked.iter().count(), 2);
        assert_eq!(parked.take(|thing| *thing == 'd'), Some('d'));
        assert_eq!(parked.take(|thing| *thing == 'd'), None);
        assert_eq!(parked.all(), ['c']);
        assert_eq!(parked.next(), None);
    }
}
