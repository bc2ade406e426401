//! A page of a list as JSON, of objects or versions: `JSON.parse` makes many objects faster than Node-API does.

use napi::bindgen_prelude::Result as JsResult;
use napi::{Env, sys};
use serde::Serialize;

use super::port::Settle;
use super::value;
use crate::error::{Error, ErrorKind, Result};
use crate::s3::op::list;

/// A page as JSON text, written where it was received: JavaScript's thread has enough to do.
pub(super) struct Listing(Vec<u8>);

impl Listing {
    /// Of the document in which a store sends it.
    pub(super) fn new(document: &[u8]) -> Result<Self> {
        let page = list::Page::parse(document)?;
        Self::write(&Page::from(&page), document.len())
    }

    /// Writes a page that is about as long as `length`, in bytes.
    pub(super) fn write(page: &impl Serialize, length: usize) -> Result<Self> {
        let mut json = Vec::with_capacity(length);
        serde_json::to_writer(&mut json, page).map_err(|source| {
            let message = "the page cannot be written as JSON";
            Error::new(ErrorKind::Protocol, "InvalidResponse", message).with_source(source)
        })?;
        Ok(Self(json))
    }
}

impl Settle for Listing {
    fn settle(self: Box<Self>, env: &Env) -> JsResult<sys::napi_value> {
        value::string(env.raw(), &self.0)
    }
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
    start_after: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_continuation_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_truncated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_keys: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contents: Option<Vec<Object<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_prefixes: Option<Vec<Group<'a>>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_status: Option<RestoreStatus<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RestoreStatus<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    is_restore_in_progress: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restore_expiry_date: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owner<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Group<'a> {
    prefix: &'a str,
}

impl<'a> Group<'a> {
    pub(super) fn all(prefixes: &'a [impl AsRef<str>]) -> Vec<Self> {
        let prefixes = prefixes.iter().map(AsRef::as_ref);
        prefixes.map(|prefix| Group { prefix }).collect()
    }
}

impl<'a> From<&'a list::Page<'_>> for Page<'a> {
    fn from(page: &'a list::Page<'_>) -> Self {
        Self {
            name: page.name.as_deref(),
            prefix: page.prefix.as_deref(),
            delimiter: page.delimiter.as_deref(),
            start_after: page.start_after.as_deref(),
            encoding_type: page.encoding_type.as_deref(),
            continuation_token: page.continuation_token.as_deref(),
            next_continuation_token: page.next_continuation_token.as_deref(),
            is_truncated: page.is_truncated,
            key_count: page.key_count,
            max_keys: page.max_keys,
            contents: filled(page.contents.iter().map(Object::from).collect()),
            common_prefixes: filled(Group::all(&page.common_prefixes)),
        }
    }
}

impl<'a> From<&'a list::Object<'_>> for Object<'a> {
    fn from(object: &'a list::Object<'_>) -> Self {
        let status = object.restore_status.as_ref();
        Self {
            key: object.key.as_deref(),
            e_tag: object.etag.as_deref(),
            checksum_algorithm: object.checksum_algorithm.as_deref(),
            checksum_type: object.checksum_type.as_deref(),
            last_modified: object.last_modified.as_deref(),
            size: object.size,
            storage_class: object.storage_class.as_deref(),
            owner: object.owner.as_ref().map(|(id, name)| Owner {
                id: id.as_deref(),
                display_name: name.as_deref(),
            }),
            restore_status: status.map(|(going_on, until)| RestoreStatus {
                is_restore_in_progress: *going_on,
                restore_expiry_date: until.as_deref(),
            }),
        }
    }
}

fn filled<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
