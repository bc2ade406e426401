//! Credentials and options.

use std::fmt;

use super::{Acl, StorageClass};
use crate::net::tls::TlsOptions;

/// The keys and the place they open. `Debug` shows no secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Credentials {
    /// Access key id; empty when missing.
    pub access_key_id: String,
    /// Secret access key; empty when missing.
    pub secret_access_key: String,
    /// Token of temporary credentials.
    pub session_token: Option<String>,
    /// Bucket; when empty the first segment of each path is the bucket.
    pub bucket: String,
    /// Region; when empty it is inferred from the endpoint.
    pub region: String,
    /// Endpoint such as `https://host/prefix`; AWS by default.
    pub endpoint: Option<String>,
}

impl S3Credentials {
    /// Reads `S3_*`, then `AWS_*`. A variable that is set but empty hides its fallback.
    #[must_use]
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let read = |name: &str| {
            lookup(&format!("S3_{name}"))
                .or_else(|| lookup(&format!("AWS_{name}")))
                .filter(|value| !value.is_empty())
        };
        Self {
            access_key_id: read("ACCESS_KEY_ID").unwrap_or_default(),
            secret_access_key: read("SECRET_ACCESS_KEY").unwrap_or_default(),
            session_token: read("SESSION_TOKEN"),
            bucket: read("BUCKET").unwrap_or_default(),
            region: read("REGION").unwrap_or_default(),
            endpoint: read("ENDPOINT"),
        }
    }
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
            .finish_non_exhaustive()
    }
}

/// How objects are sent.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// Canned ACL of uploads.
    pub acl: Option<Acl>,
    /// Storage class of uploads.
    pub storage_class: Option<StorageClass>,
    /// `Content-Type` of uploads.
    pub content_type: Option<String>,
    /// `Content-Disposition` of uploads.
    pub content_disposition: Option<String>,
    /// `Content-Encoding` of uploads; nothing is compressed.
    pub content_encoding: Option<String>,
    /// Whether the requester pays.
    pub request_payer: bool,
    /// Whether the bucket is part of the host name.
    pub virtual_hosted_style: bool,
    /// Bytes of a part, 5 MiB by default.
    pub part_size: u64,
    /// Parts in flight, 5 by default.
    pub queue_size: usize,
    /// Extra attempts after a failure, 3 by default.
    pub retry: u8,
    /// Proxy to use; not read yet.
    pub proxy: Option<String>,
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
            request_payer: false,
            virtual_hosted_style: false,
            part_size: 5 * 1024 * 1024,
            queue_size: 5,
            retry: 3,
            proxy: None,
            tls: TlsOptions::default(),
        }
    }
}

/// Everything a client is made of.
#[derive(Debug, Clone, Default)]
pub struct S3CredentialsWithOptions {
    /// Keys and place.
    pub credentials: S3Credentials,
    /// How objects are sent.
    pub options: S3Options,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_hides_its_fallback() {
        let credentials = S3Credentials::from_env(|name| match name {
            "S3_BUCKET" => Some(String::new()),
            "AWS_BUCKET" | "AWS_REGION" => Some("x".into()),
            _ => None,
        });
        assert_eq!(
            (credentials.bucket.as_str(), credentials.region.as_str()),
            ("", "x")
        );
    }
}
