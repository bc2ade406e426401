//! Credentials and options, and what the environment says about them.

use std::fmt;
use std::time::Duration;

use super::acl::Acl;
use super::checksum::ChecksumAlgorithm;
use super::metadata::Metadata;
use super::storage_class::StorageClass;
use crate::net::http::{ProxySettings, Timeouts};
use crate::net::tls::TlsOptions;

/// Smallest part of a multipart upload but the last, in bytes.
pub const MIN_PART_SIZE: u64 = 5 * 1024 * 1024;
/// Largest part of a multipart upload, in bytes.
pub const MAX_PART_SIZE: u64 = 5 * 1024 * 1024 * 1024;

/// Whose store is addressed, and where it is.
///
/// ```
/// use s3_valkey::s3::S3Credentials;
/// let credentials = S3Credentials {
///     access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
///     secret_access_key: "secret".into(),
///     bucket: "photos".into(),
///     endpoint: Some("http://localhost:9000".into()),
///     ..S3Credentials::default()
/// };
/// assert!(!format!("{credentials:?}").contains("secret\""));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Credentials {
    /// Access key id. Empty: the call fails with `ERR_S3_MISSING_CREDENTIALS`.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Token of temporary credentials.
    pub session_token: Option<String>,
    /// Bucket. Empty: the first segment of each path names it.
    pub bucket: String,
    /// Region. Empty: guessed from the endpoint.
    pub region: String,
    /// Endpoint URL. None: AWS.
    pub endpoint: Option<String>,
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Credentials")
            .field("access_key_id", &"[REDACTED]")
            .field("secret_access_key", &"[REDACTED]")
            .field(
                "session_token",
                &self.session_token.as_ref().map(|_| "[REDACTED]"),
            )
            .field("bucket", &self.bucket)
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .finish()
    }
}

impl S3Credentials {
    /// Reads `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY`, `S3_SESSION_TOKEN`, `S3_REGION`,
    /// `S3_ENDPOINT` and `S3_BUCKET`, each with its `AWS_` twin as the fallback. A variable that
    /// exists but is empty hides its twin, as in Bun.
    #[must_use]
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name: &str| {
            lookup(&format!("S3_{name}"))
                .or_else(|| lookup(&format!("AWS_{name}")))
                .filter(|value| !value.is_empty())
        };
        Self {
            access_key_id: variable("ACCESS_KEY_ID").unwrap_or_default(),
            secret_access_key: variable("SECRET_ACCESS_KEY").unwrap_or_default(),
            session_token: variable("SESSION_TOKEN"),
            bucket: variable("BUCKET").unwrap_or_default(),
            region: variable("REGION").unwrap_or_default(),
            endpoint: variable("ENDPOINT"),
        }
    }
}

/// How requests are made.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// Access control list of objects that are written. Default: the store's.
    pub acl: Option<Acl>,
    /// Storage class of objects that are written. Default: the store's.
    pub storage_class: Option<StorageClass>,
    /// Content-Type of objects that are written.
    pub content_type: Option<String>,
    /// Content-Disposition of objects that are written.
    pub content_disposition: Option<String>,
    /// Content-Encoding of objects that are written; nothing is encoded.
    pub content_encoding: Option<String>,
    /// What is noted about objects that are written.
    pub metadata: Metadata,
    /// Sums that are sent with what is written. What is read as a whole is then compared with the
    /// sum that the store keeps of it, whatever its algorithm. Default none: not every store knows
    /// them.
    pub checksum: Option<ChecksumAlgorithm>,
    /// The caller pays instead of the bucket's owner. Default false.
    pub request_payer: bool,
    /// The bucket is part of the host name. Default false.
    pub virtual_hosted_style: bool,
    /// Bytes of a part of a multipart upload. Default 5 MiB.
    pub part_size: u64,
    /// Parts in flight at most, and ranges of a large object that are read at once. Default 5.
    pub queue_size: u32,
    /// Further attempts after a failed one. Default 3.
    pub retry: u32,
    /// How long each stage of a request may take.
    pub timeouts: Timeouts,
    /// How long a call may take with all its attempts and, where it ends in memory, with its body.
    /// Of what is read or written piece by piece, each request. Default: as long as it likes.
    pub timeout: Option<Duration>,
    /// Which requests go through a proxy. Default none.
    pub proxy: ProxySettings,
    /// TLS settings.
    pub tls: TlsOptions,
}

impl Default for S3Options {
    fn default() -> Self {
        Self {
            acl: None,
            storage_class: None,
            content_type: None,
            content_disposition: None,
            content_encoding: None,
            metadata: Metadata::default(),
            checksum: None,
            request_payer: false,
            virtual_hosted_style: false,
            part_size: MIN_PART_SIZE,
            queue_size: 5,
            retry: 3,
            timeouts: Timeouts::default(),
            timeout: None,
            proxy: ProxySettings::default(),
            tls: TlsOptions::default(),
        }
    }
}

/// Everything a client needs.
#[derive(Debug, Clone, Default)]
pub struct S3CredentialsWithOptions {
    /// Whose store, and where.
    pub credentials: S3Credentials,
    /// How requests are made.
    pub options: S3Options,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_hides_its_twin() {
        let credentials = S3Credentials::from_env(|name| match name {
            "S3_REGION" => Some(String::new()),
            "AWS_REGION" => Some("eu-west-1".into()),
            "AWS_BUCKET" => Some("b".into()),
            _ => None,
        });
        assert_eq!(credentials.region, "");
        assert_eq!(credentials.bucket, "b");
        assert_eq!(credentials.endpoint, None);
    }

    #[test]
    fn debug_hides_secrets() {
        let credentials = S3Credentials {
            access_key_id: "AKID".into(),
            secret_access_key: "hunter2".into(),
            session_token: Some("token3".into()),
            ..S3Credentials::default()
        };
        let shown = format!("{credentials:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("token3") && !shown.contains("AKID"));
    }
}
