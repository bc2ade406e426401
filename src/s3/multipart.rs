//! Uploads piece by piece.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::{AbortHandle, JoinSet};

use super::acl::Acl;
use super::checksum::ChecksumAlgorithm;
use super::client::S3Client;
use super::metadata::Metadata;
use super::op::multipart::{self, MAX_PARTS, Part};
use super::op::put::{PutOptions, S3UploadResult};
use super::pieces::Pieces;
use super::storage_class::StorageClass;
use super::url::Location;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;

/// How long an aborted upload waits for parts that the store has received.
const STRAGGLERS: Duration = Duration::from_secs(10);
/// Raised part sizes are whole mebibytes.
const MEBIBYTE: u64 = 1024 * 1024;

/// How an object is stored in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MultiPartUploadOptions {
    /// Who may do what.
    pub acl: Option<Acl>,
    /// How the store keeps it.
    pub storage_class: Option<StorageClass>,
    /// Media type.
    pub content_type: Option<String>,
    /// How a browser shows it.
    pub content_disposition: Option<String>,
    /// How the bytes are encoded; nothing is encoded by the client.
    pub content_encoding: Option<String>,
    /// What is noted about the object.
    pub metadata: Metadata,
    /// The sums that the store compares the bytes with. Default none: not every store knows them.
    pub checksum: Option<ChecksumAlgorithm>,
    /// The caller pays.
    pub request_payer: bool,
    /// Bytes of a part. Default: as the client was told.
    pub part_size: Option<u64>,
    /// Parts in flight at most. Default: as the client was told.
    pub queue_size: Option<u32>,
    /// Bytes of the object, if that is known: parts become as large as it takes to need no more
    /// than 10,000 of them.
    pub length: Option<u64>,
}

impl From<PutOptions> for MultiPartUploadOptions {
    fn from(options: PutOptions) -> Self {
        Self {
            acl: options.acl,
            storage_class: options.storage_class,
            content_type: options.content_type,
            content_disposition: options.content_disposition,
            content_encoding: options.content_encoding,
            metadata: options.metadata,
            checksum: options.checksum,
            request_payer: options.request_payer,
            ..Self::default()
        }
    }
}

/// An upload that is written piece by piece.
///
/// Less than a part becomes one PUT. More becomes parts of equal size, of which at most
/// `queue_size` are in flight; `write` waits while there are that many. After a failure every call
/// returns it, and nothing is left in the store.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/s3_doc.rs")); }
/// # support::run(async |client| {
/// use s3_valkey::s3::MultiPartUploadOptions;
/// let mut upload = client.multipart("large.bin", MultiPartUploadOptions::default());
/// for _ in 0..12 {
///     upload.write(vec![0; 1 << 20].into()).await?;
/// }
/// assert_eq!(upload.finish().await?, 12 << 20);
/// # Ok(()) });
/// ```
pub struct MultiPartUpload {
    client: S3Client,
    path: String,
    options: PutOptions,
    part_size: u64,
    queue_size: usize,
    waiting: Pieces,
    upload: Option<Upload>,
    in_flight: JoinSet<Result<Part>>,
    /// Of each part that may be in flight: its task, and whether the store may have it.
    stragglers: Vec<(AbortHandle, Arc<AtomicBool>)>,
    given_up: Arc<AtomicBool>,
    parts: Vec<Part>,
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
    pub(super) fn new(client: S3Client, path: &str, options: MultiPartUploadOptions) -> Self {
        let settings = client.options();
        let part_size = options.part_size.unwrap_or(settings.part_size).max(1);
        let queue_size = options.queue_size.unwrap_or(settings.queue_size).max(1);
        Self {
            part_size: part_size_for(options.length.unwrap_or(0), part_size),
            queue_size: usize::try_from(queue_size).unwrap_or(usize::MAX),
            client,
            path: path.to_owned(),
            options: PutOptions {
                content_type: options.content_type,
                content_disposition: options.content_disposition,
                content_encoding: options.content_encoding,
                acl: options.acl,
                storage_class: options.storage_class,
                metadata: options.metadata,
                checksum: options.checksum,
                request_payer: options.request_payer,
            },
            waiting: Pieces::default(),
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

    /// The path that the upload was opened with.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.path
    }

    /// The store's name for the upload, once there is a part.
    #[must_use]
    pub fn upload_id(&self) -> Option<&str> {
        self.upload.as_ref().map(|upload| upload.id.as_str())
    }

    /// Adds bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.check()?;
        self.written += bytes.len() as u64;
        self.waiting.push(bytes);
        while self.waiting.length() >= self.part_size {
            let part = self.waiting.take(self.part_size);
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
        self.waiting = Pieces::default();
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
        let rest = self.waiting.take(self.waiting.length());
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
            self.check_lender().await?;
            return Ok(stored.etag);
        }
        if !rest.is_empty() {
            self.send_part(rest).await?;
        }
        self.drain(0).await?;
        self.parts.sort_unstable_by_key(|part| part.number);
        self.check_lender().await?;
        let Some(upload) = &self.upload else {
            return Ok(String::new());
        };
        let payer = self.options.request_payer;
        let request = multipart::complete(
            &upload.location,
            &upload.id,
            &self.parts,
            self.options.checksum,
            payer,
        );
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
        let (payer, algorithm) = (self.options.request_payer, self.options.checksum);
        let (sent, given_up) = (Arc::<AtomicBool>::default(), Arc::clone(&self.given_up));
        let straggler = Arc::clone(&sent);
        self.next_part += 1;
        let work = async move {
            // The part is all here, so that its sum can go ahead of it: no trailer is needed,
            // which many stores refuse.
            let checksum = algorithm.map(|algorithm| algorithm.of(&body));
            let sum = algorithm.zip(checksum.as_ref());
            let request = multipart::part(&upload.location, &upload.id, number, body, sum, payer);
            let lender = client.lender.as_deref();
            let sending = (client.transport).send_part(&request, &sent, &given_up, lender);
            let response = client.limited(sending).await?;
            match response.header("etag") {
                Some(etag) => Ok(Part {
                    number,
                    etag: etag.to_owned(),
                    checksum,
                }),
                None => Err(Error::new(
                    ErrorKind::Protocol,
                    "UnknownError",
                    "the store answered a part without an ETag",
                )),
            }
        };
        let task = self.in_flight.spawn_on(work, runtime::shared().handle());
        self.stragglers.retain(|(task, _)| !task.is_finished());
        self.stragglers.push((task, straggler));
        Ok(())
    }

    /// Whether what was sent is what was written.
    async fn check_lender(&self) -> Result<()> {
        match &self.client.lender {
            Some(lender) => lender.check().await,
            None => Ok(()),
        }
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
            assert!(size > MIN_PART_SIZE && size.is_multiple_of(MEBIBYTE));
            assert!(length.div_ceil(size - MEBIBYTE) > u64::from(MAX_PARTS));
        }
    }
}
