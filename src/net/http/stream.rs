//! Bytes to and from the peer, with or without TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::body::Progress;
use super::carrier::Carrier;

/// A connected socket.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<Carrier>>),
    /// To a proxy that passes on what it can read.
    Forwarded(Box<TlsStream<TcpStream>>),
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

    fn sent(&mut self, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &outcome {
            Poll::Ready(Ok(count)) => self.progress.add_sent(*count),
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
        let outcome = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
            Stream::Forwarded(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
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
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(context),
            Stream::Forwarded(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        }
    }
}
