//! The one tokio runtime of the process, for those who have none.

use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

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
