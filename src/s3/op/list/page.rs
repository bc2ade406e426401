//! A page as it stands in the document: what is there only once is borrowed.

use std::borrow::Cow;

use super::{S3ListObjectsResult, S3ObjectInfo, S3Owner, S3RestoreStatus, invalid};
use crate::error::Result;
use crate::s3::xml::{Visitor, walk};

type Text<'a> = Option<Cow<'a, str>>;

/// A page whose values are texts.
#[derive(Default)]
pub(crate) struct Page<'a> {
    pub name: Text<'a>,
    pub prefix: Text<'a>,
    pub delimiter: Text<'a>,
    pub start_after: Text<'a>,
    pub encoding_type: Text<'a>,
    pub continuation_token: Text<'a>,
    pub next_continuation_token: Text<'a>,
    pub is_truncated: Option<bool>,
    pub key_count: Option<i64>,
    pub max_keys: Option<i64>,
    pub contents: Vec<Object<'a>>,
    pub common_prefixes: Vec<Cow<'a, str>>,
}

/// An object of a page.
#[derive(Default)]
pub(crate) struct Object<'a> {
    pub key: Text<'a>,
    pub etag: Text<'a>,
    pub checksum_algorithm: Text<'a>,
    pub checksum_type: Text<'a>,
    pub last_modified: Text<'a>,
    pub size: Option<u64>,
    pub storage_class: Text<'a>,
    /// `ID` and `DisplayName`.
    pub owner: Option<(Text<'a>, Text<'a>)>,
    pub restore_status: Option<(Option<bool>, Text<'a>)>,
}

impl<'a> Page<'a> {
    /// Reads a document; fails when it is not a well-formed page.
    pub(crate) fn parse(document: &'a [u8]) -> Result<Self> {
        let mut builder = Builder::default();
        walk(document, &mut builder).ok_or_else(invalid)?;
        if builder.is_other {
            return Err(invalid());
        }
        let mut page = builder.page;
        page.prefix = page.prefix.filter(|prefix| !prefix.is_empty());
        Ok(page)
    }
}

/// Of several elements of one name the first counts.
#[derive(Default)]
struct Builder<'a> {
    page: Page<'a>,
    object: Seen<'a>,
    owner: (Text<'a>, Text<'a>),
    restore: (Text<'a>, Text<'a>),
    /// Names and texts of the open elements.
    open: Vec<(&'a str, Cow<'a, str>)>,
    /// Of the page's numbers.
    numbers: [Text<'a>; 3],
    /// The document is none of a page, or an object has no key.
    is_other: bool,
}

/// An object that is not complete.
#[derive(Default)]
struct Seen<'a> {
    object: Object<'a>,
    size: Text<'a>,
}

impl<'a> Visitor<'a> for Builder<'a> {
    fn open(&mut self, name: &'a str) {
        self.open.push((name, Cow::Borrowed("")));
    }

    fn text(&mut self) -> Option<&mut Cow<'a, str>> {
        self.open.last_mut().map(|(_, text)| text)
    }

    fn close(&mut self) {
        let Some((name, text)) = self.open.pop() else {
            return;
        };
        match *self.open.as_slice() {
            [] => self.end_page(name),
            [_] if name == "Contents" => self.end_object(),
            [_] => self.field_of_page(name, text),
            [_, ("Contents", _)] => self.field_of_object(name, text),
            [_, ("CommonPrefixes", _)] if name == "Prefix" && !text.is_empty() => {
                self.page.common_prefixes.push(text);
            }
            [_, ("Contents", _), (group, _)] => self.field_of_group(group, name, text),
            _ => {}
        }
    }
}

impl<'a> Builder<'a> {
    fn end_page(&mut self, name: &str) {
        self.is_other |= name != "ListBucketResult";
        let [truncated, count, most] = std::mem::take(&mut self.numbers);
        let number = |text: Text<'_>| text?.trim().parse().ok();
        self.page.is_truncated = truncated.and_then(|text| text.parse().ok());
        self.page.key_count = number(count);
        self.page.max_keys = number(most);
    }

    fn field_of_page(&mut self, name: &str, text: Cow<'a, str>) {
        let Self { page, numbers, .. } = self;
        let place = match name {
            "Name" => &mut page.name,
            "Prefix" => &mut page.prefix,
            "Delimiter" => &mut page.delimiter,
            "StartAfter" => &mut page.start_after,
            "EncodingType" => &mut page.encoding_type,
            "ContinuationToken" => &mut page.continuation_token,
            "NextContinuationToken" => &mut page.next_continuation_token,
            "IsTruncated" => &mut numbers[0],
            "KeyCount" => &mut numbers[1],
            "MaxKeys" => &mut numbers[2],
            _ => return,
        };
        place.get_or_insert(text);
    }

    fn field_of_object(&mut self, name: &str, text: Cow<'a, str>) {
        let Seen { object, size } = &mut self.object;
        let place = match name {
            "Key" => &mut object.key,
            "ETag" => &mut object.etag,
            "ChecksumAlgorithm" => &mut object.checksum_algorithm,
            "ChecksumType" => &mut object.checksum_type,
            "LastModified" => &mut object.last_modified,
            "Size" => size,
            "StorageClass" => &mut object.storage_class,
            "Owner" => {
                let owner = std::mem::take(&mut self.owner);
                object.owner.get_or_insert(owner);
                return;
            }
            "RestoreStatus" => {
                let (going_on, until) = std::mem::take(&mut self.restore);
                let going_on = going_on.and_then(|text| text.parse().ok());
                object.restore_status.get_or_insert((going_on, until));
                return;
            }
            _ => return,
        };
        place.get_or_insert(text);
    }

    fn field_of_group(&mut self, group: &str, name: &str, text: Cow<'a, str>) {
        let place = match (group, name) {
            ("Owner", "ID") => &mut self.owner.0,
            ("Owner", "DisplayName") => &mut self.owner.1,
            ("RestoreStatus", "IsRestoreInProgress") => &mut self.restore.0,
            ("RestoreStatus", "RestoreExpiryDate") => &mut self.restore.1,
            _ => return,
        };
        place.get_or_insert(text);
    }

    fn end_object(&mut self) {
        let Seen { mut object, size } = std::mem::take(&mut self.object);
        self.is_other |= object.key.is_none();
        object.size = size.and_then(|size| size.trim().parse().ok());
        // One without a name is none.
        object.owner = object
            .owner
            .filter(|(id, name)| id.is_some() || name.is_some());
        self.page.contents.push(object);
    }
}

impl From<Page<'_>> for S3ListObjectsResult {
    fn from(page: Page<'_>) -> Self {
        Self {
            name: owned(page.name),
            prefix: owned(page.prefix),
            delimiter: owned(page.delimiter),
            start_after: owned(page.start_after),
            encoding_type: owned(page.encoding_type),
            continuation_token: owned(page.continuation_token),
            next_continuation_token: owned(page.next_continuation_token),
            is_truncated: page.is_truncated,
            key_count: page.key_count,
            max_keys: page.max_keys,
            contents: page.contents.into_iter().map(Into::into).collect(),
            common_prefixes: page
                .common_prefixes
                .into_iter()
                .map(Cow::into_owned)
                .collect(),
        }
    }
}

impl From<Object<'_>> for S3ObjectInfo {
    fn from(object: Object<'_>) -> Self {
        Self {
            key: owned(object.key).unwrap_or_default(),
            etag: owned(object.etag),
            checksum_algorithm: owned(object.checksum_algorithm),
            checksum_type: owned(object.checksum_type),
            last_modified: owned(object.last_modified),
            size: object.size,
            storage_class: owned(object.storage_class),
            owner: object.owner.map(|(id, display_name)| S3Owner {
                id: owned(id),
                display_name: owned(display_name),
            }),
            restore_status: object
                .restore_status
                .map(|(going_on, until)| S3RestoreStatus {
                    is_restore_in_progress: going_on,
                    restore_expiry_date: owned(until),
                }),
        }
    }
}

fn owned(text: Text<'_>) -> Option<String> {
    text.map(Cow::into_owned)
}
