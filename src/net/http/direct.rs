//! A long body of known length, received straight to where it belongs: hyper, which has read the
//! head, would receive it into memory of its own first.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use hyper::body::{Body as _, Incoming};
use tokio::io::AsyncReadExt;

use super::connection::{Connection, RUNTIME};
use super::stream::Counted;
use super::watchdog::Watchdog;
use super::{closed, timed_out};
use crate::error::{Error, Result};

pub(super) struct Direct {
    stream: Counted,
    /// What hyper had received behind the head.
    received: [Bytes; 2],
    watchdog: Watchdog,
}

impl Direct {
    /// Takes a connection over whose response has this body; from then on it is the runtime's.
    pub(super) fn take_over(connection: Box<Connection>, mut body: Incoming) -> Result<Self> {
        // hyper hands over one piece before it is asked for any.
        let first = match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            _ => Bytes::new(),
        };
        let (mut stream, buffered, watchdog) = connection.into_parts();
        stream.leave_reactor().map_err(lost)?;
        Ok(Self {
            stream,
            received: [buffered, first],
            watchdog,
        })
    }

    /// Begins to wait for bytes.
    pub(super) fn expect(&mut self, stall: Option<Duration>) {
        self.watchdog.arm(stall);
    }

    /// Receives into the room of `into`, which is not larger than what is left of the body.
    pub(super) fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        into: &mut impl BufMut,
        stall: Option<Duration>,
    ) -> Poll<Result<usize>> {
        if let Some(piece) = self.received.iter_mut().rfind(|piece| !piece.is_empty()) {
            let count = piece.len().min(into.remaining_mut());
            into.put_slice(&piece[..count]);
            piece.advance(count);
            return Poll::Ready(Ok(count));
        }
        match pin!(self.stream.read_buf(into)).poll(context) {
            Poll::Ready(Ok(0)) => Poll::Ready(Err(lost(std::io::ErrorKind::UnexpectedEof.into()))),
            Poll::Ready(Ok(count)) => {
                self.watchdog.arm(stall);
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(lost(error))),
            Poll::Pending => {
                ready!(self.watchdog.poll(context));
                let what = "the body stopped coming (stallTimeout)";
                Poll::Ready(Err(timed_out(what)))
            }
        }
    }

    /// The connection behind the body's end, for another request.
    pub(super) fn into_connection(self) -> Option<Box<Connection>> {
        if self.received.iter().any(|piece| !piece.is_empty()) {
            return None;
        }
        // It has nothing to wait for.
        let made = pin!(Connection::new(self.stream.into_inner(), RUNTIME));
        match made.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(connection) => connection.ok(),
            Poll::Pending => None,
        }
    }
}

fn lost(source: std::io::Error) -> Error {
    match source.kind() {
        std::io::ErrorKind::UnexpectedEof => closed("the store closed the connection", source),
        _ => closed("the connection broke", source),
    }
}
