//! Large buffers that are used again: fresh memory costs a page fault for every 4 KiB.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use super::runtime;

/// Bytes that wait for another use at most.
const LIMIT: usize = 160 * 1024 * 1024;
/// Shorter buffers are not worth keeping.
pub const WORTH_KEEPING: usize = 256 * 1024;
/// How long they wait.
const PATIENCE: Duration = Duration::from_secs(1);

static POOL: Pool = Pool::new();

/// A buffer of at least `length` bytes, whose content is anything.
#[must_use]
pub fn take(length: usize) -> Vec<u8> {
    POOL.take(length)
}

/// An empty buffer with room for `length` bytes; `None` when there is not as much memory.
#[must_use]
pub fn take_room(length: usize) -> Option<Vec<u8>> {
    POOL.take_room(length)
}

/// A copy of bytes; the memory of a long one is used again when the last reference is gone.
#[must_use]
pub fn copy(bytes: &[u8]) -> Bytes {
    if bytes.len() < WORTH_KEEPING {
        return Bytes::copy_from_slice(bytes);
    }
    let mut buffer = take_room(bytes.len()).unwrap_or_default();
    buffer.extend_from_slice(bytes);
    Bytes::from_owner(Lent { buffer, give_back })
}

/// Goes back when it is dropped.
struct Lent {
    buffer: Vec<u8>,
    give_back: fn(Vec<u8>),
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        (self.give_back)(std::mem::take(&mut self.buffer));
    }
}

/// Keeps a buffer for another use, if there is room.
pub fn give_back(buffer: Vec<u8>) {
    if POOL.give_back(buffer) {
        runtime::shared().spawn(empty_when_idle());
    }
}

async fn empty_when_idle() {
    loop {
        tokio::time::sleep(PATIENCE).await;
        if POOL.empty_if_idle() {
            return;
        }
    }
}

struct Pool(Mutex<State>);

struct State {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
    /// Since the last look of the task that empties the pool.
    touched: bool,
    /// That task runs.
    watched: bool,
}

impl Pool {
    const fn new() -> Self {
        Self(Mutex::new(State {
            buffers: Vec::new(),
            bytes: 0,
            touched: false,
            watched: false,
        }))
    }

    fn take(&self, length: usize) -> Vec<u8> {
        let Some(mut buffer) = self.find(length) else {
            return vec![0; length];
        };
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        buffer
    }

    fn take_room(&self, length: usize) -> Option<Vec<u8>> {
        let mut buffer = self.find(length).unwrap_or_default();
        buffer.clear();
        buffer.try_reserve_exact(length).ok()?;
        Some(buffer)
    }

    fn find(&self, length: usize) -> Option<Vec<u8>> {
        let mut state = self.lock();
        state.touched = true;
        // One that is much larger would be held by a small object.
        let fits =
            |buffer: &Vec<u8>| (length..=length.saturating_mul(2)).contains(&buffer.capacity());
        let index = state.buffers.iter().rposition(fits)?;
        let buffer = state.buffers.swap_remove(index);
        state.bytes -= buffer.capacity();
        Some(buffer)
    }

    /// Keeps a buffer; returns whether somebody has to begin to look after the pool.
    fn give_back(&self, buffer: Vec<u8>) -> bool {
        let mut state = self.lock();
        if state.bytes + buffer.capacity() > LIMIT {
            return false;
        }
        state.touched = true;
        state.bytes += buffer.capacity();
        state.buffers.push(buffer);
        !std::mem::replace(&mut state.watched, true)
    }

    /// Empties the pool if nobody has used it since the last look; then nobody looks after it.
    fn empty_if_idle(&self) -> bool {
        let mut state = self.lock();
        if std::mem::take(&mut state.touched) {
            return false;
        }
        state.buffers = Vec::new();
        state.bytes = 0;
        state.watched = false;
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_by_those_whom_it_fits() {
        let pool = Pool::new();
        let mut buffer = vec![0; 3 << 20];
        buffer[0] = 7;
        assert!(pool.give_back(buffer), "somebody has to look after it");
        assert_eq!(pool.take(1 << 20)[0], 0, "it is more than twice as large");
        assert_eq!(pool.take(4 << 20)[0], 0, "it is too small");
        assert_eq!(pool.take(2 << 20)[0], 7);
        assert_eq!(pool.take(2 << 20)[0], 0, "it is taken");
    }

    #[test]
    fn the_pool_holds_no_more_than_its_limit_and_nothing_when_it_is_idle() {
        let pool = Pool::new();
        assert!(pool.give_back(vec![7; LIMIT / 2 + 1]));
        assert!(!pool.give_back(vec![7; LIMIT / 2]), "there is no room");
        assert!(!pool.empty_if_idle(), "it was used");
        assert!(pool.empty_if_idle());
        assert_eq!(pool.take(LIMIT / 2)[0], 0, "it was emptied");
        assert!(pool.give_back(vec![7; 1]), "nobody looks after it");
    }

    #[test]
    fn a_copy_gives_its_memory_back() {
        static POOL: Pool = Pool::new();
        let lent = Lent {
            buffer: vec![9; 1 << 20],
            give_back: |buffer| assert!(POOL.give_back(buffer)),
        };
        let bytes = Bytes::from_owner(lent);
        let part = bytes.slice(1..3);
        drop(bytes);
        assert_eq!(POOL.take(1 << 20)[0], 0, "a part of it is in use");
        assert_eq!(&part[..], [9, 9]);
        drop(part);
        assert_eq!(POOL.take(1 << 20)[0], 9);
    }

    #[test]
    fn copies_are_whole() {
        for length in [5, WORTH_KEEPING, 2 * WORTH_KEEPING + 1] {
            let bytes = vec![3; length];
            assert_eq!(copy(&bytes), bytes);
        }
    }
}
