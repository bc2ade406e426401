//! An object's bytes as they arrive. A body that breaks off is resumed where it broke.

mod origin;
mod reading;

use std::future::{Future, poll_fn, ready};
use std::pin::Pin;
use std::task::{self, Context, Poll};

use bytes::buf::Limit;
use bytes::{BufMut, Bytes, BytesMut};
use origin::extent_of;
pub(super) use origin::{Origin, too_short};

use super::checksum::Verifier;
use super::client::S3Client;
use super::op::get::{self, ByteRange, S3StatResult};
use super::ranges;
use super::retry::Attempts;
use super::url::Location;
use super::window::{Pace, Window};
use crate::error::Result;
use crate::net::buffers;
use crate::net::http::Response;

/// Longest piece that [`S3Body::next_chunk`] returns.
const CHUNK: usize = 64 * 1024;
/// Memory that is set aside by an announced length alone.
const TRUSTED_LENGTH: u64 = 256 * 1024 * 1024;

/// Buffers from this length on may have been used before: fresh memory is slow.
const RECYCLED: usize = 1024 * 1024;

type Resuming = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

/// A download that is read piece by piece, of which several ranges come at once when one connection
/// is slow; also a [`Stream`](futures_core::Stream). Dropping it
/// early closes its connection.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/s3_doc.rs")); }
/// # support::run(async |client| {
/// # client.put("large.bin", vec![1; 1 << 20].into(), &Default::default()).await?;
/// let mut body = client.get("large.bin", None).await?;
/// let mut length = 0;
/// while let Some(chunk) = body.next_chunk().await {
///     length += chunk?.len() as u64;
/// }
/// assert_eq!(length, body.metadata.size);
/// # Ok(()) });
/// ```
pub struct S3Body {
    /// What the store says; the size is that of this body.
    pub metadata: S3StatResult,
    response: Option<Response>,
    resuming: Option<Resuming>,
    origin: Option<Origin>,
    /// Bytes still to come before those of the window, if their number is known.
    left: Option<u64>,
    /// How fast it comes, if it may open a window.
    pace: Option<Pace>,
    /// What follows, when it is read in several ranges at once.
    window: Option<Box<Window>>,
    /// What came from there and did not fit.
    piece: BytesMut,
    /// Of a whole object whose sum is known.
    verifier: Option<Verifier>,
}

impl S3Body {
    pub(super) async fn open(
        client: S3Client,
        location: Location,
        range: Option<ByteRange>,
    ) -> Result<Self> {
        let mut request = get::request(&location, range, client.options().request_payer);
        request.version(client.version());
        let sums = client.options().checksum.filter(|sum| sum.is_kept());
        if range.is_none() && sums.is_some() {
            let headers = &mut request.headers;
            headers.push(("x-amz-checksum-mode", "ENABLED".into()));
        }
        let mut response = client.transport.send(&request).await?;
        let extent = extent_of(&response, range)?;
        response.detach()?;
        let verifier = match (range, sums) {
            (None, Some(_)) => Verifier::new(&response.headers),
            _ => None,
        };
        let mut metadata = S3StatResult::from_headers(&response.headers);
        metadata.size = extent.length.unwrap_or(metadata.size);
        // A weak tag does not promise the same bytes.
        let named = !metadata.etag.is_empty() && !metadata.etag.starts_with("W/");
        let origin = extent.start.filter(|_| named).map(|position| Origin {
            in_ranges: response.header("accept-ranges") == Some("bytes"),
            attempts: Attempts::new(client.options().retry),
            etag: metadata.condition(),
            client,
            location,
            position,
        });
        Ok(Self {
            left: extent.length,
            origin,
            metadata,
            response: Some(response),
            resuming: None,
            pace: Some(Pace::default()),
            window: None,
            piece: BytesMut::new(),
            verifier,
        })
    }

    /// A body without bytes, for a range without bytes.
    pub(super) fn empty() -> Self {
        Self {
            metadata: S3StatResult::default(),
            response: None,
            resuming: None,
            origin: None,
            left: Some(0),
            pace: None,
            window: None,
            piece: BytesMut::new(),
            verifier: None,
        }
    }

    /// A part of an object of which more is known; it is asked for at the first read.
    pub(super) fn part(origin: Origin, length: u64) -> Self {
        Self {
            resuming: Some(Box::pin(origin.clone().ask(length))),
            origin: Some(origin),
            left: Some(length),
            ..Self::empty()
        }
    }

    /// Ends the body after so many bytes.
    pub(super) fn truncate(&mut self, length: u64) {
        self.left = self.left.map(|left| left.min(length));
    }

    /// Bytes still to come, if their number is known.
    #[must_use]
    pub fn left(&self) -> Option<u64> {
        let ahead = self.window.as_ref().map_or(0, |window| window.unread());
        Some(self.left? + ahead + self.piece.len() as u64)
    }

    /// Closes the connection of a body that nobody reads for now; the next read asks for the rest.
    /// Does nothing when the rest could not be asked for.
    pub fn pause(&mut self) {
        if let (Some(origin), Some(left), true) = (&self.origin, self.left, self.response.is_some())
        {
            self.resuming = Some(Box::pin(origin.clone().ask(left)));
            self.response = None;
        }
    }

    /// Where the rest comes from and how long it is, if both are known, and it is in one piece.
    pub(super) fn rest(&self) -> Option<(&Origin, u64)> {
        let one = self.window.is_none();
        Some((self.origin.as_ref()?, self.left.filter(|_| one)?))
    }

    /// Begins to wait for a piece. Reads ahead, in several ranges at once, if that pays.
    fn want_piece(&mut self) {
        if let (Some(pace), Some((origin, left))) = (&self.pace, self.rest())
            && let Some((mut window, length)) = Window::open(origin, pace, left)
        {
            window.fill();
            self.window = Some(Box::new(window));
            self.truncate(length);
        }
        if let Some(pace) = &mut self.pace {
            pace.begin();
        }
    }

    /// The next piece, `None` at the end. A body that is shorter than announced, and cannot be
    /// resumed, ends in an error with code `ConnectionClosed`.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    /// All that is left, in one buffer.
    pub async fn collect(&mut self) -> Result<Vec<u8>> {
        Ok(self.collect_bytes().await?.into())
    }

    pub(super) async fn collect_bytes(&mut self) -> Result<BytesMut> {
        let verifier = self.verifier.take();
        let bytes = self.collect_unverified().await?;
        if let Some(mut verifier) = verifier {
            verifier.update(&bytes);
            verifier.finish()?;
        }
        Ok(bytes)
    }

    async fn collect_unverified(&mut self) -> Result<BytesMut> {
        if let Some(bytes) = ranges::collect(self).await? {
            return Ok(bytes);
        }
        let room =
            usize::try_from(self.left().unwrap_or(0).min(TRUSTED_LENGTH)).unwrap_or_default();
        let large = Some(room).filter(|room| *room >= RECYCLED);
        let mut bytes = match large.and_then(buffers::take_room) {
            Some(buffer) => BytesMut::from(Bytes::from(buffer)),
            None => BytesMut::with_capacity(room),
        };
        while self.left() != Some(0) {
            if bytes.len() == bytes.capacity() {
                bytes.reserve(CHUNK.max(bytes.len()));
            }
            let room = bytes.capacity() - bytes.len();
            let mut into = bytes.limit(room);
            let count = self.read(&mut into).await?;
            bytes = into.into_inner();
            if count == 0 {
                break;
            }
        }
        Ok(bytes)
    }

    /// The next piece, of at least `least` bytes but for the last one, and of up to `most` if they
    /// have arrived; `None` at the end.
    pub async fn next_piece(&mut self, least: usize, most: usize) -> Result<Option<BytesMut>> {
        self.want_piece();
        let piece = if self.left == Some(0) {
            // What waits in pieces already needs no copy.
            poll_fn(|context| self.poll_fetch(context)).await?;
            self.piece.split_to(self.piece.len().min(most))
        } else {
            let mut piece = self.room(most);
            while piece.has_remaining_mut() {
                let is_enough = piece.get_ref().len() >= least;
                let count = tokio::select! {
                    biased;
                    read = self.read(&mut piece) => read?,
                    () = ready(()), if is_enough => break,
                };
                if count == 0 {
                    break;
                }
            }
            piece.into_inner()
        };
        self.got_piece(piece)
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        self.want_piece();
        let mut into = self.room(CHUNK);
        let read = task::ready!(self.poll_read(context, &mut into));
        let chunk = read.and_then(|_| self.got_piece(into.into_inner()));
        Poll::Ready(chunk.map(|chunk| chunk.map(BytesMut::freeze)).transpose())
    }

    fn room(&self, most: usize) -> Limit<BytesMut> {
        let left = self.left().and_then(|left| usize::try_from(left).ok());
        let room = left.unwrap_or(most).min(most);
        // Of those that are as long as they may be another is likely to have ended.
        let used = Some(room).filter(|room| *room == most && *room > CHUNK);
        let buffer = match used.and_then(buffers::take_room) {
            Some(buffer) => BytesMut::from(Bytes::from(buffer)),
            None => BytesMut::with_capacity(room),
        };
        buffer.limit(room)
    }

    /// A piece that came; its bytes are added to the sum, and the last one is held back if the sum is wrong.
    fn got_piece(&mut self, piece: BytesMut) -> Result<Option<BytesMut>> {
        if let Some(pace) = &mut self.pace {
            pace.end();
        }
        if let Some(verifier) = &mut self.verifier {
            verifier.update(&piece);
        }
        if (piece.is_empty() || self.left() == Some(0))
            && let Some(verifier) = self.verifier.take()
        {
            verifier.finish()?;
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl futures_core::Stream for S3Body {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(context)
    }
}
