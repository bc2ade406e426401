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

static POOL: Mutex<Pool> = Mutex::new(Pool {
    buffers: Vec::new(),
    bytes: 0,
    touched: false,
    watched: false,
});

struct Pool {
    buffers: Vec<Vec<u8>>,
    bytes: usize,
    /// Since the last look of the task that empties the pool.
    touched: bool,
    /// That task runs.
    watched: bool,
}

/// A buffer of at least `length` bytes, whose content is anything.
#[must_use]
pub fn take(length: usize) -> Vec<u8> {
    let Some(mut buffer) = find(length) else {
        return vec![0; length];
    };
    if buffer.len() < length {
        buffer.resize(length, 0);
    }
    buffer
}

/// An empty buffer with room for `length` bytes; `None` when there is not as much memory.
#[must_use]
pub fn take_room(length: usize) -> Option<Vec<u8>> {
    let mut buffer = find(length).unwrap_or_default();
    buffer.clear();
    buffer.try_reserve_exact(length).ok()?;
    Some(buffer)
}

fn find(length: usize) -> Option<Vec<u8>> {
    let mut pool = lock();
    pool.touched = true;
    // One that is much larger would be held by a small object.
    let fits = |buffer: &Vec<u8>| (length..=length.saturating_mul(2)).contains(&buffer.capacity());
    let index = pool.buffers.iter().rposition(fits)?;
    let buffer = pool.buffers.swap_remove(index);
    pool.bytes -= buffer.capacity();
    Some(buffer)
}

/// A copy of bytes; the memory of a long one is used again when the last reference is gone.
#[must_use]
pub fn copy(bytes: &[u8]) -> Bytes {
    if bytes.len() < WORTH_KEEPING {
        return Bytes::copy_from_slice(bytes);
    }
    let mut buffer = take_room(bytes.len()).unwrap_or_default();
    buffer.extend_from_slice(bytes);
    Bytes::from_owner(Lent(buffer))
}

/// Goes back when it is dropped.
struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        give_back(std::mem::take(&mut self.0));
    }
}

/// Keeps a buffer for another use, if there is room.
pub fn give_back(buffer: Vec<u8>) {
    let mut pool = lock();
    if pool.bytes + buffer.capacity() > LIMIT {
        return;
    }
    pool.touched = true;
    pool.bytes += buffer.capacity();
    pool.buffers.push(buffer);
    if !std::mem::replace(&mut pool.watched, true) {
        runtime::shared().spawn(empty_when_idle());
    }
}

async fn empty_when_idle() {
    loop {
        tokio::time::sleep(PATIENCE).await;
        let mut pool = lock();
        if !std::mem::take(&mut pool.touched) {
            pool.buffers = Vec::new();
            pool.bytes = 0;
            pool.watched = false;
            return;
        }
    }
}

fn lock() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_by_those_whom_it_fits() {
        let mut buffer = vec![0; 3 << 20];
        buffer[0] = 7;
        give_back(buffer);
        assert_eq!(take(1 << 20)[0], 0, "it is more than twice as large");
        assert_eq!(take(4 << 20)[0], 0, "it is too small");
        assert_eq!(take(2 << 20)[0], 7);
        assert_eq!(take(2 << 20)[0], 0, "it is taken");
    }

    #[test]
    fn a_copy_gives_its_memory_back() {
        // A length of its own: the tests share the pool.
        let copied = copy(&vec![9; 12 << 20]);
        assert!(copied.len() == 12 << 20 && copied.iter().all(|byte| *byte == 9));
        drop(copied);
        assert_eq!(take(12 << 20)[0], 9);
        assert_eq!(&copy(b"short")[..], b"short");
    }
}
