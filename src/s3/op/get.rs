//! GET and HEAD of an object.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Request, Target};
use crate::net::http::Headers;
use crate::s3::metadata::Metadata;
use crate::s3::url::Location;

/// Which bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteRange {
    /// From `start` up to, not including, `end_exclusive`.
    Bounded {
        /// First byte.
        start: u64,
        /// Behind the last byte.
        end_exclusive: u64,
    },
    /// From this byte to the end.
    From(u64),
    /// The last so many bytes.
    Suffix(u64),
}

impl ByteRange {
    /// Whether no byte is asked for; no request can say that.
    #[must_use]
    pub fn is_empty(self) -> bool {
        match self {
            Self::Bounded {
                start,
                end_exclusive,
            } => start >= end_exclusive,
            Self::From(_) => false,
            Self::Suffix(length) => length == 0,
        }
    }

    fn header(self) -> String {
        match self {
            Self::Bounded {
                start,
                end_exclusive,
            } => format!("bytes={start}-{}", end_exclusive.saturating_sub(1)),
            Self::From(start) => format!("bytes={start}-"),
            Self::Suffix(length) => format!("bytes=-{length}"),
        }
    }
}

/// What a store says about an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3StatResult {
    /// Bytes of the object, or of the range that was asked for.
    pub size: u64,
    /// With its quotes; empty when the store sends none.
    pub etag: String,
    /// As the store sends it, RFC 9110.
    pub last_modified: Option<String>,
    /// Media type.
    pub content_type: Option<String>,
    /// Its version, in a bucket that keeps them.
    pub version_id: Option<String>,
    /// What was noted about the object.
    pub metadata: Metadata,
}

impl S3StatResult {
    /// When the object was written; `None` when the store does not say.
    #[must_use]
    pub fn modified(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.last_modified.as_deref()?).ok()
    }

    /// When the object was written, in milliseconds since 1970; `None` when the store does not say.
    #[must_use]
    pub fn last_modified_ms(&self) -> Option<u64> {
        let time = self.modified()?;
        let since = time.duration_since(UNIX_EPOCH).ok()?;
        u64::try_from(since.as_millis()).ok()
    }

    /// The `ETag` as conditions want it; some stores (old `MinIO`) tell it without quotes.
    #[must_use]
    pub fn condition(&self) -> String {
        let etag = self.etag.as_str();
        if etag.is_empty() || etag.ends_with('"') {
            etag.to_owned()
        } else {
            format!("\"{etag}\"")
        }
    }

    /// Reads the headers of a response.
    #[must_use]
    pub fn from_headers(headers: &Headers) -> Self {
        let text = |name: &str| headers.get(name).map(str::to_owned);
        Self {
            size: headers
                .get("content-length")
                .and_then(|length| length.parse().ok())
                .unwrap_or(0),
            etag: text("etag").unwrap_or_default(),
            last_modified: text("last-modified"),
            content_type: text("content-type"),
            version_id: text("x-amz-version-id"),
            metadata: Metadata::from_headers(headers),
        }
    }
}

/// GET, of a range if there is one.
#[must_use]
pub fn request(location: &Location, range: Option<ByteRange>, payer: bool) -> Request<'_> {
    let mut request = Request::new("GET", Target::Object(location), &[200, 204, 206]);
    if let Some(range) = range {
        request.headers.push(("range", range.header().into()));
    }
    request.payer(payer);
    request
}

/// HEAD.
#[must_use]
pub fn head_request(location: &Location, payer: bool) -> Request<'_> {
    let mut request = Request::new("HEAD", Target::Object(location), &[200]);
    request.payer(payer);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let bounded = |start, end_exclusive| ByteRange::Bounded {
            start,
            end_exclusive,
        };
        assert_eq!(bounded(2, 5).header(), "bytes=2-4");
        assert_eq!(ByteRange::From(7).header(), "bytes=7-");
        assert_eq!(ByteRange::Suffix(3).header(), "bytes=-3");
        assert!(bounded(5, 5).is_empty() && bounded(5, 2).is_empty());
        assert!(ByteRange::Suffix(0).is_empty() && !ByteRange::From(0).is_empty());
    }

    #[test]
    fn conditions_have_quotes() {
        let condition = |etag: &str| {
            let etag = etag.to_owned();
            S3StatResult {
                etag,
                ..S3StatResult::default()
            }
            .condition()
        };
        assert_eq!(condition("\"e\""), "\"e\"");
        assert_eq!(condition("e-2"), "\"e-2\"");
        assert_eq!(condition(""), "");
    }

    #[test]
    fn dates() {
        let stat = S3StatResult {
            last_modified: Some("Fri, 24 May 2013 00:00:00 GMT".into()),
            ..S3StatResult::default()
        };
        assert_eq!(stat.last_modified_ms(), Some(1_369_353_600_000));
    }
}
