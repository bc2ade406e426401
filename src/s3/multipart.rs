//! Uploads of unknown length.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::client::{MAX_DOCUMENT, S3Client};
use super::op::multipart::{self, MAX_PARTS};
use super::op::put::PutOptions;
use super::op::{Target, refused};
use super::url::Location;
use super::xml::Element;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;

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
    part_size: usize,
    queue_size: usize,
    waiting: VecDeque<Bytes>,
    waiting_bytes: usize,
    upload: Option<Upload>,
    in_flight: JoinSet<Result<(u32, String)>>,
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

impl MultiPartUpload {
    pub(super) fn new(client: S3Client, path: &str, options: PutOptions) -> Self {
        let settings = client.options();
        Self {
            part_size: usize::try_from(settings.part_size.max(1)).unwrap_or(usize::MAX),
            queue_size: usize::try_from(settings.queue_size.max(1)).unwrap_or(usize::MAX),
            client,
            path: path.to_owned(),
            options,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            upload: None,
            in_flight: JoinSet::new(),
            parts: Vec::new(),
            next_part: 1,
            written: 0,
            failed: None,
        }
    }

    /// Adds bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.check()?;
        self.written += bytes.len() as u64;
        self.waiting_bytes += bytes.len();
        self.waiting.push_back(bytes);
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
        self.check()?;
        let completed = self.complete().await;
        self.settle(completed).await?;
        Ok(self.written)
    }

    /// Gives up; nothing is left in the store.
    pub async fn abort(mut self) -> Result<()> {
        self.clean_up().await
    }

    fn check(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    /// Remembers a failure and cleans up after it.
    async fn settle(&mut self, outcome: Result<()>) -> Result<()> {
        let Err(error) = outcome else {
            return Ok(());
        };
        let error = match (self.clean_up().await, &self.upload) {
            (Err(_), Some(upload)) => Error::new(
                error.kind(),
                error.code().to_owned(),
                format!(
                    "{}; the upload {} could not be aborted and may hold parts",
                    error.message(),
                    upload.id
                ),
            )
            .with_details(error.details().clone())
            .with_source(error),
            _ => error,
        };
        self.failed = Some(error.clone());
        Err(error)
    }

    /// Aborts the upload, after its stragglers: a part that arrives later would stay for ever.
    async fn clean_up(&mut self) -> Result<()> {
        self.waiting.clear();
        self.waiting_bytes = 0;
        self.in_flight.abort_all();
        while self.in_flight.join_next().await.is_some() {}
        let Some(upload) = &self.upload else {
            return Ok(());
        };
        let payer = self.options.request_payer;
        self.client
            .send(&multipart::abort(&upload.location, &upload.id, payer))
            .await?;
        self.upload = None;
        Ok(())
    }

    async fn complete(&mut self) -> Result<()> {
        let rest = self.take(self.waiting_bytes);
        if self.upload.is_none() {
            self.client.put(&self.path, rest, &self.options).await?;
            return Ok(());
        }
        if !rest.is_empty() {
            self.send_part(rest).await?;
        }
        self.drain(0).await?;
        self.parts.sort_unstable_by_key(|(number, _)| *number);
        let Some(upload) = &self.upload else {
            return Ok(());
        };
        let payer = self.options.request_payer;
        let request = multipart::complete(&upload.location, &upload.id, &self.parts, payer);
        let mut response = self.client.send(&request).await?;
        let body = response.collect(MAX_DOCUMENT).await?;
        // The store answers 200 before it is done, so a failure may follow in the body.
        if Element::parse(&body).is_some_and(|root| root.name == "Error") {
            let target = Target::Object(&upload.location);
            return Err(refused(
                "POST",
                target,
                response.status,
                &response.headers,
                &body,
            ));
        }
        self.upload = None;
        Ok(())
    }

    async fn send_part(&mut self, body: Bytes) -> Result<()> {
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
        self.next_part += 1;
        let send = async move {
            let request = multipart::part(&upload.location, &upload.id, number, body, payer);
            let response = client.send(&request).await?;
            match response.header("etag") {
                Some(etag) => Ok((number, etag.to_owned())),
                None => Err(Error::new(
                    ErrorKind::Protocol,
                    "UnknownError",
                    "the store answered a part without an ETag",
                )),
            }
        };
        self.in_flight.spawn_on(send, runtime::shared().handle());
        Ok(())
    }

    async fn begin(&mut self) -> Result<Upload> {
        if let Some(upload) = &self.upload {
            return Ok(upload.clone());
        }
        let location = self.client.locate(&self.path)?;
        let mut response = self
            .client
            .send(&multipart::create(&location, &self.options)?)
            .await?;
        let id = multipart::upload_id(&response.collect(MAX_DOCUMENT).await?)?;
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

    /// The first `length` bytes that wait; without a copy when they came in one piece.
    fn take(&mut self, length: usize) -> Bytes {
        self.waiting_bytes -= length;
        if let Some(first) = self.waiting.front_mut()
            && first.len() > length
        {
            return first.split_to(length);
        }
        if self
            .waiting
            .front()
            .is_some_and(|first| first.len() == length)
        {
            return self.waiting.pop_front().unwrap_or_default();
        }
        let mut joined = BytesMut::with_capacity(length);
        while joined.len() < length {
            let Some(mut piece) = self.waiting.pop_front() else {
                break;
            };
            let rest = piece.split_off(piece.len().min(length - joined.len()));
            joined.extend_from_slice(&piece);
            if !rest.is_empty() {
                self.waiting.push_front(rest);
            }
        }
        joined.freeze()
    }
}
