//! What a presigned URL says.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::str::FromStr;

use crate::error::{Error, ErrorKind, Result};
use crate::s3::acl::Acl;
use crate::s3::storage_class::StorageClass;

/// Validity when none is asked for, in seconds.
pub const DEFAULT_EXPIRES_IN: u32 = 86_400;
const MAX_DISPOSITION: usize = 512;
const MAX_TYPE: usize = 256;

/// What the URL may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PresignMethod {
    /// Download.
    #[default]
    Get,
    /// Upload.
    Put,
    /// Metadata.
    Head,
    /// Deletion.
    Delete,
    /// Whatever the store offers by POST.
    Post,
}

impl PresignMethod {
    /// As it is signed.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Head => "HEAD",
            Self::Delete => "DELETE",
            Self::Post => "POST",
        }
    }
}

impl FromStr for PresignMethod {
    type Err = Error;

    /// All upper or all lower case; fails with `ERR_S3_INVALID_METHOD`.
    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "GET" | "get" => Self::Get,
            "PUT" | "put" => Self::Put,
            "HEAD" | "head" => Self::Head,
            "DELETE" | "delete" => Self::Delete,
            "POST" | "post" => Self::Post,
            _ => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "ERR_S3_INVALID_METHOD",
                    "Method must be GET, PUT, DELETE or HEAD when using s3:// protocol",
                ));
            }
        })
    }
}

/// What a presigned URL allows and asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresignOptions {
    /// Default GET.
    pub method: PresignMethod,
    /// Seconds of validity. Default one day.
    pub expires_in: u32,
    /// Content-Type of the response.
    pub content_type: Option<String>,
    /// Content-Disposition of the response.
    pub content_disposition: Option<String>,
    /// ACL of the object that is written.
    pub acl: Option<Acl>,
    /// Storage class of the object that is written.
    pub storage_class: Option<StorageClass>,
    /// The caller pays.
    pub request_payer: bool,
}

impl Default for PresignOptions {
    fn default() -> Self {
        Self {
            method: PresignMethod::Get,
            expires_in: DEFAULT_EXPIRES_IN,
            content_type: None,
            content_disposition: None,
            acl: None,
            storage_class: None,
            request_payer: false,
        }
    }
}

impl PresignOptions {
    /// The parameters besides those of the signature.
    pub fn parameters(&self) -> Result<Vec<(&'static str, &str)>> {
        let mut parameters = Vec::new();
        if let Some(acl) = self.acl {
            parameters.push(("X-Amz-Acl", acl.as_str()));
        }
        for (name, value, limit) in [
            (
                "response-content-disposition",
                &self.content_disposition,
                MAX_DISPOSITION,
            ),
            ("response-content-type", &self.content_type, MAX_TYPE),
        ] {
            if let Some(value) = value {
                if crate::s3::url::encoded_bytes(value).count() > limit {
                    return Err(Error::new(
                        ErrorKind::InvalidInput,
                        "ERR_S3_INVALID_SIGNATURE",
                        format!("{name} is too long"),
                    ));
                }
                parameters.push((name, value));
            }
        }
        if self.request_payer {
            parameters.push(("x-amz-request-payer", "requester"));
        }
        if let Some(class) = self.storage_class {
            parameters.push(("x-amz-storage-class", class.as_str()));
        }
        Ok(parameters)
    }
}
