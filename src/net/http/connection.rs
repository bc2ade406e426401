//! One connection: hyper speaks HTTP on it, polled by the task whose request it carries.

use std::error::Error as _;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::body::{Body, Progress};
use super::client::Outgoing;
use super::head::RequestHead;
use super::stream::{Counted, Stream};
use super::watchdog::Watchdog;
use super::{Timeouts, closed, malformed, timed_out};
use crate::error::Error;
use crate::net::runtime;

/// Longest head of a response, in bytes. It may have hyper's default of 100 headers: room for them
/// is then on the stack.
const MAX_HEAD: usize = 64 * 1024;
/// Room for reading bodies, to which hyper grows while they fill it.
const MAX_BUFFER: usize = 512 * 1024;

/// The event loop that watches a connection: 0 for the runtime's, else the reactor's number.
pub(super) type Home = u64;
/// The shared runtime.
pub(super) const RUNTIME: Home = 0;

pub(super) struct Connection {
    pub(super) home: Home,
    sender: SendRequest<Body>,
    driver: http1::Connection<TokioIo<Counted>, Body>,
    /// The driver has returned and must not be polled again.
    ended: bool,
    progress: Progress,
    watchdog: Watchdog,
}

/// An exchange that failed.
pub(super) struct Failure {
    pub(super) error: Error,
    /// The peer closed without a single byte of an answer.
    pub(super) unanswered: bool,
}

impl Connection {
    /// It is moved often, and large.
    pub(super) async fn new(stream: Stream, home: Home) -> Result<Box<Self>, Error> {
        let watchdog = {
            // The timer must outlive the caller's runtime.
            let _runtime = runtime::shared().enter();
            Watchdog::new()
        };
        let progress = Progress::default();
        let stream = Counted::new(stream, progress.clone());
        let (sender, driver) = http1::Builder::new()
            .max_header_size(MAX_HEAD)
            .max_buf_size(MAX_BUFFER)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| explained(&error))?;
        Ok(Box::new(Self {
            home,
            sender,
            driver,
            ended: false,
            progress,
            watchdog,
        }))
    }

    /// Whether the connection can take another request. Polling it once is enough to see that the
    /// peer has closed, or has sent something that nobody asked for.
    pub(super) fn is_fresh(&mut self) -> bool {
        self.drive(&mut Context::from_waker(Waker::noop()));
        !self.ended && self.sender.is_ready()
    }

    /// Like [`is_fresh`](Self::is_fresh), with a look at the socket: one that lay idle may have
    /// been closed while its event loop was busy with other things.
    pub(super) fn is_still_fresh(&mut self) -> bool {
        self.progress.ask_for_a_look();
        self.is_fresh()
    }

    /// Sends a request and waits for the head of the response. An answer that comes before the
    /// request is sent to its end is taken.
    pub(super) async fn exchange(
        &mut self,
        head: RequestHead,
        outgoing: &Outgoing<'_>,
        timeouts: &Timeouts,
    ) -> Result<hyper::Response<Incoming>, Failure> {
        let (received, begin) = (self.progress.received(), self.progress.sent());
        let length: u64 = outgoing.body.iter().map(|piece| piece.len() as u64).sum();
        let request = head.request(Body::new(outgoing.body));
        let mut answer = pin!(self.sender.try_send_request(request));
        self.watchdog.arm(timeouts.stall);
        let mut moved = begin;
        let mut handed_over = false;
        let mut late = false;
        poll_fn(|context| {
            loop {
                // It must come first: it is what brings the answer.
                self.drive(context);
                if let Poll::Ready(outcome) = answer.as_mut().poll(context) {
                    return Poll::Ready(outcome.map_err(|failed| {
                        let error = failed.into_error();
                        Failure {
                            unanswered: self.progress.received() == received,
                            error: explained(&error),
                        }
                    }));
                }
                if !handed_over {
                    let sent = self.progress.sent();
                    // The head goes first and is never empty: the body is out but for less than that.
                    if sent - begin > length {
                        handed_over = true;
                        if let Some(flag) = outgoing.sent {
                            flag.store(true, Ordering::Release);
                        }
                        self.watchdog.arm(timeouts.first_byte);
                    } else if sent != moved {
                        self.watchdog.arm(timeouts.stall);
                    }
                    moved = sent;
                }
                ready!(self.watchdog.poll(context));
                if !std::mem::replace(&mut late, true) {
                    // An event loop that was busy has not told yet what came in time.
                    self.progress.ask_for_a_look();
                    continue;
                }
                let what = if handed_over {
                    "the store did not answer in time (responseTimeout)"
                } else {
                    "the store stopped reading the request (stallTimeout)"
                };
                return Poll::Ready(Err(Failure {
                    error: timed_out(what),
                    unanswered: false,
                }));
            }
        })
        .await
    }

    /// Begins to wait for bytes of a body.
    pub(super) fn expect_body(&mut self, stall: Option<Duration>) {
        self.watchdog.arm(stall);
    }

    /// The next piece of a response's body; `None` at its end.
    pub(super) fn poll_body(
        &mut self,
        context: &mut Context<'_>,
        body: &mut Incoming,
        stall: Option<Duration>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        let mut late = false;
        loop {
            self.drive(context);
            match Pin::new(&mut *body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.watchdog.arm(stall);
                    // Trailers say nothing that is used.
                    if let Ok(piece) = frame.into_data() {
                        return Poll::Ready(Some(Ok(piece)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(explained(&error))));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    ready!(self.watchdog.poll(context));
                    if !std::mem::replace(&mut late, true) {
                        self.progress.ask_for_a_look();
                        continue;
                    }
                    return Poll::Ready(Some(Err(timed_out(
                        "the body stopped coming (stallTimeout)",
                    ))));
                }
            }
        }
    }

    /// What is under the connection, and what was received and not used yet.
    pub(super) fn into_parts(self) -> (Counted, Bytes, Watchdog) {
        let http1::Parts { io, read_buf, .. } = self.driver.into_parts();
        (io.into_inner(), read_buf, self.watchdog)
    }

    /// Whether the driver can still bring something.
    pub(super) fn is_open(&self) -> bool {
        !self.ended
    }

    /// The same connection for the tasks of another event loop; nothing may be under way on it.
    #[cfg(unix)]
    pub(super) fn moved_to(self, home: Home) -> Option<Box<Self>> {
        let (stream, received, _) = self.into_parts();
        let stream = stream.into_inner().watched().ok()?;
        let made = pin!(Self::new(stream, home));
        match made.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(connection) if received.is_empty() => connection.ok(),
            _ => None,
        }
    }

    fn drive(&mut self, context: &mut Context<'_>) {
        if !self.ended && Pin::new(&mut self.driver).poll(context).is_ready() {
            self.ended = true;
        }
    }
}

/// What went wrong, in our words.
fn explained(error: &hyper::Error) -> Error {
    if error.is_parse() {
        return malformed("the peer's answer is not HTTP, or its head is longer than 64 KiB");
    }
    let mut cause = error.source();
    while let Some(source) = cause {
        if let Some(source) = source.downcast_ref::<io::Error>() {
            let source = io::Error::new(source.kind(), source.to_string());
            return closed("the connection broke", source);
        }
        cause = source.source();
    }
    let source = io::Error::from(io::ErrorKind::UnexpectedEof);
    closed("the store closed the connection", source)
}
