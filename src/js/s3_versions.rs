//! A page of versions as JSON, as [`super::s3_listing`] has it for objects.

use serde::Serialize;

use super::s3_listing::{Group, Listing, Owner};
use crate::error::Result;
use crate::s3::{S3ListVersionsResult, S3ObjectVersion};

/// Bytes that a version takes.
const VERSION: usize = 256;

/// A page of versions as JSON text.
pub(super) fn listing(page: &S3ListVersionsResult) -> Result<Listing> {
    let entries = page.versions.len() + page.delete_markers.len();
    Listing::write(&Page::from(page), entries * VERSION)
}

/// What the server did not send is absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_marker: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id_marker: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_key_marker: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_version_id_marker: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_keys: Option<i64>,
    versions: Vec<Entry<'a>>,
    delete_markers: Vec<Entry<'a>>,
    common_prefixes: Vec<Group<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_latest: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum_algorithm: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner<'a>>,
}

impl<'a> From<&'a S3ListVersionsResult> for Page<'a> {
    fn from(page: &'a S3ListVersionsResult) -> Self {
        Self {
            name: page.name.as_deref(),
            prefix: page.prefix.as_deref(),
            delimiter: page.delimiter.as_deref(),
            encoding_type: page.encoding_type.as_deref(),
            key_marker: page.key_marker.as_deref(),
            version_id_marker: page.version_id_marker.as_deref(),
            next_key_marker: page.next_key_marker.as_deref(),
            next_version_id_marker: page.next_version_id_marker.as_deref(),
            is_truncated: page.is_truncated,
            max_keys: page.max_keys,
            versions: page.versions.iter().map(Entry::from).collect(),
            delete_markers: page.delete_markers.iter().map(Entry::from).collect(),
            common_prefixes: Group::all(&page.common_prefixes),
        }
    }
}

impl<'a> From<&'a S3ObjectVersion> for Entry<'a> {
    fn from(version: &'a S3ObjectVersion) -> Self {
        Self {
            key: &version.key,
            version_id: version.version_id.as_deref(),
            is_latest: version.is_latest,
            e_tag: version.etag.as_deref(),
            checksum_algorithm: version.checksum_algorithm.as_deref(),
            checksum_type: version.checksum_type.as_deref(),
            last_modified: version.last_modified.as_deref(),
            size: version.size,
            storage_class: version.storage_class.as_deref(),
            owner: version.owner.as_ref().map(|owner| Owner {
                id: owner.id.as_deref(),
                display_name: owner.display_name.as_deref(),
            }),
        }
    }
}
