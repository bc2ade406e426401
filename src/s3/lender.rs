//! Bodies in memory that somebody else may take back, although he should not.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::{Error, Result};

/// Who lends the memory of a body.
pub(crate) trait Lender: Send + Sync {
    /// An error if any of it was taken back. Asked before it is read once more, and before what was
    /// made of it is completed.
    fn check(&self) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;

    /// Nothing of it is freed before what this returns is dropped, unless somebody takes it back.
    /// An error if the lender is gone.
    fn begin(&self) -> Result<Box<dyn Hold>>;
}

/// Keeps a lender from going.
pub(crate) trait Hold: Send {
    /// An error when the lender wants to go: then the hold is to be dropped soon.
    fn poll_recalled(&mut self, context: &mut Context<'_>) -> Poll<Error>;
}

/// Somebody who reads what may be lent.
pub(super) struct Reading(Option<Box<dyn Hold>>);

impl Reading {
    pub(super) fn begin(lender: Option<&dyn Lender>) -> Result<Self> {
        Ok(Self(lender.map(Lender::begin).transpose()?))
    }

    /// Does work that reads, as long as the lender stays.
    pub(super) async fn run<T>(
        &mut self,
        mut work: Pin<&mut impl Future<Output = Result<T>>>,
    ) -> Result<T> {
        poll_fn(|context| {
            if let Some(hold) = &mut self.0
                && let Poll::Ready(error) = hold.poll_recalled(context)
            {
                return Poll::Ready(Err(error));
            }
            work.as_mut().poll(context)
        })
        .await
    }
}
