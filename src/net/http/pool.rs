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
    idle: Vec<(Box<Connection>, Instant)>,
}

impl Pool {
    /// The right to one exchange, which ends when it is dropped, and a connection of an event loop
    /// that can be used at once, if there is one.
    pub(super) async fn enter(
        &self,
        route: &Arc<Route>,
        home: Home,
    ) -> (OwnedSemaphorePermit, Option<Box<Connection>>) {
        let (busy, idle) = {
            let mut state = self.lock();
            let host = state.host(route);
            match Arc::clone(&host.busy).try_acquire_owned() {
                Ok(permit) => (Ok(permit), host.take(home)),
                Err(_) => (Err(Arc::clone(&host.busy)), None),
            }
        };
        match busy {
            Ok(permit) => (permit, self.fresh(route, home, idle)),
            Err(busy) => match busy.acquire_owned().await {
                Ok(permit) => {
                    let idle = self.lock().host(route).take(home);
                    (permit, self.fresh(route, home, idle))
                }
                Err(_) => unreachable!("the semaphore is never closed"),
            },
        }
    }

    /// The first of the idle ones that can be used, beginning with this.
    fn fresh(
        &self,
        route: &Arc<Route>,
        home: Home,
        mut idle: Option<(Box<Connection>, Instant)>,
    ) -> Option<Box<Connection>> {
        loop {
            // Closing a connection needs no lock.
            let (mut connection, since) = idle?;
            let idle_for = since.elapsed();
            let fresh = idle_for < BRIEF && connection.is_fresh()
                || idle_for < IDLE_TIMEOUT && connection.is_still_fresh();
            let usable = Some(connection).filter(|_| fresh);
            #[cfg(unix)]
            let usable = usable.and_then(|connection| {
                if connection.home == home {
                    Some(connection)
                } else {
                    connection.moved_to(home)
                }
            });
            if usable.is_some() {
                return usable;
            }
            idle = self.lock().host(route).take(home);
        }
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(self: &Arc<Self>, route: &Arc<Route>, connection: Box<Connection>) {
        let mut state = self.lock();
        state.host(route).idle.push((connection, Instant::now()));
        if !std::mem::replace(&mut state.reaping, true) {
            drop(state);
            runtime::shared().spawn(reap(Arc::downgrade(self)));
        }
    }

    /// Closes all idle connections of an event loop.
    #[cfg(unix)]
    pub(super) fn close(&self, home: Home) {
        let mut closed = Vec::new();
        for host in self.lock().hosts.values_mut() {
            closed.extend(host.idle.extract_if(.., |(idle, _)| idle.home == home));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host {
    /// The one of this event loop that was used last, else one of the runtime's.
    fn take(&mut self, home: Home) -> Option<(Box<Connection>, Instant)> {
        let last = |home| self.idle.iter().rposition(|(idle, _)| idle.home == home);
        let at = last(home).or_else(|| last(RUNTIME))?;
        Some(self.idle.remove(at))
    }
}

impl State {
    fn host(&mut self, route: &Arc<Route>) -> &mut Host {
        self.hosts.entry(Arc::clone(route)).or_insert_with(|| Host {
            busy: Arc::new(Semaphore::new(MAX_BUSY)),
            idle: Vec::new(),
        })
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
