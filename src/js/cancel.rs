//! Calls that JavaScript can cancel: those that were given an `AbortSignal`. Others pay nothing.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};

/// The cancellable calls of one environment.
#[derive(Default)]
pub(super) struct Cancellations {
    /// The token of the next call that begins; 0 for none. Only the JavaScript thread uses it.
    next: AtomicU32,
    last: AtomicU32,
    calls: Mutex<HashMap<u32, oneshot::Sender<()>>>,
}

/// What one call knows of its cancellation.
pub(super) struct Cancellation {
    cancelled: oneshot::Receiver<()>,
    token: u32,
    all: Arc<Cancellations>,
}

impl Cancellations {
    /// Lets the next call be cancelled; returns its token.
    pub(super) fn announce(&self) -> u32 {
        let last = self.last.load(Ordering::Relaxed);
        let token = last.checked_add(1).unwrap_or(1);
        self.last.store(token, Ordering::Relaxed);
        self.next.store(token, Ordering::Relaxed);
        token
    }

    /// Of the call that begins now, if it was announced.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Cancellation> {
        if self.next.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let token = self.next.swap(0, Ordering::Relaxed);
        let (sender, cancelled) = oneshot::channel();
        self.lock().insert(token, sender);
        Some(Cancellation {
            cancelled,
            token,
            all: Arc::clone(self),
        })
    }

    /// Cancels a call, unless it has settled.
    pub(super) fn cancel(&self, token: u32) {
        self.lock().remove(&token);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, oneshot::Sender<()>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancellation {
    /// Runs work until it ends or is cancelled.
    pub(super) async fn limit<T>(mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            outcome = work => outcome,
            // The sender is never used, only dropped.
            _ = &mut self.cancelled => Err(Error::new(
                ErrorKind::Cancelled,
                "ERR_S3_CANCELLED",
                "The operation was cancelled",
            )),
        }
    }
}

impl Drop for Cancellation {
    fn drop(&mut self) {
        self.all.lock().remove(&self.token);
    }
}
