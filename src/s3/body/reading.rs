//! Receiving a body: from its response, from another one where that broke off, or from its window.

use std::future::poll_fn;
use std::task::{self, Context, Poll};

use bytes::BufMut;

use super::origin::too_short;
use super::{Resuming, S3Body};
use crate::error::{Error, Result};
use crate::net::chance::chance;

impl S3Body {
    /// Reads bytes into the room of `into`; 0 at the end.
    pub(crate) async fn read(&mut self, into: &mut impl BufMut) -> Result<usize> {
        poll_fn(|context| self.poll_read(context, into)).await
    }

    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut impl BufMut,
    ) -> Poll<Result<usize>> {
        loop {
            if self.left == Some(0) {
                self.response = None;
                return self.poll_read_ahead(context, into);
            }
            if let Some(resuming) = &mut self.resuming {
                let outcome = task::ready!(resuming.as_mut().poll(context));
                self.resuming = None;
                self.response = Some(outcome?);
            }
            let Some(response) = &mut self.response else {
                return Poll::Ready(Ok(0));
            };
            let most = self.left.map_or(usize::MAX, |left| {
                usize::try_from(left).unwrap_or(usize::MAX)
            });
            let read = task::ready!(response.poll_read(context, &mut into.limit(most)));
            // An answer may be shorter than what it stands for.
            let is_short = self.left.is_some() && into.has_remaining_mut();
            let read = read.and_then(|count| match count {
                0 if is_short => Err(too_short()),
                count => Ok(count),
            });
            match read {
                Ok(count) => {
                    self.advance(count as u64);
                    return Poll::Ready(Ok(count));
                }
                Err(error) => {
                    self.response = None;
                    self.resuming = Some(self.resume(error)?);
                }
            }
        }
    }

    /// Reads what comes from the window.
    fn poll_read_ahead(
        &mut self,
        context: &mut Context<'_>,
        into: &mut impl BufMut,
    ) -> Poll<Result<usize>> {
        if let Err(error) = task::ready!(self.poll_fetch(context)) {
            return Poll::Ready(Err(error));
        }
        let count = self.piece.len().min(into.remaining_mut());
        into.put(self.piece.split_to(count));
        Poll::Ready(Ok(count))
    }

    /// Waits until there is a piece from the window; it stays empty at the end.
    pub(super) fn poll_fetch(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if let (true, Some(window)) = (self.piece.is_empty(), &mut self.window) {
            match task::ready!(window.poll_piece(context)) {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => return Poll::Ready(Err(error)),
                None => self.window = None,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, count: u64) {
        if let Some(pace) = &mut self.pace {
            pace.add(count);
        }
        self.left = self.left.map(|left| left - count);
        if let Some(origin) = &mut self.origin
            && count > 0
        {
            origin.position += count;
            origin.attempts.reset();
        }
        // The end gives the connection back; what was cut short closes it.
        if self.left == Some(0) {
            self.response = None;
        }
    }

    /// Asks for the rest after a failure, if it is known what the rest is.
    fn resume(&mut self, error: Error) -> Result<Resuming> {
        let (Some(origin), Some(left)) = (&mut self.origin, self.left) else {
            return Err(error);
        };
        let budget = &origin.client.transport.budget;
        let Some(wait) = origin.attempts.failed(&error, None, budget, chance()) else {
            return Err(error);
        };
        let origin = origin.clone();
        Ok(Box::pin(async move {
            tokio::time::sleep(wait).await;
            origin.ask(left).await
        }))
    }
}
