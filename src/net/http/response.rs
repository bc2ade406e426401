//! A response and its body. The connection goes back to the pool with the body's last byte.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::sync::OwnedSemaphorePermit;

use super::connection::Connection;
use super::framing::Framing;
use super::head::{Headers, ResponseHead};
use super::pool::Pool;
use super::proxy::Route;
use super::{closed, malformed};
use crate::error::Result;

/// Longest piece that [`Response::chunk`] returns.
const CHUNK: usize = 64 * 1024;
/// Memory that is set aside by an announced length alone.
const TRUSTED_LENGTH: usize = 256 * 1024 * 1024;

/// Where a connection belongs.
pub(super) type Home = (Arc<Pool>, Arc<Route>, OwnedSemaphorePermit);

/// A response whose body is still to be read. Dropping it early closes its connection.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    framing: Framing,
    keep_alive: bool,
    stall: Option<Duration>,
    /// None when the body has ended, well or badly.
    open: Option<(Connection, Home)>,
}

impl Response {
    pub(super) fn new(
        head: ResponseHead,
        framing: Framing,
        mut connection: Connection,
        home: Home,
        stall: Option<Duration>,
    ) -> Self {
        connection.expect_body(stall);
        let mut response = Self {
            status: head.status,
            headers: head.headers,
            keep_alive: head.keep_alive && framing != Framing::UntilClose,
            framing,
            stall,
            open: Some((connection, home)),
        };
        if response.framing == Framing::Length(0) {
            response.finish();
        }
        response
    }

    /// A header's value as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// How many bytes of the body are left to come, when that was announced.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(left) => Some(left),
            _ => None,
        }
    }

    /// Reads bytes of the body into the room of `into`; 0 at the end. A body that is shorter than
    /// announced is an error.
    pub async fn read(&mut self, into: &mut impl BufMut) -> Result<usize> {
        poll_fn(|context| self.poll_read(context, into)).await
    }

    /// [`read`](Self::read) for those that poll.
    pub fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut impl BufMut,
    ) -> Poll<Result<usize>> {
        let outcome = ready!(self.poll_framed(context, into));
        if outcome.is_err() {
            self.open = None;
        }
        Poll::Ready(outcome)
    }

    fn poll_framed(
        &mut self,
        context: &mut Context<'_>,
        into: &mut impl BufMut,
    ) -> Poll<Result<usize>> {
        let Some((connection, _)) = &mut self.open else {
            return Poll::Ready(Ok(0));
        };
        let early = || {
            let source = io::Error::from(io::ErrorKind::UnexpectedEof);
            closed("the body is shorter than announced", source)
        };
        let (count, ended) = match &mut self.framing {
            Framing::Length(left) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let count = ready!(poll_some(connection, context, into, most, self.stall))?;
                *left -= count as u64;
                if count == 0 && into.has_remaining_mut() {
                    return Poll::Ready(Err(early()));
                }
                (count, *left == 0)
            }
            Framing::UntilClose => {
                let count = ready!(poll_some(connection, context, into, usize::MAX, self.stall))?;
                (count, count == 0 && into.has_remaining_mut())
            }
            Framing::Chunked(chunked) => loop {
                let count = chunked.decode(&mut connection.buffer, into)?;
                if count > 0 || chunked.is_done() || !into.has_remaining_mut() {
                    break (count, chunked.is_done());
                }
                if ready!(connection.poll_fill(context, self.stall))? == 0 {
                    return Poll::Ready(Err(early()));
                }
            },
        };
        if ended {
            self.finish();
        }
        Poll::Ready(Ok(count))
    }

    fn finish(&mut self) {
        if let Some((connection, (pool, route, permit))) = self.open.take()
            && self.keep_alive
            // More than was asked for: nothing that follows could be trusted.
            && connection.buffer.is_empty()
        {
            pool.put(&route, connection);
            drop(permit);
        }
    }

    /// The next piece of the body; `None` at its end.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    /// [`chunk`](Self::chunk) for those that poll.
    pub fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let announced = self.announced().and_then(|left| usize::try_from(left).ok());
        let room = announced.unwrap_or(CHUNK).min(CHUNK);
        let mut into = BytesMut::with_capacity(room).limit(room);
        Poll::Ready(match ready!(self.poll_read(context, &mut into)) {
            Ok(0) => None,
            Ok(_) => Some(Ok(into.into_inner().freeze())),
            Err(error) => Some(Err(error)),
        })
    }

    /// The whole body, at most `limit` bytes.
    pub async fn collect(&mut self, limit: usize) -> Result<BytesMut> {
        let announced = self
            .announced()
            .map_or(0, |left| usize::try_from(left).unwrap_or(usize::MAX));
        // The peer chose the number: take its word for a part, and grow as bytes arrive.
        let mut body = BytesMut::with_capacity(announced.min(limit).min(TRUSTED_LENGTH));
        while self.open.is_some() {
            if body.len() == body.capacity() {
                body.reserve(CHUNK.max(body.len()));
            }
            let room = (body.capacity() - body.len()).min(limit.saturating_add(1) - body.len());
            let mut into = body.limit(room);
            self.read(&mut into).await?;
            body = into.into_inner();
            if body.len() > limit {
                self.open = None;
                return Err(malformed("the response is longer than the client takes"));
            }
        }
        Ok(body)
    }
}

/// Bytes from the connection's buffer, or from the socket when that is empty.
fn poll_some(
    connection: &mut Connection,
    context: &mut Context<'_>,
    into: &mut impl BufMut,
    most: usize,
    stall: Option<Duration>,
) -> Poll<Result<usize>> {
    let count = connection.buffer.len().min(most).min(into.remaining_mut());
    if count > 0 {
        into.put_slice(&connection.buffer[..count]);
        connection.buffer.advance(count);
        return Poll::Ready(Ok(count));
    }
    connection.poll_body(context, &mut into.limit(most), stall)
}
