//! `ListObjectVersions`, one page.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html>

use super::list::S3Owner;
use super::{Request, Target, no_page};
use crate::error::{Error, Result};
use crate::s3::xml::Element;

const ROOT: &str = "ListVersionsResult";

/// Which versions are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3ListVersionsOptions {
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// Keys that are alike up to it are put together.
    pub delimiter: Option<String>,
    /// Versions of a page at most; stores give no more than 1,000.
    pub max_keys: Option<i64>,
    /// Only keys behind this one, or versions of it behind `version_id_marker`.
    pub key_marker: Option<String>,
    /// From a page that was cut off, with its key.
    pub version_id_marker: Option<String>,
    /// `url`: keys are percent-encoded in the answer.
    pub encoding_type: Option<String>,
    /// The caller pays.
    pub request_payer: bool,
}

/// A page. What the store does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3ListVersionsResult {
    /// The bucket.
    pub name: Option<String>,
    /// As asked for.
    pub prefix: Option<String>,
    /// As asked for.
    pub delimiter: Option<String>,
    /// As asked for.
    pub encoding_type: Option<String>,
    /// As asked for.
    pub key_marker: Option<String>,
    /// As asked for.
    pub version_id_marker: Option<String>,
    /// Where the next page begins, together with the next one.
    pub next_key_marker: Option<String>,
    /// Where the next page begins.
    pub next_version_id_marker: Option<String>,
    /// Whether there is a next page.
    pub is_truncated: Option<bool>,
    /// As asked for, or the store's limit.
    pub max_keys: Option<i64>,
    /// The versions: keys in order, the latest version of each first.
    pub versions: Vec<S3ObjectVersion>,
    /// What deletions left: as long as one is the latest, there is no object.
    pub delete_markers: Vec<S3ObjectVersion>,
    /// What was put together by the delimiter.
    pub common_prefixes: Vec<String>,
}

/// A version of an object, or the mark that a deletion left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3ObjectVersion {
    /// As the store sends it: encoded, if that was asked for.
    pub key: String,
    /// `null` as a text is the version that was written before the bucket kept versions.
    pub version_id: Option<String>,
    /// Whether it is the current one.
    pub is_latest: Option<bool>,
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
}

/// GET of the bucket.
#[must_use]
pub fn request<'a>(bucket: &'a str, options: &'a S3ListVersionsOptions) -> Request<'a> {
    let mut request = Request::new("GET", Target::Bucket(bucket), &[200]);
    request.query.push(("versions", "".into()));
    let which = [
        ("delimiter", &options.delimiter),
        ("encoding-type", &options.encoding_type),
        ("key-marker", &options.key_marker),
        ("prefix", &options.prefix),
        ("version-id-marker", &options.version_id_marker),
    ];
    request.page(&which, options.max_keys);
    request.payer(options.request_payer);
    request
}

/// Reads the answer. Fails with `InvalidResponse` when it is not a well-formed page.
pub fn response(body: &[u8]) -> Result<S3ListVersionsResult> {
    let root = Element::parse(body)
        .filter(|root| root.name == ROOT)
        .ok_or_else(invalid)?;
    let text = |name: &str| {
        let text = root.child_text(name).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let all = |name| root.children(name).map(version).collect::<Result<_>>();
    Ok(S3ListVersionsResult {
        name: text("Name"),
        prefix: text("Prefix"),
        delimiter: text("Delimiter"),
        encoding_type: text("EncodingType"),
        key_marker: text("KeyMarker"),
        version_id_marker: text("VersionIdMarker"),
        next_key_marker: text("NextKeyMarker"),
        next_version_id_marker: text("NextVersionIdMarker"),
        is_truncated: boolean(&root, "IsTruncated"),
        max_keys: text("MaxKeys").and_then(|number| number.trim().parse().ok()),
        versions: all("Version")?,
        delete_markers: all("DeleteMarker")?,
        common_prefixes: root
            .children("CommonPrefixes")
            .flat_map(|group| group.children("Prefix"))
            .map(|prefix| prefix.text.clone().into_owned())
            .collect(),
    })
}

fn version(element: &Element) -> Result<S3ObjectVersion> {
    let text = |name: &str| element.child_text(name).map(str::to_owned);
    Ok(S3ObjectVersion {
        key: text("Key").ok_or_else(invalid)?,
        version_id: text("VersionId"),
        is_latest: boolean(element, "IsLatest"),
        etag: text("ETag"),
        checksum_algorithm: text("ChecksumAlgorithm"),
        checksum_type: text("ChecksumType"),
        last_modified: text("LastModified"),
        size: text("Size").and_then(|size| size.trim().parse().ok()),
        storage_class: text("StorageClass"),
        owner: element.child("Owner").map(|owner| {
            let text = |name: &str| owner.child_text(name).map(str::to_owned);
            S3Owner {
                id: text("ID"),
                display_name: text("DisplayName"),
            }
        }),
    })
}

fn boolean(element: &Element, name: &str) -> Option<bool> {
    element.child_text(name)?.parse().ok()
}

fn invalid() -> Error {
    no_page(ROOT)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<ListVersionsResult><Name>b</Name><KeyMarker/><MaxKeys>2</MaxKeys>\
        <IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>\
        <NextVersionIdMarker>v1</NextVersionIdMarker>\
        <DeleteMarker><Key>k</Key><VersionId>v2</VersionId><IsLatest>true</IsLatest></DeleteMarker>\
        <Version><Key>k</Key><VersionId>v1</VersionId><IsLatest>false</IsLatest><Size>3</Size></Version>\
        </ListVersionsResult>";

    #[test]
    fn a_page() {
        let page = response(PAGE.as_bytes()).unwrap();
        assert_eq!((page.key_marker, page.max_keys), (None, Some(2)));
        assert_eq!(page.next_key_marker.as_deref(), Some("k"));
        assert_eq!(page.next_version_id_marker.as_deref(), Some("v1"));
        let (version, marker) = (&page.versions[0], &page.delete_markers[0]);
        assert_eq!(version.version_id.as_deref(), Some("v1"));
        assert_eq!((version.is_latest, version.size), (Some(false), Some(3)));
        assert_eq!(marker.version_id.as_deref(), Some("v2"));
        assert_eq!((marker.is_latest, marker.size), (Some(true), None));
    }

    #[test]
    fn what_is_no_page() {
        for end in 0..PAGE.len() {
            let error = response(&PAGE.as_bytes()[..end]).unwrap_err();
            assert_eq!(error.code(), "InvalidResponse");
        }
        assert!(response(b"<ListBucketResult/>").is_err());
        assert!(response(b"<ListVersionsResult><Version/></ListVersionsResult>").is_err());
    }

    #[test]
    fn a_page_is_asked_for_by_both_markers() {
        let options = S3ListVersionsOptions {
            prefix: Some(String::new()),
            key_marker: Some("k".into()),
            version_id_marker: Some("v".into()),
            ..S3ListVersionsOptions::default()
        };
        let expected = [
            ("versions", ""),
            ("key-marker", "k"),
            ("version-id-marker", "v"),
        ];
        assert_eq!(
            request("b", &options).query,
            expected.map(|(name, value)| (name, value.into()))
        );
    }
}
