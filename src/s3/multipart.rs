//! Uploads piece by piece.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::task::{AbortHandle, JoinSet};

use super::client::S3Client;
use super::op::multipart::{self, MAX_PARTS};
use super::op::put::{PutOptions, S3UploadResult};
use super::url::Location;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;

/// Pieces up to this length are gathered: a part is not made of thousands of them.
const SMALL: usize = 16 * 1024;
/// How much is gathered.
const GATHERED: usize = 64 * 1024;
/// How long an aborted upload waits for parts that the store has received.
const STRAGGLERS: Duration = Duration::from_secs(10);
/// Raised part sizes are whole mebibytes.
const MEBIBYTE: u64 = 1024 * 1024;

/// An upload that is written piece by piece.
///
/// Less than a part becomes one PUT. More becomes parts of equal size, of which at most
/// `queue_size` are in flight; `write` waits while there are that many. After a failure every call
/// returns it, and nothing is left in the store.
///
/// ```no_run
/// # async fn example(client: s3_valkey::s3::S3Client) -> s3_valkey::Result<()> {
/// let mut upload = client.multipart("large.bin", Default::default());
/// for _ in 0..1000 {
///     upload.write(vec![0; 1 << 20].into()).await?;
/// }
/// assert_eq!(upload.finish().await?, 1000 << 20);
/// # Ok(()) }
/// ```
pub struct MultiPartUpload {
    client: S3Client,
    path: String,
    options: PutOptions,
    part_size: u64,
    queue_size: usize,
    waiting: VecDeque<Bytes>,
    /// Small pieces behind those that wait.
    gathered: BytesMut,
    waiting_bytes: u64,
    upload: Option<Upload>,
    in_flight: JoinSet<Result<(u32, String)>>,
    /// Of each part that may be in flight: its task, and whether the store may have it.
    stragglers: Vec<(AbortHandle, Arc<AtomicBool>)>,
    given_up: Arc<AtomicBool>,
    parts: Vec<(u32, String)>,
    next_part: u32,
    written: u64,
    failed: Option<Error>,
}

/// An upload that the store has begun.
#[derive(Clone)]
struct Upload {
    location: Location,
    id: String,
}

impl Upload {
    /// An error that also tells what could not be removed.
    fn left_behind(&self, error: Error) -> Error {
        let message = format!(
            "{}; the upload {} could not be aborted and may hold parts",
            error.message(),
            self.id
        );
        Error::new(error.kind(), error.code().to_owned(), message)
            .with_details(error.details().clone())
            .with_source(error)
    }
}

impl MultiPartUpload {
    pub(super) fn new(client: S3Client, path: &str, options: PutOptions) -> Self {
        let settings = client.options();
        Self {
            part_size: settings.part_size.max(1),
            queue_size: usize::try_from(settings.queue_size.max(1)).unwrap_or(usize::MAX),
            client,
            path: path.to_owned(),
            options,
            waiting: VecDeque::new(),
            gathered: BytesMut::new(),
            waiting_bytes: 0,
            upload: None,
            in_flight: JoinSet::new(),
            stragglers: Vec::new(),
            given_up: Arc::default(),
            parts: Vec::new(),
            next_part: 1,
            written: 0,
            failed: None,
        }
    }

    /// Tells the length in bytes before anything is written: parts become as large as it takes to
    /// need no more than 10,000 of them.
    #[must_use]
    pub fn expecting(mut self, length: u64) -> Self {
        self.part_size = part_size_for(length, self.part_size);
        self
    }

    /// Adds bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.check()?;
        self.written += bytes.len() as u64;
        self.waiting_bytes += bytes.len() as u64;
        if bytes.len() <= SMALL {
            self.gathered.extend_from_slice(&bytes);
            if self.gathered.len() >= GATHERED {
                self.seal();
            }
        } else {
            self.seal();
            self.waiting.push_back(bytes);
        }
        while self.waiting_bytes >= self.part_size {
            let part = self.take(self.part_size);
            let sent = self.send_part(part).await;
            self.settle(sent).await?;
        }
        Ok(())
    }

    /// Waits until every part that was sent is stored; returns the bytes written so far. What is
    /// less than a part stays with the client.
    pub async fn flush(&mut self) -> Result<u64> {
        self.check()?;
        let stored = self.drain(0).await;
        self.settle(stored).await?;
        Ok(self.written)
    }

    /// Makes the object; returns its length in bytes.
    pub async fn finish(mut self) -> Result<u64> {
        self.complete().await?;
        Ok(self.written)
    }

    /// Like [`finish`](Self::finish), with what the store answers.
    pub(super) async fn finish_with_result(mut self) -> Result<S3UploadResult> {
        let etag = self.complete().await?;
        Ok(S3UploadResult { etag })
    }

    /// Gives up; nothing is left in the store. An error names the upload that could not be
    /// aborted.
    pub async fn abort(mut self) -> Result<()> {
        match (self.clean_up().await, &self.upload) {
            (Err(error), Some(upload)) => Err(upload.left_behind(error)),
            (outcome, _) => outcome,
        }
    }

    fn check(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Remembers a failure and cleans up after it.
    async fn settle<T>(&mut self, outcome: Result<T>) -> Result<T> {
        let error = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let error = match (self.clean_up().await, &self.upload) {
            (Err(_), Some(upload)) => upload.left_behind(error),
            _ => error,
        };
        self.failed = Some(error.clone());
        Err(error)
    }

    /// Aborts the upload, after its stragglers: a part that is stored later would stay for ever.
    /// What the store has not received in full is simply cut off.
    async fn clean_up(&mut self) -> Result<()> {
        self.waiting.clear();
        self.gathered.clear();
        self.waiting_bytes = 0;
        self.given_up.store(true, Ordering::Release);
        for (task, sent) in self.stragglers.drain(..) {
            if !sent.load(Ordering::Acquire) {
                task.abort();
            }
        }
        let ended = async { while self.in_flight.join_next().await.is_some() {} };
        if tokio::time::timeout(STRAGGLERS, ended).await.is_err() {
            self.in_flight.shutdown().await;
        }
        let Some(upload) = &self.upload else {
            return Ok(());
        };
        let payer = self.options.request_payer;
        let request = multipart::abort(&upload.location, &upload.id, payer);
        self.client.transport.send(&request).await?;
        self.upload = None;
        Ok(())
    }

    /// Bytes written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// [`finish`](Self::finish) for those who may want to abort meanwhile; returns the `ETag`.
    pub(crate) async fn complete(&mut self) -> Result<String> {
        self.check()?;
        let rest = self.take(self.waiting_bytes);
        let outcome = self.complete_with(rest).await;
        self.settle(outcome).await
    }

    /// Makes the object; returns its `ETag`.
    async fn complete_with(&mut self, rest: Vec<Bytes>) -> Result<String> {
        if self.upload.is_none() {
            let stored = self
                .client
                .put_pieces(&self.path, rest, &self.options)
                .await?;
            return Ok(stored.etag);
        }
        if !rest.is_empty() {
            self.send_part(rest).await?;
        }
        self.drain(0).await?;
        self.parts.sort_unstable_by_key(|(number, _)| *number);
        let Some(upload) = &self.upload else {
            return Ok(String::new());
        };
        let payer = self.options.request_payer;
        let request = multipart::complete(&upload.location, &upload.id, &self.parts, payer);
        let repeated = AtomicBool::new(false);
        let outcome = self
            .client
            .transport
            .complete_upload(&request, &repeated)
            .await;
        let etag = match outcome {
            Ok(document) => multipart::completed_etag(&document),
            // The answer to the first attempt was lost: the upload is gone because it is complete.
            Err(error) if error.code() == "NoSuchUpload" && repeated.into_inner() => {
                match self.client.stat(&self.path).await {
                    Ok(stored) if stored.size == self.written => stored.etag,
                    _ => return Err(error),
                }
            }
            Err(error) => return Err(error),
        };
        self.upload = None;
        Ok(etag)
    }

    async fn send_part(&mut self, body: Vec<Bytes>) -> Result<()> {
        if self.next_part > MAX_PARTS {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_S3_TOO_MANY_PARTS",
                "the upload has more than 10,000 parts: choose a larger partSize",
            ));
        }
        let upload = self.begin().await?;
        self.drain(self.queue_size - 1).await?;
        let (client, number) = (self.client.clone(), self.next_part);
        let payer = self.options.request_payer;
        let (sent, given_up) = (Arc::<AtomicBool>::default(), Arc::clone(&self.given_up));
        let straggler = Arc::clone(&sent);
        self.next_part += 1;
        let send = async move {
            let request = multipart::part(&upload.location, &upload.id, number, body, payer);
            let sending = client.transport.send_part(&request, &sent, &given_up);
            let response = client.limited(sending).await?;
            match response.header("etag") {
                Some(etag) => Ok((number, etag.to_owned())),
                None => Err(Error::new(
                    ErrorKind::Protocol,
                    "UnknownError",
                    "the store answered a part without an ETag",
                )),
            }
        };
        let task = self.in_flight.spawn_on(send, runtime::shared().handle());
        self.stragglers.retain(|(task, _)| !task.is_finished());
        self.stragglers.push((task, straggler));
        Ok(())
    }

    async fn begin(&mut self) -> Result<Upload> {
        if let Some(upload) = &self.upload {
            return Ok(upload.clone());
        }
        let location = self.client.locate(&self.path)?;
        let request = multipart::create(&location, &self.options)?;
        let document = self.client.transport.send_for_document(&request).await?;
        let id = multipart::upload_id(&document)?;
        let upload = Upload { location, id };
        self.upload = Some(upload.clone());
        Ok(upload)
    }

    /// Waits until at most `left` parts are in flight.
    async fn drain(&mut self, left: usize) -> Result<()> {
        while self.in_flight.len() > left {
            match self.in_flight.join_next().await {
                Some(Ok(part)) => self.parts.push(part?),
                Some(Err(source)) => {
                    return Err(Error::new(
                        ErrorKind::Cancelled,
                        "ERR_S3_PART_CANCELLED",
                        "a part was cancelled",
                    )
                    .with_source(source));
                }
                None => break,
            }
        }
        Ok(())
    }

    fn seal(&mut self) {
        if !self.gathered.is_empty() {
            self.waiting.push_back(self.gathered.split().freeze());
        }
    }

    /// The first `length` bytes that wait, in the pieces in which they came.
    fn take(&mut self, length: u64) -> Vec<Bytes> {
        self.seal();
        self.waiting_bytes -= length;
        let mut left = usize::try_from(length).unwrap_or(usize::MAX);
        let mut pieces = Vec::new();
        while left > 0
            && let Some(mut piece) = self.waiting.pop_front()
        {
            let rest = piece.split_off(piece.len().min(left));
            left -= piece.len();
            pieces.push(piece);
            if !rest.is_empty() {
                self.waiting.push_front(rest);
            }
        }
        pieces
    }
}

/// The smallest part size, not below `least`, with which so many bytes make 10,000 parts at most.
fn part_size_for(length: u64, least: u64) -> u64 {
    let needed = length.div_ceil(u64::from(MAX_PARTS));
    if needed <= least {
        least
    } else {
        needed.next_multiple_of(MEBIBYTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::config::MIN_PART_SIZE;

    #[test]
    fn parts_grow_with_the_length() {
        let most = MIN_PART_SIZE * u64::from(MAX_PARTS);
        for length in [0, 1, most - 1, most] {
            assert_eq!(part_size_for(length, MIN_PART_SIZE), MIN_PART_SIZE);
        }
        for length in [most + 1, most * 3 + 5, 5 << 40] {
            let size = part_size_for(length, MIN_PART_SIZE);
            assert!(length.div_ceil(size) <= u64::from(MAX_PARTS));
            assert!(size > MIN_PART_SIZE && size % MEBIBYTE == 0);
            assert!(length.div_ceil(size - MEBIBYTE) > u64::from(MAX_PARTS));
        }
    }
}
