//! An object's bytes as they arrive.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::op::get::S3StatResult;
use crate::error::{Error, ErrorKind, Result};
use crate::net::http::Response;

/// A download that is read piece by piece; also a [`Stream`](futures_core::Stream). Dropping it
/// early closes its connection.
pub struct S3Body {
    /// What the store says; the size is that of this body.
    pub metadata: S3StatResult,
    response: Option<Response>,
    left: Option<u64>,
}

impl S3Body {
    pub(super) fn new(response: Response) -> Self {
        Self {
            metadata: S3StatResult::from_headers(&response.headers),
            left: response.announced(),
            response: Some(response),
        }
    }

    /// A body without bytes, for a range without bytes.
    pub(super) fn empty() -> Self {
        Self {
            metadata: S3StatResult::default(),
            response: None,
            left: Some(0),
        }
    }

    /// The next piece, `None` at the end. A body that is shorter than announced ends in an error
    /// with code `ConnectionClosed`.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|context| self.poll_chunk(context)).await
    }

    /// All that is left, in one buffer.
    pub async fn collect(&mut self) -> Result<Vec<u8>> {
        match &mut self.response {
            None => Ok(Vec::new()),
            Some(response) => {
                let body = response.collect(usize::MAX).await?;
                let announced = self.left.replace(0);
                if announced.is_some_and(|announced| announced != body.len() as u64) {
                    return Err(short());
                }
                Ok(body)
            }
        }
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Some(response) = &mut self.response else {
            return Poll::Ready(None);
        };
        let chunk = std::task::ready!(response.poll_chunk(context));
        match &chunk {
            Some(Ok(bytes)) => {
                self.left = self
                    .left
                    .map(|left| left.saturating_sub(bytes.len() as u64));
            }
            Some(Err(_)) => self.response = None,
            None => {
                self.response = None;
                if self.left.is_some_and(|left| left > 0) {
                    return Poll::Ready(Some(Err(short())));
                }
            }
        }
        Poll::Ready(chunk)
    }
}

impl futures_core::Stream for S3Body {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(context)
    }
}

fn short() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ConnectionClosed",
        "the body is shorter than the store announced",
    )
}
