//! The one tokio runtime of the process, for those who have none.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

#[cfg(unix)]
use super::reactor;
use crate::error::{Error, ErrorKind, Result};

/// The caller's runtime, or the shared one. A task and those who wait for it are woken without a
/// change of threads when they are on one runtime.
#[must_use]
pub fn current() -> Handle {
    Handle::try_current().unwrap_or_else(|_| shared().handle().clone())
}

/// Returns the runtime that all clients share; it is started at first use and never stopped, so
/// that no socket's waker ever points at a runtime that is gone.
///
/// # Panics
/// When the operating system refuses to create a thread.
pub fn shared() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(4)
            .thread_name("s3-valkey")
            .enable_all()
            .build()
            .expect("the operating system refused to start the s3-valkey thread")
    })
}

/// Does work on the shared runtime if the caller is polled on the thread of another event loop,
/// which must not be kept busy. Dropping the future ends the work.
pub async fn away_from_reactor<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    if !is_reactor() {
        return work.await;
    }
    let mut task = JoinSet::new();
    task.spawn_on(work, shared().handle());
    match task.join_next().await {
        Some(Ok(outcome)) => outcome,
        Some(Err(source)) => Err(cancelled().with_source(source)),
        None => Err(cancelled()),
    }
}

fn is_reactor() -> bool {
    #[cfg(unix)]
    return reactor::current().is_some();
    #[cfg(not(unix))]
    false
}

fn cancelled() -> Error {
    let message = "the work on the client's thread was cancelled";
    Error::new(ErrorKind::Cancelled, "ERR_INTERNAL", message)
}
