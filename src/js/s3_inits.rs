//! What `lib/s3` passes as objects.

use std::collections::HashMap;

use napi_derive::napi;

use super::redis_options::LaneTls;

/// Resolved options of a client.
#[napi(object, object_to_js = false)]
pub struct HandleInit {
    /// Absent: every operation fails with `ERR_S3_MISSING_CREDENTIALS`.
    pub access_key_id: Option<String>,
    /// As `access_key_id`.
    pub secret_access_key: Option<String>,
    /// Of temporary credentials.
    pub session_token: Option<String>,
    /// Guessed from the endpoint when absent.
    pub region: Option<String>,
    /// AWS when absent.
    pub endpoint: Option<String>,
    /// The first segment of each path when absent.
    pub bucket: Option<String>,
    /// Whether the host names the bucket.
    pub virtual_hosted_style: Option<bool>,
    /// Whether the requester pays.
    pub request_payer: Option<bool>,
    /// Bytes of a part of an upload.
    pub part_size: Option<f64>,
    /// Parts in flight.
    pub queue_size: Option<u32>,
    /// Sums of what is written and read.
    pub checksum_algorithm: Option<String>,
    /// Further attempts.
    pub retry: Option<u32>,
    /// Milliseconds to connect; 0 for no limit, here and below.
    pub connect_timeout: Option<f64>,
    /// Milliseconds until the head of an answer.
    pub response_timeout: Option<f64>,
    /// Milliseconds without progress of a body.
    pub stall_timeout: Option<f64>,
    /// Milliseconds of a whole call.
    pub timeout: Option<f64>,
    /// The URL of a proxy; empty for none. Absent: what `proxyVariables` say.
    pub proxy: Option<String>,
    /// Of the environment: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
    pub proxy_variables: Option<HashMap<String, String>>,
    /// TLS settings.
    pub tls: Option<LaneTls>,
}

/// How an object is stored.
#[napi(object, object_to_js = false)]
pub struct PutInit {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `x-amz-acl`.
    pub acl: Option<String>,
    /// `x-amz-storage-class`.
    pub storage_class: Option<String>,
    /// `x-amz-meta-`: names and values in turn.
    pub metadata: Option<Vec<String>>,
}

/// Fields of a list request.
#[napi(object, object_to_js = false)]
pub struct ListInit {
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// From the page before.
    pub continuation_token: Option<String>,
    /// Groups keys up to it.
    pub delimiter: Option<String>,
    /// Keys in a page, as given.
    pub max_keys: Option<i64>,
    /// Only keys behind it.
    pub start_after: Option<String>,
    /// `url` for escaped keys.
    pub encoding_type: Option<String>,
    /// Whether owners are listed.
    pub fetch_owner: Option<bool>,
}

/// Fields of a request for versions.
#[napi(object, object_to_js = false)]
pub struct ListVersionsInit {
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// Groups keys up to it.
    pub delimiter: Option<String>,
    /// Versions in a page.
    pub max_keys: Option<i64>,
    /// Only keys behind it.
    pub key_marker: Option<String>,
    /// Only versions of that key behind it.
    pub version_id_marker: Option<String>,
    /// `url` for escaped keys.
    pub encoding_type: Option<String>,
}
