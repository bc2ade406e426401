//! Bodies in memory that somebody else may take back, although he should not.

use std::future::Future;
use std::pin::Pin;

use crate::error::Result;

/// Who lends the memory of a body.
pub(crate) trait Lender: Send + Sync {
    /// An error if any of it was taken back. Asked before it is read once more, and before what was
    /// made of it is completed.
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;
}
