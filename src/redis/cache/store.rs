//! Replies by command, found again by the keys that they depend on, within a number of bytes. Pure.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use crate::redis::resp::decode::Value;

/// What an entry costs beside its reply and its names, in bytes, roughly.
const ENTRY_BYTES: usize = 200;
/// What a value costs beside its content, in bytes, roughly.
const VALUE_BYTES: usize = 32;

/// What a key costs beside its two copies, in bytes, roughly.
const KEY_BYTES: usize = 200;

/// What names a reply: the command.
type Id = Arc<[u8]>;

/// What is found of a reply.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    Reply(Value),
    /// Somebody else waits for it.
    OnItsWay,
    Nothing,
}

/// A reply, or the place for one that is on its way.
#[derive(Debug)]
struct Entry {
    /// Tells it from an earlier one of the same name.
    number: u64,
    keys: Vec<Vec<u8>>,
    bytes: usize,
    /// Whether it was wanted since there was a look at it.
    used: bool,
    value: Option<Value>,
    expires: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Store {
    max_bytes: usize,
    next: u64,
    entries: HashMap<Id, Entry>,
    by_key: HashMap<Vec<u8>, HashSet<Id>>,
    /// In the order in which they were made, or looked at while they were in use. What is gone is
    /// taken out when it is its turn.
    order: VecDeque<(Id, u64)>,
    pub bytes: usize,
    pub evictions: u64,
    pub expirations: u64,
}

impl Store {
    pub fn new(max_bytes: usize) -> Self {
        Self {
            max_bytes,
            next: 0,
            entries: HashMap::new(),
            by_key: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            evictions: 0,
            expirations: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn find(&mut self, id: &[u8], now: Instant) -> Found {
        let Some(entry) = self.entries.get_mut(id) else {
            return Found::Nothing;
        };
        if entry.expires.is_some_and(|at| at <= now) {
            self.drop_entry(id);
            self.expirations += 1;
            return Found::Nothing;
        }
        entry.used = true;
        entry.value.clone().map_or(Found::OnItsWay, Found::Reply)
    }

    /// Makes a place for a reply that was not [found](Self::find). Returns its number.
    pub fn reserve(&mut self, id: &[u8], keys: Vec<Vec<u8>>) -> u64 {
        let id: Id = id.into();
        let number = self.next;
        self.next += 1;
        let names: usize = keys.iter().map(|key| KEY_BYTES + 2 * key.len()).sum();
        let bytes = ENTRY_BYTES + id.len() + names;
        for key in &keys {
            let ids = self.by_key.entry(key.clone()).or_default();
            ids.insert(Arc::clone(&id));
        }
        self.order.push_back((Arc::clone(&id), number));
        let entry = Entry {
            number,
            keys,
            bytes,
            used: false,
            value: None,
            expires: None,
        };
        self.entries.insert(id, entry);
        self.bytes += bytes;
        self.shrink();
        number
    }

    /// Keeps a reply, if its place is still there.
    pub fn fill(&mut self, id: &[u8], number: u64, value: Value, expires: Option<Instant>) {
        let Some(entry) = self.entries.get_mut(id) else {
            return;
        };
        if entry.number != number {
            return;
        }
        let bytes = size(&value);
        entry.value = Some(value);
        entry.expires = expires;
        entry.bytes += bytes;
        self.bytes += bytes;
        if self.entries[id].bytes > self.max_bytes {
            self.drop_entry(id);
        }
        self.shrink();
    }

    /// No reply has come for a place.
    pub fn release(&mut self, id: &[u8], number: u64) {
        let entry = self.entries.get(id);
        if entry.is_some_and(|entry| entry.number == number && entry.value.is_none()) {
            self.drop_entry(id);
        }
    }

    /// A key has changed. Returns how many replies and places are gone.
    pub fn invalidate(&mut self, key: &[u8]) -> u64 {
        let ids = self.by_key.remove(key).unwrap_or_default();
        for id in &ids {
            self.drop_entry(id);
        }
        ids.len() as u64
    }

    /// Takes everything out. Returns how many replies and places are gone.
    pub fn clear(&mut self) -> u64 {
        let count = self.entries.len() as u64;
        self.entries.clear();
        self.by_key.clear();
        self.order.clear();
        self.bytes = 0;
        count
    }

    /// Makes room at the expense of what was not used for the longest time, but for what was used
    /// since the last look.
    fn shrink(&mut self) {
        while self.bytes > self.max_bytes || self.order.len() > 2 * self.entries.len() + 64 {
            let Some((id, number)) = self.order.pop_front() else {
                return;
            };
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            if entry.number != number {
                continue;
            }
            if self.bytes <= self.max_bytes || std::mem::take(&mut entry.used) {
                self.order.push_back((id, number));
            } else {
                self.drop_entry(&id);
                self.evictions += 1;
            }
        }
    }

    fn drop_entry(&mut self, id: &[u8]) {
        let Some(entry) = self.entries.remove(id) else {
            return;
        };
        self.bytes -= entry.bytes;
        for key in entry.keys {
            let Some(ids) = self.by_key.get_mut(&key) else {
                continue;
            };
            ids.remove(id);
            if ids.is_empty() {
                self.by_key.remove(&key);
            }
        }
    }
}

/// How much memory a value needs, in bytes, roughly.
fn size(value: &Value) -> usize {
    VALUE_BYTES
        + match value {
            Value::Simple(text) | Value::Error(text) | Value::BigNumber(text) => text.len(),
            Value::Bulk(bytes) => bytes.len(),
            Value::Array(values) => values.iter().map(size).sum(),
            Value::Map(pairs) => {
                let pairs = pairs.iter();
                pairs.map(|(key, value)| size(key) + size(value)).sum()
            }
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Bulk(text.as_bytes().to_vec())
    }

    fn keys(names: &[&str]) -> Vec<Vec<u8>> {
        names.iter().map(|name| name.as_bytes().to_vec()).collect()
    }

    /// A store with a reply of this length to a command named like its key.
    fn put(store: &mut Store, key: &str, length: usize) {
        let number = store.reserve(key.as_bytes(), keys(&[key]));
        let value = text(&"x".repeat(length));
        store.fill(key.as_bytes(), number, value, None);
    }

    #[test]
    fn a_reply_is_there_until_one_of_its_keys_changes() {
        let now = Instant::now();
        let mut store = Store::new(10_000);
        assert_eq!(store.find(b"MGET a b", now), Found::Nothing);
        let number = store.reserve(b"MGET a b", keys(&["a", "b"]));
        assert_eq!(store.find(b"MGET a b", now), Found::OnItsWay);
        store.fill(b"MGET a b", number, text("1"), None);
        assert_eq!(store.find(b"MGET a b", now), Found::Reply(text("1")));
        assert_eq!(store.invalidate(b"c"), 0);
        assert_eq!(store.invalidate(b"b"), 1);
        assert_eq!(store.find(b"MGET a b", now), Found::Nothing);
        assert_eq!((store.bytes, store.len(), store.by_key.len()), (0, 0, 0));
    }

    #[test]
    fn a_reply_that_was_overtaken_is_not_kept() {
        let now = Instant::now();
        let mut store = Store::new(10_000);
        let number = store.reserve(b"GET a", keys(&["a"]));
        store.invalidate(b"a");
        store.fill(b"GET a", number, text("old"), None);
        assert_eq!(store.find(b"GET a", now), Found::Nothing);
        // Nor in the place that the next one has made.
        let next = store.reserve(b"GET a", keys(&["a"]));
        store.fill(b"GET a", number, text("old"), None);
        store.release(b"GET a", number);
        assert_eq!(store.find(b"GET a", now), Found::OnItsWay);
        store.fill(b"GET a", next, text("new"), None);
        assert_eq!(store.find(b"GET a", now), Found::Reply(text("new")));
        let last = store.reserve(b"GET b", keys(&["b"]));
        assert_eq!(store.clear(), 2);
        store.fill(b"GET b", last, text("lost"), None);
        assert_eq!(store.find(b"GET b", now), Found::Nothing);
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let now = Instant::now();
        let mut store = Store::new(10_000);
        for number in 0..100 {
            put(&mut store, &format!("k{number}"), 700);
            assert!(store.bytes <= 10_000);
            store.find(b"k0", now);
        }
        assert!(matches!(store.find(b"k0", now), Found::Reply(_)));
        assert!(matches!(store.find(b"k99", now), Found::Reply(_)));
        assert_eq!(store.find(b"k50", now), Found::Nothing);
        assert_eq!(store.evictions + store.len() as u64, 100);
        put(&mut store, "huge", 20_000);
        assert_eq!(store.find(b"huge", now), Found::Nothing);
        assert!(store.len() > 5);
    }

    #[test]
    fn every_key_of_a_command_costs() {
        let mut store = Store::new(1_000_000);
        let names: Vec<String> = (0..500).map(|number| number.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        store.reserve(b"MGET", keys(&names));
        // A vector, a set with one place in it, and the copies of the name.
        assert!(store.bytes >= 500 * 150, "{}", store.bytes);
    }

    #[test]
    fn what_is_gone_does_not_pile_up() {
        let mut store = Store::new(10_000);
        for _ in 0..10_000 {
            put(&mut store, "a", 1);
            store.invalidate(b"a");
        }
        assert!(store.order.len() < 100, "{}", store.order.len());
    }

    #[test]
    fn time_takes_a_reply_out() {
        let now = Instant::now();
        let mut store = Store::new(10_000);
        let number = store.reserve(b"GET a", keys(&["a"]));
        let end = now + Duration::from_secs(1);
        store.fill(b"GET a", number, text("1"), Some(end));
        assert!(matches!(store.find(b"GET a", now), Found::Reply(_)));
        assert_eq!(store.find(b"GET a", end), Found::Nothing);
        assert_eq!((store.expirations, store.bytes), (1, 0));
    }
}
