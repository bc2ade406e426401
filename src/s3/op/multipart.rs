//! The requests of a multipart upload.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

use bytes::Bytes;

use super::put::PutOptions;
use super::{Request, Target};
use crate::error::{Error, ErrorKind, Result};
use crate::s3::checksum::{self, Checksum, ChecksumAlgorithm};
use crate::s3::url::Location;
use crate::s3::xml::{self, Element};

/// Parts of an upload at most.
pub const MAX_PARTS: u32 = 10_000;
/// The sum of an object in parts is that of its bytes.
const FULL_OBJECT: &str = "FULL_OBJECT";
const MAX_UPLOAD_ID: usize = 2000;

/// A part that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1 on.
    pub number: u32,
    /// As the store told it.
    pub etag: String,
    /// Of the part's bytes, where sums are asked for.
    pub checksum: Option<Checksum>,
}

impl Part {
    /// A part without a sum.
    #[must_use]
    pub fn new(number: u32, etag: String) -> Self {
        Self {
            number,
            etag,
            checksum: None,
        }
    }
}

/// Begins an upload.
pub fn create<'a>(location: &'a Location, options: &'a PutOptions) -> Result<Request<'a>> {
    let mut request = Request::new("POST", Target::Object(location), &[200]);
    request.query.push(("uploads", "".into()));
    request.headers = options.headers()?;
    request.metadata = Some(&options.metadata);
    if let Some(algorithm) = options.checksum.filter(|algorithm| algorithm.is_kept()) {
        let headers = &mut request.headers;
        headers.push(("x-amz-checksum-algorithm", algorithm.as_str().into()));
        if algorithm.combines() {
            headers.push(("x-amz-checksum-type", FULL_OBJECT.into()));
        }
    }
    request.payer(options.request_payer);
    Ok(request)
}

/// The id in the answer to [`create`].
pub fn upload_id(body: &[u8]) -> Result<String> {
    Element::parse(body)
        .filter(|root| root.name == "InitiateMultipartUploadResult")
        .and_then(|root| root.child_text("UploadId").map(str::to_owned))
        .filter(|id| {
            !id.is_empty()
                && id.len() <= MAX_UPLOAD_ID
                && id.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                "UnknownError",
                "Failed to initiate multipart upload",
            )
        })
}

/// Uploads a part; numbers begin at 1.
#[must_use]
pub fn part<'a>(
    location: &'a Location,
    upload_id: &'a str,
    number: u32,
    body: Vec<Bytes>,
    checksum: Option<(ChecksumAlgorithm, &'a Checksum)>,
    payer: bool,
) -> Request<'a> {
    let mut request = Request::new("PUT", Target::Object(location), &[200]);
    request.query = vec![
        ("partNumber", number.to_string().into()),
        ("uploadId", upload_id.into()),
        ("x-id", "UploadPart".into()),
    ];
    if let Some((algorithm, sum)) = checksum {
        let sum = sum.text.as_str().into();
        request.headers.push((algorithm.header(), sum));
    }
    request.payer(payer);
    request.body = body;
    request
}

/// Makes the object of its parts, which are in order.
#[must_use]
pub fn complete<'a>(
    location: &'a Location,
    upload_id: &'a str,
    parts: &[Part],
    algorithm: Option<ChecksumAlgorithm>,
    payer: bool,
) -> Request<'a> {
    let mut request = Request::new("POST", Target::Object(location), &[200]);
    request.query.push(("uploadId", upload_id.into()));
    if let Some(algorithm) = algorithm {
        let sums = parts.iter().filter_map(|part| part.checksum.as_ref());
        if let Some(sum) = checksum::combined(algorithm, sums) {
            let headers = &mut request.headers;
            headers.push((algorithm.header(), sum.into()));
            headers.push(("x-amz-checksum-type", FULL_OBJECT.into()));
        }
    }
    request.payer(payer);
    request.body = vec![xml::complete_multipart_upload(parts, algorithm).into()];
    request
}

/// The `ETag` in the answer to [`complete`]; empty when the store sends none.
#[must_use]
pub fn completed_etag(body: &[u8]) -> String {
    Element::parse(body)
        .and_then(|root| root.child_text("ETag").map(str::to_owned))
        .unwrap_or_default()
}

/// Throws the parts away.
#[must_use]
pub fn abort<'a>(location: &'a Location, upload_id: &'a str, payer: bool) -> Request<'a> {
    let mut request = Request::new("DELETE", Target::Object(location), &[200, 204, 404]);
    request.query.push(("uploadId", upload_id.into()));
    request.payer(payer);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_ids() {
        let answer = |id: &str| {
            format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            )
        };
        assert_eq!(
            upload_id(answer("a.b_c-1=/+&amp;").as_bytes()).unwrap(),
            "a.b_c-1=/+&"
        );
        for id in ["", "a b", "ü", &*"x".repeat(2001)] {
            assert_eq!(
                upload_id(answer(id).as_bytes()).unwrap_err().message(),
                "Failed to initiate multipart upload"
            );
        }
        assert!(upload_id(b"").is_err());
    }
}
