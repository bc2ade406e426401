//! `ListObjectsV2`. <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

use super::url::encode_into;
use super::xml;
use crate::error::{Error, ErrorKind, Result};

/// Which objects to list.
#[derive(Debug, Clone, Default)]
pub struct S3ListObjectsOptions {
    /// Only keys that start so.
    pub prefix: Option<String>,
    /// Groups keys up to this text.
    pub delimiter: Option<String>,
    /// Page size.
    pub max_keys: Option<i64>,
    /// Where the previous page ended.
    pub continuation_token: Option<String>,
    /// `url` asks for encoded keys.
    pub encoding_type: Option<String>,
    /// Whether owners are wanted.
    pub fetch_owner: Option<bool>,
    /// Only keys after this one.
    pub start_after: Option<String>,
}

impl S3ListObjectsOptions {
    pub(crate) fn query(&self) -> String {
        let number = self.max_keys.map(|n| n.to_string());
        let mut out = String::new();
        for (name, value) in [
            ("continuation-token", self.continuation_token.as_deref()),
            ("delimiter", self.delimiter.as_deref()),
            ("encoding-type", self.encoding_type.as_deref()),
            (
                "fetch-owner",
                self.fetch_owner
                    .map(|yes| if yes { "true" } else { "false" }),
            ),
            ("list-type", Some("2")),
            ("max-keys", number.as_deref()),
            ("prefix", self.prefix.as_deref()),
            ("start-after", self.start_after.as_deref()),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                if !out.is_empty() {
                    out.push('&');
                }
                out.push_str(name);
                out.push('=');
                encode_into(&mut out, value, false);
            }
        }
        out
    }
}

/// Who owns an object.
#[derive(Debug, Clone, Default)]
pub struct S3Owner {
    /// Canonical id.
    pub id: Option<String>,
    /// Name for people.
    pub display_name: Option<String>,
}

/// One listed object; absent fields are `None`.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "named as in the ListObjectsV2 answer")]
pub struct S3ObjectInfo {
    pub key: String,
    pub etag: Option<String>,
    pub checksum_algorithm: Option<String>,
    pub checksum_type: Option<String>,
    pub last_modified: Option<String>,
    pub size: Option<u64>,
    pub storage_class: Option<String>,
    pub owner: Option<S3Owner>,
}

/// One page; absent fields are `None`.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "named as in the ListObjectsV2 answer")]
pub struct S3ListObjectsResult {
    pub name: Option<String>,
    pub prefix: Option<String>,
    pub delimiter: Option<String>,
    pub start_after: Option<String>,
    pub encoding_type: Option<String>,
    pub continuation_token: Option<String>,
    pub next_continuation_token: Option<String>,
    pub is_truncated: Option<bool>,
    pub key_count: Option<i64>,
    pub max_keys: Option<i64>,
    pub contents: Vec<S3ObjectInfo>,
    pub common_prefixes: Vec<String>,
}

impl S3ListObjectsResult {
    pub(crate) fn read(body: &[u8]) -> Result<Self> {
        let (mut page, mut valid) = (Self::default(), true);
        let set = |field: &mut Option<String>, text: &str| {
            field.get_or_insert_with(|| text.to_owned());
        };
        let read = xml::walk(body, |path, text| {
            let names: Vec<&str> = path.iter().map(String::as_str).collect();
            valid &= names[0] == "ListBucketResult";
            let Some(text) = text else {
                if names[1..] == ["Contents"] {
                    page.contents.push(S3ObjectInfo::default());
                }
                return;
            };
            match &names[1..] {
                ["Name"] => set(&mut page.name, text),
                ["Prefix"] if !text.is_empty() => set(&mut page.prefix, text),
                ["Delimiter"] => set(&mut page.delimiter, text),
                ["StartAfter"] => set(&mut page.start_after, text),
                ["EncodingType"] => set(&mut page.encoding_type, text),
                ["ContinuationToken"] => set(&mut page.continuation_token, text),
                ["NextContinuationToken"] => set(&mut page.next_continuation_token, text),
                ["IsTruncated"] => page.is_truncated = text.parse().ok(),
                ["KeyCount"] => page.key_count = text.parse().ok(),
                ["MaxKeys"] => page.max_keys = text.parse().ok(),
                ["CommonPrefixes", "Prefix"] => page.common_prefixes.push(text.to_owned()),
                ["Contents"] => valid &= page.contents.last().is_some_and(|o| !o.key.is_empty()),
                ["Contents", rest @ ..] => {
                    let Some(object) = page.contents.last_mut() else {
                        return;
                    };
                    match rest {
                        ["Key"] => text.clone_into(&mut object.key),
                        ["ETag"] => set(&mut object.etag, text),
                        ["ChecksumAlgorithm"] => set(&mut object.checksum_algorithm, text),
                        ["ChecksumType"] => set(&mut object.checksum_type, text),
                        ["LastModified"] => set(&mut object.last_modified, text),
                        ["Size"] => object.size = text.parse().ok(),
                        ["StorageClass"] => set(&mut object.storage_class, text),
                        ["Owner", "ID"] => set(&mut object.owner.get_or_insert_default().id, text),
                        ["Owner", "DisplayName"] => {
                            set(&mut object.owner.get_or_insert_default().display_name, text);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        });
        if read.is_some() && valid {
            return Ok(page);
        }
        Err(Error::new(
            ErrorKind::Protocol,
            "InvalidResponse",
            "the answer is not a well-formed <ListBucketResult> document; encodingType \"url\" may help",
        ))
    }
}
