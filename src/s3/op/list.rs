//! `ListObjectsV2`, one page.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

mod page;

#[cfg(feature = "js")]
pub(crate) use page::Object;
pub(crate) use page::Page;

use super::{Request, Target, no_page};
use crate::error::{Error, Result};

/// Which objects are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3ListObjectsOptions {
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// Keys that are alike up to it are put together.
    pub delimiter: Option<String>,
    /// Keys of a page at most; stores give no more than 1,000.
    pub max_keys: Option<i64>,
    /// From a page that was cut off.
    pub continuation_token: Option<String>,
    /// Only keys behind this one.
    pub start_after: Option<String>,
    /// `url`: keys are percent-encoded in the answer.
    pub encoding_type: Option<String>,
    /// Whether owners are named.
    pub fetch_owner: Option<bool>,
    /// The caller pays.
    pub request_payer: bool,
}

/// A page. What the store does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3ListObjectsResult {
    /// The bucket.
    pub name: Option<String>,
    /// As asked for.
    pub prefix: Option<String>,
    /// As asked for.
    pub delimiter: Option<String>,
    /// As asked for.
    pub start_after: Option<String>,
    /// As asked for.
    pub encoding_type: Option<String>,
    /// As asked for.
    pub continuation_token: Option<String>,
    /// Where the next page begins.
    pub next_continuation_token: Option<String>,
    /// Whether there is a next page.
    pub is_truncated: Option<bool>,
    /// Keys and prefixes on this page.
    pub key_count: Option<i64>,
    /// As asked for, or the store's limit.
    pub max_keys: Option<i64>,
    /// The objects.
    pub contents: Vec<S3ObjectInfo>,
    /// What was put together by the delimiter.
    pub common_prefixes: Vec<String>,
}

/// An object on a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3ObjectInfo {
    /// As the store sends it: encoded, if that was asked for.
    pub key: String,
    /// With its quotes.
    pub etag: Option<String>,
    /// The first of the algorithms.
    pub checksum_algorithm: Option<String>,
    /// `COMPOSITE` or `FULL_OBJECT`.
    pub checksum_type: Option<String>,
    /// ISO 8601.
    pub last_modified: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
    /// How it is kept.
    pub storage_class: Option<String>,
    /// Whose it is.
    pub owner: Option<S3Owner>,
    /// Of an archived object that is or was restored.
    pub restore_status: Option<S3RestoreStatus>,
}

/// How far the restoration of an archived object is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3RestoreStatus {
    /// Whether it goes on.
    pub is_restore_in_progress: Option<bool>,
    /// Until when the restored copy is kept; ISO 8601.
    pub restore_expiry_date: Option<String>,
}

/// The owner of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Owner {
    /// The store's name for them.
    pub id: Option<String>,
    /// Their name for people.
    pub display_name: Option<String>,
}

/// GET of the bucket.
#[must_use]
pub fn request<'a>(bucket: &'a str, options: &'a S3ListObjectsOptions) -> Request<'a> {
    let mut request = Request::new("GET", Target::Bucket(bucket), &[200]);
    request.query.push(("list-type", "2".into()));
    let which = [
        ("continuation-token", &options.continuation_token),
        ("delimiter", &options.delimiter),
        ("encoding-type", &options.encoding_type),
        ("prefix", &options.prefix),
        ("start-after", &options.start_after),
    ];
    request.page(&which, options.max_keys);
    if let Some(fetch) = options.fetch_owner {
        request
            .query
            .push(("fetch-owner", fetch.to_string().into()));
    }
    request.payer(options.request_payer);
    request
}

/// Reads the answer. Fails with `InvalidResponse` when it is not a well-formed page.
pub fn response(body: &[u8]) -> Result<S3ListObjectsResult> {
    Ok(Page::parse(body)?.into())
}

fn invalid() -> Error {
    no_page("ListBucketResult")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<ListBucketResult><Name>b</Name><Prefix></Prefix><IsTruncated>true</IsTruncated>\
        <KeyCount>1</KeyCount><NextContinuationToken>t</NextContinuationToken>\
        <Contents><Key> a&amp;b </Key><RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>\
        <RestoreExpiryDate>d</RestoreExpiryDate></RestoreStatus><Size>7</Size><ETag>&quot;e&quot;</ETag><Owner><ID>o</ID></Owner></Contents>\
        <CommonPrefixes><Prefix>x/</Prefix><Prefix>y/</Prefix></CommonPrefixes></ListBucketResult>";

    #[test]
    fn a_page() {
        let page = response(PAGE.as_bytes()).unwrap();
        assert_eq!(page.prefix, None);
        assert_eq!(page.is_truncated, Some(true));
        assert_eq!(page.contents[0].key, " a&b ");
        assert_eq!(page.contents[0].etag.as_deref(), Some("\"e\""));
        let restored = page.contents[0].restore_status.as_ref().unwrap();
        assert_eq!(
            (
                restored.is_restore_in_progress,
                restored.restore_expiry_date.as_deref()
            ),
            (Some(false), Some("d"))
        );
        let owner = page.contents[0].owner.as_ref().unwrap();
        assert_eq!(
            (owner.id.as_deref(), &owner.display_name),
            (Some("o"), &None)
        );
        assert_eq!(page.common_prefixes, ["x/", "y/"]);
        assert_eq!(
            response(b"<ListBucketResult/>").unwrap(),
            S3ListObjectsResult::default()
        );
    }

    #[test]
    fn what_is_no_page() {
        for end in 0..PAGE.len() {
            assert_eq!(
                response(&PAGE.as_bytes()[..end]).unwrap_err().code(),
                "InvalidResponse"
            );
        }
        for body in [
            "<Other/>",
            "<ListBucketResult><Contents/></ListBucketResult>",
            "<html>",
        ] {
            assert!(response(body.as_bytes()).is_err());
        }
    }

    #[test]
    fn empty_options_are_left_out() {
        let options = S3ListObjectsOptions {
            prefix: Some(String::new()),
            max_keys: Some(0),
            ..S3ListObjectsOptions::default()
        };
        let request = request("b", &options);
        assert_eq!(
            request.query,
            [("list-type", "2".into()), ("max-keys", "0".into())]
        );
    }
}
