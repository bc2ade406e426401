//! What happens to spare connections when time passes. On the runtime that never ends: a caller's
//! own may be gone before.

use std::sync::Weak;
use std::time::Duration;

use tokio::time::sleep;

use super::spares::{Books, Spares};
use super::work::acquire_timeout;
use crate::net::runtime;
use crate::redis::lifecycle;

/// Gives up the wait for a connection.
pub(super) fn give_up_after(spares: &Spares, ticket: u64, limit: Duration) {
    let spares = spares.this();
    runtime::shared().spawn(async move {
        sleep(limit).await;
        if let Some(spares) = spares.upgrade() {
            spares.give_up_waiting(ticket, &acquire_timeout(limit));
        }
    });
}

/// Gives up a command that should have been answered.
pub(super) fn expire_after(spares: &Spares, ticket: u64, limit: Duration) {
    let spares = spares.this();
    runtime::shared().spawn(async move {
        sleep(limit).await;
        if let Some(spares) = spares.upgrade() {
            spares.expire(ticket);
        }
    });
}

/// Sees to it that idle connections are closed in time.
pub(super) fn sweep(spares: &Spares, books: &mut Books) {
    if let Some(patience) = spares.patience()
        && !std::mem::replace(&mut books.sweeping, true)
    {
        runtime::shared().spawn(sweeper(spares.this(), patience));
    }
}

async fn sweeper(spares: Weak<Spares>, patience: u64) {
    loop {
        let pause = {
            let Some(spares) = spares.upgrade() else {
                return;
            };
            let Some(pause) = close_expired(&spares, patience) else {
                return;
            };
            pause
        };
        sleep(pause).await;
    }
}

/// Closes what is due; returns how long to wait, and ends the sweeping where nothing is left.
fn close_expired(spares: &Spares, patience: u64) -> Option<Duration> {
    spares.with(|books, later| {
        let now = spares.now();
        let busy: Vec<u64> = books
            .slots
            .idle()
            .filter(|key| {
                let spare = books.spares.get(key);
                spare.is_some_and(|spare| spare.lane.load() > 0)
            })
            .collect();
        for key in busy {
            books.slots.touch(key, now);
        }
        for key in books.slots.expired(now, patience) {
            if let Some(spare) = books.spares.remove(&key) {
                later.push(Box::new(spare.ending(lifecycle::closed())));
            }
        }
        let next = books.slots.next_expiry(patience);
        books.sweeping = next.is_some();
        next.map(|at| Duration::from_millis(at.saturating_sub(now).max(1)))
    })
}
