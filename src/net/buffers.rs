//! Large buffers that are used again: fresh memory costs a page fault for every 4 KiB.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::runtime;

/// Bytes that wait for another use at most.
const LIMIT: usize = 160 * 1024 * 1024;
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
}
