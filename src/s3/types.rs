//! Arguments and results of the operations.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use hyper::HeaderMap;
use hyper::body::{Body, Incoming};

use super::client::header;
use super::{Acl, StorageClass};
use crate::error::{Error, ErrorKind, Result};

/// Part of an object, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From `start` up to, without, `end_exclusive`.
    Bounded {
        /// First byte.
        start: u64,
        /// One past the last byte.
        end_exclusive: u64,
    },
    /// From this byte to the end.
    From(u64),
    /// The last bytes.
    Suffix(u64),
}

impl ByteRange {
    pub(crate) fn is_empty(self) -> bool {
        match self {
            Self::Bounded {
                start,
                end_exclusive,
            } => start >= end_exclusive,
            Self::From(_) => false,
            Self::Suffix(length) => length == 0,
        }
    }

    pub(crate) fn header(self) -> String {
        match self {
            Self::Bounded {
                start,
                end_exclusive,
            } => {
                format!("bytes={start}-{}", end_exclusive.saturating_sub(1))
            }
            Self::From(start) => format!("bytes={start}-"),
            Self::Suffix(length) => format!("bytes=-{length}"),
        }
    }
}

/// An object's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3StatResult {
    /// `Content-Length`; 0 when absent.
    pub size: u64,
    /// `ETag` with its quotes; empty when absent.
    pub etag: String,
    /// `Last-Modified` as sent.
    pub last_modified: Option<String>,
    /// `Last-Modified` in milliseconds since 1970.
    pub last_modified_ms: Option<u64>,
    /// `Content-Type`.
    pub content_type: Option<String>,
}

impl S3StatResult {
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let last_modified = header(headers, "last-modified");
        let time = last_modified
            .as_deref()
            .and_then(|text| httpdate::parse_http_date(text).ok());
        let since = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        Self {
            size: header(headers, "content-length")
                .and_then(|n| n.parse().ok())
                .unwrap_or(0),
            etag: header(headers, "etag").unwrap_or_default(),
            last_modified_ms: since.and_then(|time| u64::try_from(time.as_millis()).ok()),
            last_modified,
            content_type: header(headers, "content-type"),
        }
    }
}

/// A whole object in memory.
#[derive(Debug, Clone, Default)]
pub struct S3DownloadResult {
    /// The bytes as stored.
    pub body: Vec<u8>,
    /// Its metadata.
    pub metadata: S3StatResult,
}

/// The answer to an upload.
#[derive(Debug, Clone)]
pub struct S3UploadResult {
    /// `ETag` with its quotes.
    pub etag: String,
}

/// The answer to a deletion.
#[derive(Debug, Clone, Copy)]
pub struct S3DeleteResult {
    /// Always `true`; failures are errors.
    pub success: bool,
}

/// What an upload carries besides its bytes.
#[derive(Debug, Clone, Default)]
pub struct PutOptions {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// Canned ACL.
    pub acl: Option<Acl>,
    /// Storage class.
    pub storage_class: Option<StorageClass>,
    /// Whether the requester pays.
    pub request_payer: bool,
}

impl PutOptions {
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<&str>| value.map(str::to_owned);
        [
            ("content-type", self.content_type.clone()),
            ("content-disposition", self.content_disposition.clone()),
            ("content-encoding", self.content_encoding.clone()),
            ("x-amz-acl", text(self.acl.map(Acl::as_str))),
            (
                "x-amz-storage-class",
                text(self.storage_class.map(StorageClass::as_str)),
            ),
            (
                "x-amz-request-payer",
                text(self.request_payer.then_some("requester")),
            ),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// The method a presigned address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PresignMethod {
    /// Read.
    #[default]
    Get,
    /// Store.
    Put,
    /// Read metadata.
    Head,
    /// Delete.
    Delete,
    /// Start a multipart upload.
    Post,
}

impl PresignMethod {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Head => "HEAD",
            Self::Delete => "DELETE",
            Self::Post => "POST",
        }
    }
}

/// What a presigned address allows.
#[derive(Debug, Clone)]
pub struct PresignOptions {
    /// GET by default.
    pub method: PresignMethod,
    /// Seconds, 86400 by default.
    pub expires_in: u32,
    /// Becomes `response-content-type`.
    pub content_type: Option<String>,
    /// Becomes `response-content-disposition`.
    pub content_disposition: Option<String>,
    /// Canned ACL.
    pub acl: Option<Acl>,
    /// Storage class.
    pub storage_class: Option<StorageClass>,
    /// Whether the requester pays.
    pub request_payer: bool,
}

impl Default for PresignOptions {
    fn default() -> Self {
        Self {
            method: PresignMethod::Get,
            expires_in: 86_400,
            content_type: None,
            content_disposition: None,
            acl: None,
            storage_class: None,
            request_payer: false,
        }
    }
}

/// An object being read. Dropping it frees the connection.
pub struct S3Body {
    /// Metadata; `size` is the length of this body.
    pub metadata: S3StatResult,
    left: Option<u64>,
    incoming: Option<Incoming>,
}

impl S3Body {
    pub(crate) fn new(metadata: S3StatResult, left: Option<u64>, incoming: Incoming) -> Self {
        Self {
            metadata,
            left,
            incoming: Some(incoming),
        }
    }

    /// The next bytes; `None` at the end. A short body is `ConnectionClosed`.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for S3Body {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(incoming) = self.incoming.as_mut() else {
                return Poll::Ready(None);
            };
            let error = match ready!(Pin::new(incoming).poll_frame(cx)) {
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    self.left = self.left.map(|left| left.saturating_sub(data.len() as u64));
                    return Poll::Ready(Some(Ok(data)));
                }
                Some(Err(error)) => Some(error),
                None => None,
            };
            self.incoming = None;
            if error.is_none() && self.left.unwrap_or(0) == 0 {
                return Poll::Ready(None);
            }
            let closed = Error::new(
                ErrorKind::Connection,
                "ConnectionClosed",
                "the body was cut short",
            );
            return Poll::Ready(Some(Err(match error {
                Some(error) => closed.with_source(error),
                None => closed,
            })));
        }
    }
}
