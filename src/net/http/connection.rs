//! One connection: writes a request, reads the head of its response and bytes of its body.

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::time::{Instant, Sleep, sleep_until};

use super::client::Outgoing;
use super::connector::Stream;
use super::head::{MAX_HEAD, ResponseHead, end_of_head};
use super::{Timeouts, closed, malformed, timed_out};
use crate::error::Error;

/// Room for reading heads and small bodies; a page of memory and no more for an idle connection.
const BUFFER: usize = 8 * 1024;
/// Bodies up to this length are copied behind the head: one write of one slice.
const SMALL_BODY: usize = 16 * 1024;
/// Slices in one write.
const SLICES: usize = 16;
/// Answers such as `100 Continue` that are skipped.
const MAX_INTERIM: usize = 16;

pub(super) struct Connection {
    stream: Stream,
    /// Bytes that were read and not used yet.
    pub(super) buffer: BytesMut,
    watchdog: Watchdog,
}

/// An exchange that failed.
pub(super) struct Failure {
    pub(super) error: Error,
    /// The peer closed without a single byte of an answer.
    pub(super) unanswered: bool,
}

impl Connection {
    /// Must be called on the shared runtime, to which the timer belongs.
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
            watchdog: Watchdog::new(),
        }
    }

    /// Whether the connection can take another request.
    pub(super) fn is_fresh(&self) -> bool {
        self.buffer.is_empty() && self.stream.is_quiet()
    }

    /// Writes a request and reads the head of the response. An answer that comes before the
    /// request is written to its end is taken, and says that the connection ends with it.
    pub(super) async fn exchange(
        &mut self,
        outgoing: &Outgoing<'_>,
        timeouts: &Timeouts,
    ) -> Result<ResponseHead, Failure> {
        let mut writing = Writing::new(outgoing);
        let mut reading = Reading::default();
        self.watchdog.arm(timeouts.stall);
        poll_fn(|context| {
            if !writing.is_done() {
                let before = writing.written;
                let outcome = writing.poll(&mut self.stream, context);
                if writing.written != before {
                    self.watchdog.arm(timeouts.stall);
                }
                if outcome.is_ready() {
                    writing.done = true;
                    // After a failure there may still be an answer that explains it.
                    if let Poll::Ready(Err(error)) = outcome {
                        writing.failed = Some(error);
                    } else if let Some(sent) = outgoing.sent {
                        sent.store(true, Ordering::Release);
                    }
                    self.watchdog.arm(timeouts.first_byte);
                }
            }
            if let Poll::Ready(outcome) = self.poll_head(context, &mut reading) {
                let complete = writing.is_done() && writing.failed.is_none();
                let unanswered = !reading.begun;
                return Poll::Ready(match outcome {
                    Ok(mut head) => {
                        head.keep_alive &= complete;
                        Ok(head)
                    }
                    Err(error) => Err(Failure {
                        error: match writing.failed.take() {
                            Some(source) if unanswered => {
                                closed("the request was not taken", source)
                            }
                            _ => error,
                        },
                        unanswered,
                    }),
                });
            }
            ready!(self.watchdog.poll(context));
            let what = if writing.is_done() {
                "the store did not answer in time (responseTimeout)"
            } else {
                "the store stopped reading the request (stallTimeout)"
            };
            Poll::Ready(Err(Failure {
                error: timed_out(what),
                unanswered: false,
            }))
        })
        .await
    }

    fn poll_head(
        &mut self,
        context: &mut Context<'_>,
        reading: &mut Reading,
    ) -> Poll<Result<ResponseHead, Error>> {
        loop {
            while let Some(end) = end_of_head(&self.buffer, reading.scanned) {
                let head = ResponseHead::parse(&self.buffer[..end]);
                self.buffer.advance(end);
                reading.scanned = 0;
                let head = head?;
                if head.status >= 200 {
                    return Poll::Ready(Ok(head));
                }
                reading.interim += 1;
                // No request asks to change the protocol.
                if head.status == 101 || reading.interim > MAX_INTERIM {
                    return Poll::Ready(Err(malformed("the peer sent an answer nobody asked for")));
                }
            }
            reading.scanned = self.buffer.len();
            if reading.scanned >= MAX_HEAD {
                return Poll::Ready(Err(malformed(
                    "the head of the answer is longer than 64 KiB",
                )));
            }
            self.buffer.reserve(BUFFER / 2);
            let room = (self.buffer.capacity() - self.buffer.len())
                .min(BUFFER.max(MAX_HEAD - reading.scanned));
            let mut into = (&mut self.buffer).limit(room);
            match ready!(self.stream.poll_read(context, &mut into)) {
                Ok(0) => {
                    let source = io::Error::from(io::ErrorKind::UnexpectedEof);
                    return Poll::Ready(Err(closed("the store closed the connection", source)));
                }
                Ok(_) => reading.begun = true,
                Err(source) => return Poll::Ready(Err(closed("the connection broke", source))),
            }
        }
    }

    /// Begins to wait for bytes of a body.
    pub(super) fn expect_body(&mut self, stall: Option<Duration>) {
        self.watchdog.arm(stall);
    }

    /// Reads bytes of a body past the buffer, which must be empty; 0 at the end of the stream.
    pub(super) fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        into: &mut impl BufMut,
        stall: Option<Duration>,
    ) -> Poll<Result<usize, Error>> {
        match self.stream.poll_read(context, into) {
            Poll::Ready(Ok(count)) => {
                self.watchdog.arm(stall);
                Poll::Ready(Ok(count))
            }
            Poll::Ready(Err(source)) => Poll::Ready(Err(closed("the body broke off", source))),
            Poll::Pending => {
                ready!(self.watchdog.poll(context));
                Poll::Ready(Err(timed_out("the body stopped coming (stallTimeout)")))
            }
        }
    }

    /// Reads bytes of a body into the buffer.
    pub(super) fn poll_fill(
        &mut self,
        context: &mut Context<'_>,
        stall: Option<Duration>,
    ) -> Poll<Result<usize, Error>> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.reserve(2 * BUFFER);
        let mut into = buffer.limit(2 * BUFFER);
        let outcome = self.poll_body(context, &mut into, stall);
        self.buffer = into.into_inner();
        outcome
    }
}

#[derive(Default)]
struct Reading {
    /// Bytes of the buffer in which the head does not end.
    scanned: usize,
    /// Something was received.
    begun: bool,
    interim: usize,
}

/// A request on its way out.
struct Writing<'a> {
    head: &'a [u8],
    body: &'a [Bytes],
    /// Head and body in one, if they are short.
    joined: Vec<u8>,
    written: usize,
    length: usize,
    done: bool,
    failed: Option<io::Error>,
}

impl<'a> Writing<'a> {
    fn new(outgoing: &'a Outgoing<'_>) -> Self {
        let head = &outgoing.head.bytes;
        let body_length: usize = outgoing.body.iter().map(Bytes::len).sum();
        let mut joined = Vec::new();
        if body_length > 0 && body_length <= SMALL_BODY {
            joined.reserve_exact(head.len() + body_length);
            joined.extend_from_slice(head);
            outgoing
                .body
                .iter()
                .for_each(|piece| joined.extend_from_slice(piece));
        }
        Self {
            head,
            body: outgoing.body,
            joined,
            written: 0,
            length: head.len() + body_length,
            done: false,
            failed: None,
        }
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn poll(&mut self, stream: &mut Stream, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.length {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let mut count = 0;
            let mut skip = self.written;
            let joined = [&*self.joined];
            let (first, rest): (&[&[u8]], &[Bytes]) = if self.joined.is_empty() {
                (&[self.head], self.body)
            } else {
                (&joined, &[])
            };
            let pieces = first
                .iter()
                .copied()
                .chain(rest.iter().map(|piece| &**piece));
            for piece in pieces {
                if skip >= piece.len() {
                    skip -= piece.len();
                    continue;
                }
                slices[count] = IoSlice::new(&piece[skip..]);
                skip = 0;
                count += 1;
                if count == SLICES {
                    break;
                }
            }
            let written = ready!(stream.poll_write(context, &slices[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        stream.poll_flush(context)
    }
}

/// A timer that is cheap to set again: it fires early, looks at the deadline and sleeps on.
struct Watchdog {
    sleep: Pin<Box<Sleep>>,
    deadline: Option<Instant>,
}

/// How long a timer sleeps when there is no deadline.
const FAR: Duration = Duration::from_hours(24);

impl Watchdog {
    fn new() -> Self {
        Self {
            sleep: Box::pin(sleep_until(Instant::now() + FAR)),
            deadline: None,
        }
    }

    fn arm(&mut self, limit: Option<Duration>) {
        self.deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        if let Some(deadline) = self.deadline
            && self.sleep.deadline() > deadline
        {
            self.sleep.as_mut().reset(deadline);
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(context));
            let now = Instant::now();
            match self.deadline {
                Some(deadline) if deadline <= now => return Poll::Ready(()),
                deadline => self.sleep.as_mut().reset(deadline.unwrap_or(now + FAR)),
            }
        }
    }
}
