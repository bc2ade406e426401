//! A response and its body. The connection goes back to the pool with the body's last byte.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use hyper::Version;
use hyper::body::{Body as _, Incoming};
use hyper::header::{self, HeaderValue};
use tokio::sync::OwnedSemaphorePermit;

use super::connection::Connection;
use super::direct::Direct;
use super::head::Headers;
use super::malformed;
use super::pool::Pool;
use super::proxy::Route;
use crate::error::Result;

/// Longest piece that [`Response::chunk`] returns.
const CHUNK: usize = 64 * 1024;
/// Memory that is set aside by an announced length alone.
const TRUSTED_LENGTH: usize = 256 * 1024 * 1024;
/// Bodies from this length on may leave hyper, and the thread of another event loop.
pub(crate) const LONG: u64 = 256 * 1024;

/// Where a connection belongs.
pub(super) type Home = (Arc<Pool>, Arc<Route>, OwnedSemaphorePermit);

/// A response whose body is still to be read. Dropping it early closes its connection.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    /// Bytes of the body that were received and not read yet.
    piece: Bytes,
    /// Bytes left to be read, when that was announced.
    left: Option<u64>,
    stall: Option<Duration>,
    /// The connection can be used again behind the body.
    persistent: bool,
    /// None when the body has ended, well or badly.
    open: Option<(Source, Home)>,
}

/// Where the body comes from.
enum Source {
    Hyper(Box<Connection>, Incoming),
    Direct(Direct),
}

impl Response {
    pub(super) fn new(
        response: hyper::Response<Incoming>,
        mut connection: Box<Connection>,
        home: Home,
        stall: Option<Duration>,
    ) -> Self {
        connection.expect_body(stall);
        let (head, body) = response.into_parts();
        let closing = |value: &HeaderValue| {
            let tokens = value.as_bytes().split(|byte| *byte == b',');
            tokens
                .map(<[u8]>::trim_ascii)
                .any(|token| token.eq_ignore_ascii_case(b"close"))
        };
        let persistent = head.version == Version::HTTP_11
            && !head.headers.get_all(header::CONNECTION).iter().any(closing);
        let mut response = Self {
            status: head.status.as_u16(),
            headers: Headers(head.headers),
            piece: Bytes::new(),
            left: body.size_hint().exact(),
            stall,
            persistent,
            open: Some((Source::Hyper(connection, body), home)),
        };
        response.finish_at_end();
        response
    }

    /// Receives a long body straight to where it is read into, on the runtime's thread.
    pub fn detach(&mut self) -> Result<()> {
        if self.left.is_none_or(|left| left < LONG) {
            return Ok(());
        }
        match self.open.take() {
            Some((Source::Hyper(connection, body), home)) if connection.is_open() => {
                let mut direct = Direct::take_over(connection, body)?;
                direct.expect(self.stall);
                self.open = Some((Source::Direct(direct), home));
            }
            other => self.open = other,
        }
        Ok(())
    }

    /// A header's value as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// How many bytes of the body are left to come, when that was announced.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        self.left
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
        if let Some(read) = self.poll_direct(context, into) {
            let count = ready!(read)?;
            self.passed_on(count);
            return Poll::Ready(Ok(count));
        }
        if self.piece.is_empty() {
            self.piece = match ready!(self.poll_piece(context)) {
                Some(piece) => piece?,
                None => return Poll::Ready(Ok(0)),
            };
        }
        let count = self.piece.len().min(into.remaining_mut());
        into.put_slice(&self.piece[..count]);
        self.piece.advance(count);
        self.passed_on(count);
        Poll::Ready(Ok(count))
    }

    /// Receives what is left of a body that is read directly, before it counts as passed on.
    fn poll_direct(
        &mut self,
        context: &mut Context<'_>,
        into: &mut impl BufMut,
    ) -> Option<Poll<Result<usize>>> {
        let (Some((Source::Direct(direct), _)), Some(left)) = (&mut self.open, self.left) else {
            return None;
        };
        let mut into = into.limit(usize::try_from(left).unwrap_or(usize::MAX));
        let read = direct.poll_read(context, &mut into, self.stall);
        match &read {
            Poll::Ready(Ok(count)) if *count as u64 == left => self.finish(),
            Poll::Ready(Err(_)) => self.open = None,
            _ => {}
        }
        Some(read)
    }

    /// What hyper has received next; never an empty piece.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            let (connection, body) = match &mut self.open {
                None => return Poll::Ready(None),
                Some((Source::Hyper(connection, body), _)) => (connection, body),
                Some((Source::Direct(_), _)) => {
                    let mut piece = BytesMut::with_capacity(CHUNK).limit(CHUNK);
                    let read = self.poll_direct(context, &mut piece);
                    let piece = |_| piece.into_inner().freeze();
                    return read.map_or(Poll::Ready(None), |read| read.map_ok(piece).map(Some));
                }
            };
            let piece = ready!(connection.poll_body(context, body, self.stall));
            match piece {
                Some(Ok(piece)) => {
                    self.finish_at_end();
                    if !piece.is_empty() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Some(Err(error)) => {
                    self.open = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.finish(),
            }
        }
    }

    fn passed_on(&mut self, count: usize) {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(count as u64);
        }
    }

    fn finish_at_end(&mut self) {
        if let Some((Source::Hyper(_, body), _)) = &self.open
            && body.is_end_stream()
        {
            self.finish();
        }
    }

    fn finish(&mut self) {
        let Some((source, (pool, route, permit))) = self.open.take() else {
            return;
        };
        let connection = match source {
            Source::Hyper(connection, _) => Some(connection),
            Source::Direct(direct) if self.persistent => direct.into_connection(),
            Source::Direct(_) => None,
        };
        if let Some(mut connection) = connection
            && connection.is_fresh()
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
        if self.piece.is_empty() {
            match ready!(self.poll_piece(context)) {
                Some(Ok(piece)) => self.piece = piece,
                ended => return Poll::Ready(ended),
            }
        }
        let chunk = self.piece.split_to(self.piece.len().min(CHUNK));
        self.passed_on(chunk.len());
        Poll::Ready(Some(Ok(chunk)))
    }

    /// The whole body, at most `limit` bytes.
    pub async fn collect(&mut self, limit: usize) -> Result<BytesMut> {
        let announced = self
            .announced()
            .map_or(0, |left| usize::try_from(left).unwrap_or(usize::MAX));
        // The peer chose the number: take its word for a part, and grow as bytes arrive.
        let mut body = BytesMut::with_capacity(announced.min(limit).min(TRUSTED_LENGTH));
        while self.open.is_some() || !self.piece.is_empty() {
            if body.len() == body.capacity() {
                body.reserve(CHUNK.max(body.len()));
            }
            let room = (body.capacity() - body.len()).min(limit.saturating_add(1) - body.len());
            let mut into = body.limit(room);
            self.read(&mut into).await?;
            body = into.into_inner();
            if body.len() > limit {
                self.open = None;
                self.piece = Bytes::new();
                return Err(malformed("the response is longer than the client takes"));
            }
        }
        Ok(body)
    }
}
