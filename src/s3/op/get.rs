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

/// Where in the object the bytes of an answer begin, as `Content-Range` says.
#[must_use]
pub fn content_range_start(headers: &Headers) -> Option<u64> {
    let range = headers.get("content-range")?.strip_prefix("bytes ")?;
    range.trim_start().split('-').next()?.parse().ok()
}

/// Whether an answer with so many bytes may be that to a request for a range, or for the whole. A
/// store may ignore a range, which is right only if that begins where the object does.
#[must_use]
pub fn answers(
    range: Option<ByteRange>,
    status: u16,
    headers: &Headers,
    announced: Option<u64>,
) -> bool {
    let Some(range) = range else {
        return status != 206;
    };
    let (first, most) = match range {
        ByteRange::Bounded {
            start,
            end_exclusive,
        } => (Some(start), end_exclusive.saturating_sub(start)),
        ByteRange::From(start) => (Some(start), u64::MAX),
        ByteRange::Suffix(length) => (None, length),
    };
    let begins = match status {
        206 => content_range_start(headers),
        200 => Some(0),
        _ => None,
    };
    let is_elsewhere = first.zip(begins).is_some_and(|(asked, got)| asked != got);
    !is_elsewhere && announced.is_none_or(|length| length <= most)
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
    fn content_ranges() {
        let start = |value| content_range_start(&[("Content-Range", value)].into_iter().collect());
        assert_eq!(start("bytes 7-9/10"), Some(7));
        assert_eq!(start("bytes 0-9/*"), Some(0));
        for value in ["bytes */10", "items 7-9/10", "", "bytes x-9/10"] {
            assert_eq!(start(value), None, "{value}");
        }
    }

    #[test]
    fn answers_to_ranges() {
        let middle = Some(ByteRange::Bounded {
            start: 100,
            end_exclusive: 200,
        });
        let beginning = Some(ByteRange::Bounded {
            start: 0,
            end_exclusive: 200,
        });
        let (rest, end) = (Some(ByteRange::From(100)), Some(ByteRange::Suffix(100)));
        for (range, status, value, length, expected) in [
            (None, 200, "", Some(1000), true),
            (None, 206, "bytes 0-99/1000", Some(100), false),
            (middle, 206, "bytes 100-199/1000", Some(100), true),
            (middle, 206, "bytes 100-149/150", Some(50), true),
            (middle, 206, "bytes 0-99/1000", Some(100), false),
            (middle, 206, "bytes 100-499/1000", Some(400), false),
            (middle, 206, "", None, true),
            (middle, 200, "", Some(100), false),
            (middle, 204, "", Some(0), true),
            (beginning, 200, "", Some(150), true),
            (beginning, 200, "", Some(1000), false),
            (rest, 206, "bytes 100-999/1000", Some(900), true),
            (rest, 206, "bytes 0-999/1000", Some(1000), false),
            (Some(ByteRange::From(0)), 200, "", Some(1000), true),
            (end, 206, "bytes 900-999/1000", Some(100), true),
            (end, 200, "", Some(50), true),
            (end, 200, "", Some(1000), false),
        ] {
            let headers = [("content-range", value)].into_iter().collect();
            let answered = answers(range, status, &headers, length);
            assert_eq!(answered, expected, "{range:?} {status} {value} {length:?}");
        }
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
