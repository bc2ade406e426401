//! Replies of one client, kept until the server tells that a key has changed.
//!
//! What keeps them right: pushes are taken in where replies are read, in the order in which the
//! server has sent both. A place for a reply is made before the command goes out. Whatever may have
//! changed the reply, be it told by the server, written by this client or lost with a connection,
//! takes the place away, and the reply is handed over and not kept.
//!
//! Commands of this client that change something are noted twice, before they go out and when they
//! are answered: another thread may read in between, and the server tells its own connection of a
//! change behind the reply.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::BytesMut;

use super::callers::lock;
use super::resp::decode::Value;
use super::resp::encode;
use super::tracking::Tracking;

mod commands;
mod kind;
mod options;
mod store;

pub(super) use options::CacheSource;
pub use options::{CacheOptions, CacheStats};

use kind::{Kind, kind};
use store::{Found, Store};

/// Commands that are longer than this, in bytes, make no good name of a reply.
const LONGEST: usize = 16 * 1024;

/// The cache of a client; see
/// [`ValkeyClient::connect_with_cache`](super::ValkeyClient::connect_with_cache).
pub struct ClientCache {
    options: CacheOptions,
    /// The server tells only of keys that begin with one of these; of all that were read if `None`.
    prefixes: Option<Vec<Vec<u8>>>,
    state: Mutex<State>,
}

struct State {
    store: Store,
    /// Whether the server tells of changes.
    tracked: bool,
    /// Whether reads are part of a transaction.
    exact: bool,
    hits: u64,
    misses: u64,
    invalidations: u64,
}

/// A command whose reply may be here.
pub(super) enum Lookup {
    /// It is.
    Reply(Value),
    /// It has to be asked for, and is kept if there is a place.
    Ask(Option<Place>),
}

/// The place of a reply that is on its way; dropping it gives it up.
pub(super) struct Place {
    cache: Arc<ClientCache>,
    id: BytesMut,
    number: u64,
}

impl Place {
    pub fn fill(self, value: &Value) {
        let ttl = self.cache.options.ttl;
        // A time that no clock has is no limit.
        let expires = ttl.and_then(|ttl| Instant::now().checked_add(ttl));
        let mut state = lock(&self.cache.state);
        let value = value.clone();
        state.store.fill(&self.id, self.number, value, expires);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = lock(&self.cache.state);
        state.store.release(&self.id, self.number);
    }
}

impl fmt::Debug for ClientCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCache")
            .field("options", &self.options)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

impl ClientCache {
    pub(super) fn new(source: &CacheSource) -> Self {
        let options = source.options;
        let prefixes = match &source.tracking {
            Some(Tracking::Broadcast(prefixes)) if !prefixes.is_empty() => Some(prefixes.clone()),
            _ => None,
        };
        Self {
            options,
            prefixes,
            state: Mutex::new(State {
                store: Store::new(options.max_bytes),
                tracked: true,
                exact: false,
                hits: 0,
                misses: 0,
                invalidations: 0,
            }),
        }
    }

    pub(super) fn options(&self) -> CacheOptions {
        self.options
    }

    /// Whether the server tells of changes of these keys.
    fn is_told(&self, keys: &[Vec<u8>]) -> bool {
        let Some(prefixes) = &self.prefixes else {
            return true;
        };
        let is_told = |key: &Vec<u8>| prefixes.iter().any(|prefix| key.starts_with(prefix));
        keys.iter().all(is_told)
    }

    /// Counters, and what is in use.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        let state = lock(&self.state);
        CacheStats {
            hits: state.hits,
            misses: state.misses,
            invalidations: state.invalidations,
            expirations: state.store.expirations,
            evictions: state.store.evictions,
            bytes: state.store.bytes,
            entries: state.store.len(),
        }
    }

    /// Forgets all replies.
    pub fn clear(&self) {
        lock(&self.state).store.clear();
    }

    /// Looks for the reply to a command of the client itself.
    pub(super) fn look(self: &Arc<Self>, command: &[&[u8]]) -> Lookup {
        let length: usize = command.iter().map(|word| word.len() + 16).sum();
        let Kind::Read(keys) = kind(command) else {
            return Lookup::Ask(None);
        };
        if length > LONGEST || !self.is_told(&keys) {
            return Lookup::Ask(None);
        }
        let mut id = BytesMut::with_capacity(length);
        encode::command(&mut id, command);
        let mut state = lock(&self.state);
        if !state.tracked || state.exact {
            return Lookup::Ask(None);
        }
        match state.store.find(&id, Instant::now()) {
            Found::Reply(value) => {
                state.hits += 1;
                return Lookup::Reply(value);
            }
            Found::OnItsWay => {
                state.misses += 1;
                return Lookup::Ask(None);
            }
            Found::Nothing => state.misses += 1,
        }
        let number = state.store.reserve(&id, keys);
        drop(state);
        let cache = Arc::clone(self);
        Lookup::Ask(Some(Place { cache, id, number }))
    }

    /// A command is about to go out on the client's own connections, or is answered.
    pub(super) fn note(&self, command: &[&[u8]]) {
        let kind = kind(command);
        let mut state = lock(&self.state);
        match kind {
            Kind::Read(_) | Kind::None => {}
            Kind::Write(keys) => state.written(&keys),
            Kind::OtherData => drop(state.store.clear()),
            Kind::Untracked => {
                state.tracked = false;
                state.store.clear();
            }
            Kind::Begin => state.exact = true,
            Kind::End => {
                state.exact = false;
                state.store.clear();
            }
        }
    }

    /// A command that was noted was refused before it went out.
    pub(super) fn unsent(&self, command: &[&[u8]]) {
        if kind(command) == Kind::Begin {
            lock(&self.state).exact = false;
        }
    }

    /// As [`note`](Self::note) for a connection of somebody's own, whose state is not the client's.
    pub(super) fn note_elsewhere(&self, command: &[&[u8]]) {
        match kind(command) {
            Kind::Write(keys) => lock(&self.state).written(&keys),
            Kind::End => self.clear(),
            _ => {}
        }
    }

    /// The server tells of changes of these keys; `None` for all.
    pub(super) fn invalidated(&self, keys: Option<&[&[u8]]>) {
        let mut state = lock(&self.state);
        let count = match keys {
            Some(keys) => keys.iter().map(|key| state.store.invalidate(key)).sum(),
            None => state.store.clear(),
        };
        state.invalidations += count;
    }

    /// A connection was made, on which the server tells of changes; what was told before is not
    /// known.
    pub(super) fn connected(&self) {
        let mut state = lock(&self.state);
        state.store.clear();
        state.tracked = true;
        state.exact = false;
    }
}

impl State {
    fn written(&mut self, keys: &[Vec<u8>]) {
        if keys.is_empty() {
            self.store.clear();
        }
        for key in keys {
            self.store.invalidate(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_limit_that_no_clock_can_tell_is_none() {
        let options = CacheOptions {
            ttl: Some(Duration::MAX),
            ..CacheOptions::default()
        };
        let tracking = None;
        let cache = Arc::new(ClientCache::new(&CacheSource { options, tracking }));
        let Lookup::Ask(Some(place)) = cache.look(&[b"GET", b"a"]) else {
            panic!("there is nothing yet");
        };
        place.fill(&Value::Null);
        let found = cache.look(&[b"GET", b"a"]);
        assert!(matches!(found, Lookup::Reply(Value::Null)));
    }
}
