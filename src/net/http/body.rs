//! The body of a request, and how much has moved over a connection.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// Pieces that are sent one after the other, without a copy.
pub(super) struct Body {
    pieces: VecDeque<Bytes>,
    left: u64,
}

impl Body {
    pub(super) fn new(pieces: &[Bytes]) -> Self {
        let pieces = pieces.iter().filter(|piece| !piece.is_empty());
        let pieces: VecDeque<Bytes> = pieces.cloned().collect();
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces, left }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        if let Some(piece) = &piece {
            self.left -= piece.len() as u64;
        }
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Counts bytes that move over a connection, heads included.
#[derive(Clone, Default)]
pub(super) struct Progress(Arc<Counts>);

#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    received: AtomicU64,
    look: AtomicBool,
}

impl Progress {
    pub(super) fn add_sent(&self, bytes: usize) {
        self.0.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(super) fn add_received(&self, bytes: usize) {
        self.0.received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Asks for a look at the socket at the next read, whatever the event loop has told of it.
    pub(super) fn ask_for_a_look(&self) {
        self.0.look.store(true, Ordering::Relaxed);
    }

    /// Whether that was asked for since the last time.
    #[cfg(unix)]
    pub(super) fn takes_a_look(&self) -> bool {
        self.0.look.load(Ordering::Relaxed) && self.0.look.swap(false, Ordering::Relaxed)
    }

    /// Bytes that the system took.
    pub(super) fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Bytes that came.
    pub(super) fn received(&self) -> u64 {
        self.0.received.load(Ordering::Relaxed)
    }
}
