//! Bytes to and from the peer, with or without TLS.

#[cfg(unix)]
use std::cell::RefCell;
use std::io::{self, IoSlice};
use std::pin::Pin;
#[cfg(unix)]
use std::task::ready;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::body::Progress;
use super::carrier::Carrier;
#[cfg(unix)]
use crate::net::reactor::WatchedStream;
#[cfg(unix)]
use crate::net::runtime;

/// Bytes that are received at once from a socket that another event loop watches.
#[cfg(unix)]
const RECEIVED: usize = 64 * 1024;

/// What the system says of bytes that it cannot read.
const EFAULT: i32 = if cfg!(windows) { 10014 } else { 14 };

/// A connected socket.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<Carrier>>),
    /// To a proxy that passes on what it can read.
    Forwarded(Box<TlsStream<TcpStream>>),
    #[cfg(unix)]
    Watched(WatchedStream),
}

impl Stream {
    /// The same connection for tasks that are polled by another event loop, if it is a plain one.
    #[cfg(unix)]
    pub(super) fn watched(self) -> io::Result<Self> {
        match self {
            Self::Plain(stream) => Ok(Self::Watched(WatchedStream::new(stream.into_std()?))),
            other => Ok(other),
        }
    }
}

/// A stream whose bytes are counted.
///
/// A peer that takes no more of a request may have said why: a write that fails never ends, and
/// what is read, the answer or the end, decides.
pub(super) struct Counted {
    stream: Stream,
    progress: Progress,
    deaf: bool,
}

impl Counted {
    pub(super) fn new(stream: Stream, progress: Progress) -> Self {
        Self {
            stream,
            progress,
            deaf: false,
        }
    }

    pub(super) fn into_inner(self) -> Stream {
        self.stream
    }

    /// Makes the connection the runtime's, if another event loop watches it.
    pub(super) fn leave_reactor(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        if let Stream::Watched(stream) = &self.stream {
            let _runtime = runtime::shared().enter();
            self.stream = Stream::Plain(TcpStream::from_std(stream.leave()?)?);
        }
        Ok(())
    }

    fn sent(&mut self, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &outcome {
            Poll::Ready(Ok(count)) => self.progress.add_sent(*count),
            // Not the peer's doing: the body's memory is gone.
            Poll::Ready(Err(error)) if error.raw_os_error() == Some(EFAULT) => {}
            Poll::Ready(Err(_)) => {
                self.deaf = true;
                return Poll::Pending;
            }
            Poll::Pending => {}
        }
        outcome
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        #[cfg(unix)]
        let look = self.progress.takes_a_look();
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
            Stream::Forwarded(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
            #[cfg(unix)]
            Stream::Watched(stream) => {
                if look {
                    stream.distrust();
                }
                receive(stream, context, buffer)
            }
        };
        self.progress.add_received(buffer.filled().len() - before);
        outcome
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.deaf {
            return Poll::Pending;
        }
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
            Stream::Forwarded(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
            #[cfg(unix)]
            Stream::Watched(stream) => stream.poll_write(context, &[IoSlice::new(bytes)]),
        };
        self.sent(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.deaf {
            return Poll::Pending;
        }
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, slices),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(context, slices),
            Stream::Forwarded(stream) => {
                Pin::new(&mut **stream).poll_write_vectored(context, slices)
            }
            #[cfg(unix)]
            Stream::Watched(stream) => stream.poll_write(context, slices),
        };
        self.sent(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
            Stream::Forwarded(stream) => Pin::new(&mut **stream).poll_flush(context),
            #[cfg(unix)]
            Stream::Watched(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(context),
            Stream::Forwarded(stream) => Pin::new(&mut **stream).poll_shutdown(context),
            #[cfg(unix)]
            Stream::Watched(stream) => Poll::Ready(stream.finish()),
        }
    }
}

/// Receives by way of memory that is written once: what hyper offers has no content yet, and
/// would have to be given one first.
#[cfg(unix)]
fn receive(
    stream: &WatchedStream,
    context: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    thread_local! {
        static MEMORY: RefCell<Box<[u8]>> = RefCell::new(vec![0; RECEIVED].into());
    }
    MEMORY.with_borrow_mut(|memory| {
        let room = buffer.remaining().min(memory.len());
        let count = ready!(stream.poll_read(context, &mut memory[..room]))?;
        buffer.put_slice(&memory[..count]);
        Poll::Ready(Ok(()))
    })
}
