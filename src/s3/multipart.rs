//! Uploads piece by piece.

mod options;
mod parts;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
pub use options::MultiPartUploadOptions;
use options::part_size_for;
use tokio::task::{AbortHandle, JoinSet};

use super::client::S3Client;
use super::op::multipart::{self, Part};
use super::op::put::{PutOptions, S3UploadResult};
use super::pieces::Pieces;
use super::url::Location;
use crate::error::{Error, Result};

/// How long an aborted upload waits for parts that the store has received.
const STRAGGLERS: Duration = Duration::from_secs(10);

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
}
