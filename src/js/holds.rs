//! What keeps the memory of an environment from being freed when that is torn down: those who read
//! it on other threads.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::watch;

use super::port::{PortHandle, ended_without_result};
use crate::error::{Error, Result};
use crate::s3::Hold;

/// The holds of one environment.
pub(super) struct Holds {
    /// How many there are.
    count: Mutex<usize>,
    none: Condvar,
    recalled: watch::Sender<bool>,
}

impl Holds {
    pub(super) fn new() -> Self {
        Self {
            count: Mutex::new(0),
            none: Condvar::new(),
            recalled: watch::Sender::new(false),
        }
    }

    /// Recalls all holds, and waits until there are none. They are dropped by the runtime, which
    /// waits for nothing of this thread.
    pub(super) fn end(&self) {
        let count = self.lock();
        self.recalled.send_replace(true);
        let ended = self.none.wait_while(count, |count| *count > 0);
        drop(ended.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the holds of a port's environment.
pub(super) struct Held {
    port: PortHandle,
    recalled: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Held {
    /// An error if the environment is torn down.
    pub(super) fn begin(port: PortHandle) -> Result<Self> {
        let mut count = port.holds().lock();
        let mut recalled = port.holds().recalled.subscribe();
        if *recalled.borrow() {
            return Err(ended_without_result());
        }
        *count += 1;
        drop(count);
        Ok(Self {
            port,
            recalled: Box::pin(async move {
                // The sender lives as long as the port.
                let _ = recalled.wait_for(|recalled| *recalled).await;
            }),
        })
    }
}

impl Hold for Held {
    fn poll_recalled(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let recalled = self.recalled.as_mut().poll(context);
        recalled.map(|()| ended_without_result())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let holds = self.port.holds();
        let mut count = holds.lock();
        *count -= 1;
        if *count == 0 {
            holds.none.notify_all();
        }
    }
}
