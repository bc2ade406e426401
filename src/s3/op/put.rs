//! PUT of a whole object.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use std::borrow::Cow;

use bytes::Bytes;

use super::{Request, Target, header_value};
use crate::error::Result;
use crate::s3::acl::Acl;
use crate::s3::checksum::ChecksumAlgorithm;
use crate::s3::metadata::Metadata;
use crate::s3::storage_class::StorageClass;
use crate::s3::url::Location;

/// How an object is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PutOptions {
    /// Media type.
    pub content_type: Option<String>,
    /// How a browser shows it.
    pub content_disposition: Option<String>,
    /// How the bytes are encoded; nothing is encoded by the client.
    pub content_encoding: Option<String>,
    /// Who may do what.
    pub acl: Option<Acl>,
    /// How the store keeps it.
    pub storage_class: Option<StorageClass>,
    /// What is noted about the object.
    pub metadata: Metadata,
    /// The sum that the store compares the bytes with. Default none: not every store knows them.
    pub checksum: Option<ChecksumAlgorithm>,
    /// The caller pays.
    pub request_payer: bool,
}

impl PutOptions {
    /// The headers of a request that makes an object.
    pub fn headers(&self) -> Result<Vec<(&'static str, Cow<'_, str>)>> {
        let mut headers = Vec::new();
        for (name, value) in [
            ("content-type", &self.content_type),
            ("content-disposition", &self.content_disposition),
            ("content-encoding", &self.content_encoding),
        ] {
            if let Some(value) = value {
                headers.push((name, header_value(value)?));
            }
        }
        if let Some(acl) = self.acl {
            headers.push(("x-amz-acl", acl.as_str().into()));
        }
        if let Some(class) = self.storage_class {
            headers.push(("x-amz-storage-class", class.as_str().into()));
        }
        Ok(headers)
    }
}

/// What a store answers to an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3UploadResult {
    /// With its quotes; empty when the store sends none.
    pub etag: String,
}

/// PUT.
pub fn request<'a>(
    location: &'a Location,
    body: Vec<Bytes>,
    options: &'a PutOptions,
) -> Result<Request<'a>> {
    let mut request = Request::new("PUT", Target::Object(location), &[200]);
    request.headers = options.headers()?;
    request.metadata = Some(&options.metadata);
    if let Some(algorithm) = options.checksum {
        let sum = algorithm.of(&body).text;
        request.headers.push((algorithm.header(), sum.into()));
    }
    request.payer(options.request_payer);
    request.body = body;
    Ok(request)
}
