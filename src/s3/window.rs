//! Large downloads that are read piece by piece: several ranges at once, a bounded way ahead of
//! the reader, who gets them in order. Nothing is asked for while nobody reads.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::body::{Origin, S3Body};
use super::config::MIN_PART_SIZE;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;

/// Ranges are asked for when the reader has come so far, in bytes: who only looks at the beginning
/// costs one request.
const BEGIN: u64 = 8 * 1024 * 1024;
/// A connection that brings so many bytes per second is not what a reader waits for: more of them
/// would only cost. Stores give a connection less than half of it.
const FAST: f64 = 200.0 * 1024.0 * 1024.0;
/// Bytes of the pieces in which a range waits for its reader.
const PIECE: usize = 256 * 1024;

/// The ranges ahead of a reader. Dropping it closes their connections.
pub(super) struct Window {
    /// Where the next range begins that is not asked for yet.
    next: Origin,
    /// Bytes from there on.
    left: u64,
    /// Bytes of a range.
    range: u64,
    /// Ranges that are asked for and not read to their end, at most.
    most: usize,
    ahead: VecDeque<Ahead>,
    tasks: JoinSet<()>,
    /// Bytes that the reader has not got yet.
    unread: u64,
}

/// How fast a reader is served over one connection.
#[derive(Default)]
pub(super) struct Pace {
    bytes: u64,
    waited: Duration,
    since: Option<Instant>,
}

impl Pace {
    /// The reader wants to go on.
    pub(super) fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    /// The reader has got what he wanted.
    pub(super) fn end(&mut self) {
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
    }

    /// So many bytes came.
    pub(super) fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Whether several ranges at once would serve him better.
    #[allow(
        clippy::cast_precision_loss,
        reason = "objects are shorter than 2^53 bytes"
    )]
    fn is_slow(&self) -> bool {
        self.bytes >= BEGIN && (self.bytes as f64) < FAST * self.waited.as_secs_f64()
    }
}

/// A range that is on its way.
struct Ahead {
    pieces: mpsc::UnboundedReceiver<Result<BytesMut>>,
    unread: u64,
}

impl Window {
    /// A window over what follows the range that a reader is in, if that pays and there is enough
    /// left. Also tells how many bytes are left before it.
    pub(super) fn open(origin: &Origin, pace: &Pace, left: u64) -> Option<(Self, u64)> {
        let options = origin.client.options();
        let range = options.part_size.max(MIN_PART_SIZE);
        if !pace.is_slow() || !origin.in_ranges || options.queue_size < 2 || left / 2 < range {
            return None;
        }
        let window = Self {
            left: left - range,
            unread: left - range,
            range,
            // The one that the reader is in counts.
            most: usize::try_from(options.queue_size - 1).unwrap_or(usize::MAX),
            next: Origin {
                position: origin.position + range,
                ..origin.clone()
            },
            ahead: VecDeque::new(),
            tasks: JoinSet::new(),
        };
        Some((window, range))
    }

    /// Bytes that the reader has not got yet.
    pub(super) fn unread(&self) -> u64 {
        self.unread
    }

    /// The next piece; `None` at the end.
    pub(super) fn poll_piece(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<BytesMut>>> {
        loop {
            self.fill();
            let Some(first) = self.ahead.front_mut() else {
                return Poll::Ready(None);
            };
            let piece = match ready!(first.pieces.poll_recv(context)) {
                Some(piece) => piece,
                None if first.unread == 0 => {
                    self.ahead.pop_front();
                    // The reader goes on to the next one, and another may follow.
                    continue;
                }
                None => Err(Error::new(
                    ErrorKind::Cancelled,
                    "ERR_S3_CANCELLED",
                    "a part of the download was cancelled",
                )),
            };
            if let Ok(piece) = &piece {
                first.unread -= piece.len() as u64;
                self.unread -= piece.len() as u64;
            }
            return Poll::Ready(Some(piece));
        }
    }

    /// Asks for as many ranges as there is room for.
    pub(super) fn fill(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        while self.left > 0 && self.ahead.len() < self.most {
            let length = self.range.min(self.left);
            let (sender, pieces) = mpsc::unbounded_channel();
            let part = S3Body::part(self.next.clone(), length);
            self.tasks
                .spawn_on(bring(part, sender), runtime::shared().handle());
            self.ahead.push_back(Ahead {
                pieces,
                unread: length,
            });
            self.next.position += length;
            self.left -= length;
        }
    }
}

/// Reads a range to its end, or to what ends it.
async fn bring(mut part: S3Body, pieces: mpsc::UnboundedSender<Result<BytesMut>>) {
    while let Some(piece) = part.next_piece(PIECE, PIECE).await.transpose() {
        let failed = piece.is_err();
        if pieces.send(piece).is_err() || failed {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_waits_long_gets_more_connections() {
        let is_slow = |bytes, waited| {
            let pace = Pace {
                bytes,
                waited: Duration::from_millis(waited),
                since: None,
            };
            pace.is_slow()
        };
        assert!(!is_slow(BEGIN - 1, 1_000_000));
        assert!(is_slow(BEGIN, 1000));
        assert!(!is_slow(BEGIN, 0));
        assert!(!is_slow(201 << 20, 1000));
        assert!(is_slow(199 << 20, 1000));
    }

    #[test]
    fn what_the_reader_does_meanwhile_is_no_waiting() {
        let mut pace = Pace::default();
        pace.end();
        assert_eq!(pace.waited, Duration::ZERO);
        pace.begin();
        let since = pace.since;
        pace.begin();
        assert_eq!(pace.since, since);
        pace.end();
        assert!(pace.since.is_none());
    }
}
