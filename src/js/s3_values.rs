//! Between the core's types and what crosses to JavaScript.

use std::time::Duration;

use napi::bindgen_prelude::{Result as JsResult, ToNapiValue};
use napi::{Env, sys};

use super::port::Settle;
use super::s3_inits::{HandleInit, ListInit, ListVersionsInit, PutInit};
use super::value;
use crate::error::Result;
use crate::net::http::{ProxySettings, Timeouts};
use crate::s3::{
    ByteRange, Metadata, PresignMethod, PutOptions, S3Credentials, S3CredentialsWithOptions,
    S3ListObjectsOptions, S3ListVersionsOptions, S3Options, S3StatResult,
};

/// The range of a slice; `lib/s3/range.js` passes only whole numbers below 2^52.
pub(super) fn range(
    start: Option<f64>,
    end: Option<f64>,
    suffix: Option<f64>,
) -> Option<ByteRange> {
    if let Some(length) = suffix {
        return Some(ByteRange::Suffix(whole(length)));
    }
    let start = whole(start?);
    Some(match end {
        Some(end) => ByteRange::Bounded {
            start,
            end_exclusive: whole(end),
        },
        None => ByteRange::From(start),
    })
}

pub(super) fn list_options(input: ListInit, request_payer: bool) -> S3ListObjectsOptions {
    S3ListObjectsOptions {
        prefix: input.prefix,
        delimiter: input.delimiter,
        max_keys: input.max_keys,
        continuation_token: input.continuation_token,
        start_after: input.start_after,
        encoding_type: input.encoding_type,
        fetch_owner: input.fetch_owner,
        request_payer,
    }
}

pub(super) fn version_options(
    input: ListVersionsInit,
    request_payer: bool,
) -> S3ListVersionsOptions {
    S3ListVersionsOptions {
        prefix: input.prefix,
        delimiter: input.delimiter,
        max_keys: input.max_keys,
        key_marker: input.key_marker,
        version_id_marker: input.version_id_marker,
        encoding_type: input.encoding_type,
        request_payer,
    }
}

/// A number that `lib/` has checked to be whole and not negative.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "casts from f64 saturate"
)]
pub(super) fn whole(number: f64) -> u64 {
    number as u64
}

/// A time limit in milliseconds; 0 for none.
fn limit(milliseconds: Option<f64>, default: Option<Duration>) -> Option<Duration> {
    match milliseconds {
        None => default,
        Some(milliseconds) => match whole(milliseconds) {
            0 => None,
            milliseconds => Some(Duration::from_millis(milliseconds)),
        },
    }
}

impl TryFrom<HandleInit> for S3CredentialsWithOptions {
    type Error = crate::Error;

    fn try_from(init: HandleInit) -> Result<Self> {
        let default = S3Options::default();
        let times = default.timeouts;
        let variables = init.proxy_variables.unwrap_or_default();
        let proxy = match init.proxy.as_deref() {
            None => ProxySettings::from_env(|name| variables.get(name).cloned())?,
            Some("") => ProxySettings::default(),
            Some(url) => ProxySettings::all(url)?,
        };
        Ok(Self {
            credentials: S3Credentials {
                access_key_id: init.access_key_id.unwrap_or_default(),
                secret_access_key: init.secret_access_key.unwrap_or_default(),
                session_token: init.session_token,
                bucket: init.bucket.unwrap_or_default(),
                region: init.region.unwrap_or_default(),
                endpoint: init.endpoint,
            },
            options: S3Options {
                request_payer: init.request_payer.unwrap_or_default(),
                virtual_hosted_style: init.virtual_hosted_style.unwrap_or_default(),
                part_size: init.part_size.map_or(default.part_size, whole),
                queue_size: init.queue_size.unwrap_or(default.queue_size),
                checksum: init
                    .checksum_algorithm
                    .as_deref()
                    .map(str::parse)
                    .transpose()?,
                retry: init.retry.unwrap_or(default.retry),
                timeouts: Timeouts {
                    connect: limit(init.connect_timeout, times.connect),
                    first_byte: limit(init.response_timeout, times.first_byte),
                    stall: limit(init.stall_timeout, times.stall),
                },
                timeout: limit(init.timeout, default.timeout),
                proxy,
                tls: init.tls.map(Into::into).unwrap_or_default(),
                ..default
            },
        })
    }
}

pub(super) fn put_options(init: PutInit, client: &S3Options) -> Result<PutOptions> {
    let mut metadata = Metadata::default();
    for pair in init.metadata.unwrap_or_default().chunks_exact(2) {
        metadata.insert(&pair[0], &pair[1])?;
    }
    Ok(PutOptions {
        acl: init.acl.as_deref().map(str::parse).transpose()?,
        storage_class: init.storage_class.as_deref().map(str::parse).transpose()?,
        content_type: init.content_type,
        content_disposition: init.content_disposition,
        content_encoding: init.content_encoding,
        metadata,
        checksum: client.checksum,
        request_payer: client.request_payer,
    })
}

/// The methods in the order of `lib/s3/operations.js`.
pub(super) fn presign_method(index: u32) -> PresignMethod {
    match index {
        1 => PresignMethod::Put,
        2 => PresignMethod::Head,
        3 => PresignMethod::Delete,
        4 => PresignMethod::Post,
        _ => PresignMethod::Get,
    }
}

/// Text of ASCII characters, of which an engine makes a string without looking at them.
pub struct Ascii(pub String);

impl ToNapiValue for Ascii {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> JsResult<sys::napi_value> {
        value::latin1(env, text.0.as_bytes())
    }
}

/// `[size, etag, lastModified, type, versionId, …metadata]`; the time in milliseconds, or null; the
/// version or null; names and values of metadata in turn.
pub(super) struct Stat(pub S3StatResult);

impl Settle for Stat {
    #[allow(
        clippy::cast_precision_loss,
        reason = "objects are shorter than 2^53 bytes"
    )]
    fn settle(self: Box<Self>, env: &Env) -> JsResult<sys::napi_value> {
        let env = env.raw();
        let stat = self.0;
        let content_type = stat.content_type.as_deref().unwrap_or_default();
        let mut items = vec![
            value::double(env, stat.size as f64)?,
            value::string(env, stat.etag.as_bytes())?,
            match stat.last_modified_ms() {
                Some(time) => value::double(env, time as f64)?,
                None => value::null(env)?,
            },
            value::string(env, content_type.as_bytes())?,
            match &stat.version_id {
                Some(id) => value::string(env, id.as_bytes())?,
                None => value::null(env)?,
            },
        ];
        for (name, noted) in stat.metadata.iter() {
            items.push(value::string(env, name.as_bytes())?);
            items.push(value::string(env, noted.as_bytes())?);
        }
        let array = value::array(env)?;
        for (index, item) in (0..).zip(items) {
            value::set_element(env, array, index, item)?;
        }
        Ok(array)
    }
}
