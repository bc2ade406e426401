//! Connections that wait for their next request, and how many may be busy at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::connection::{Connection, Home, RUNTIME};
use super::proxy::Route;
use crate::net::runtime;

/// Stores close idle connections after some seconds; close them earlier, so that no request meets
/// a connection that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// What lay idle for less has not been closed meanwhile, as far as anybody can tell.
const BRIEF: Duration = Duration::from_millis(5);
/// Requests to one origin at once; more wait. The system's limit of open files is often 1,024.
const MAX_BUSY: usize = 256;

#[derive(Default)]
pub(super) struct Pool {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    hosts: HashMap<Arc<Route>, Host>,
    /// A task closes what is idle for too long.
    reaping: bool,
}

struct Host {
    busy: Arc<Semaphore>,
    /// The one that was used last is at the end.
    idle: Vec<(Connection, Instant)>,
}

impl Pool {
    /// The right to one exchange, which ends when it is dropped.
    pub(super) async fn enter(&self, route: &Arc<Route>) -> OwnedSemaphorePermit {
        let busy = Arc::clone(&self.lock().host(route).busy);
        match Arc::clone(&busy).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => match busy.acquire_owned().await {
                Ok(permit) => permit,
                Err(_) => unreachable!("the semaphore is never closed"),
            },
        }
    }

    /// A connection of an event loop that can be used at once.
    pub(super) fn take(&self, route: &Arc<Route>, home: Home) -> Option<Connection> {
        loop {
            // Closing a connection needs no lock.
            let (mut connection, since) = self.lock().host(route).take(home)?;
            let idle = since.elapsed();
            let fresh = idle < BRIEF && connection.is_fresh()
                || idle < IDLE_TIMEOUT && connection.is_still_fresh();
            if !fresh {
                continue;
            }
            #[cfg(unix)]
            if connection.home != home {
                match connection.moved_to(home) {
                    Some(moved) => return Some(moved),
                    None => continue,
                }
            }
            return Some(connection);
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(self: &Arc<Self>, route: &Arc<Route>, connection: Connection) {
        let mut state = self.lock();
        state.host(route).idle.push((connection, Instant::now()));
        if !std::mem::replace(&mut state.reaping, true) {
            drop(state);
            runtime::shared().spawn(reap(Arc::downgrade(self)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host {
    /// The one of this event loop that was used last, else one of the runtime's.
    fn take(&mut self, home: Home) -> Option<(Connection, Instant)> {
        let last = |home| self.idle.iter().rposition(|(idle, _)| idle.home == home);
        let at = last(home).or_else(|| last(RUNTIME))?;
        Some(self.idle.remove(at))
    }
}

impl State {
    fn host(&mut self, route: &Arc<Route>) -> &mut Host {
        // `entry` would count the key up and down each time.
        if !self.hosts.contains_key(route) {
            let host = Host {
                busy: Arc::new(Semaphore::new(MAX_BUSY)),
                idle: Vec::new(),
            };
            self.hosts.insert(Arc::clone(route), host);
        }
        match self.hosts.get_mut(route) {
            Some(host) => host,
            None => unreachable!("it was inserted above"),
        }
    }
}

async fn reap(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(IDLE_TIMEOUT).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut closed = Vec::new();
        let mut state = pool.lock();
        state.hosts.retain(|_, host| {
            let fresh = host
                .idle
                .iter()
                .position(|(_, since)| since.elapsed() < IDLE_TIMEOUT)
                .unwrap_or(host.idle.len());
            closed.extend(host.idle.drain(..fresh));
            // Clones of the semaphore are with those that are busy or wait.
            !host.idle.is_empty() || Arc::strong_count(&host.busy) > 1
        });
        if state.hosts.is_empty() {
            state.reaping = false;
            return;
        }
    }
}
