//! The operations: what each asks, and what it makes of the answer. Pure: the client sends.

pub mod copy;
pub mod delete;
pub mod extent;
pub mod get;
pub mod list;
pub mod multipart;
pub mod presign;
pub mod put;
pub mod versions;

use std::borrow::Cow;

use bytes::Bytes;

use super::metadata::Metadata;
use super::url::Location;
use super::xml::Element;
use crate::error::{Details, Error, ErrorKind, Result};
use crate::net::http::Headers;

/// A request before it is signed.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'static str,
    /// The object, or the bucket alone.
    pub target: Target<'a>,
    /// Parameters, neither encoded nor sorted.
    pub query: Vec<(&'static str, Cow<'a, str>)>,
    /// Headers in lower case besides those that every request has.
    pub headers: Vec<(&'static str, Cow<'a, str>)>,
    /// Headers of the object's own.
    pub metadata: Option<&'a Metadata>,
    /// The body in pieces; none for none.
    pub body: Vec<Bytes>,
    /// Statuses that mean success.
    pub success: &'static [u16],
}

/// What a request is about.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// An object.
    Object(&'a Location),
    /// A bucket, by its name.
    Bucket(&'a str),
}

impl Target<'_> {
    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        match self {
            Self::Object(location) => &location.bucket,
            Self::Bucket(bucket) => bucket,
        }
    }
}

impl<'a> Request<'a> {
    /// A request without parameters, headers or body.
    #[must_use]
    pub fn new(method: &'static str, target: Target<'a>, success: &'static [u16]) -> Self {
        Self {
            method,
            target,
            query: Vec::new(),
            headers: Vec::new(),
            metadata: None,
            body: Vec::new(),
            success,
        }
    }

    /// Asks about one version of the object.
    pub fn version(&mut self, id: Option<&'a str>) {
        if let Some(id) = id {
            self.query.push(("versionId", id.into()));
        }
    }

    /// Adds what says which page of a list is meant, and how long it may be.
    fn page(&mut self, options: &[(&'static str, &'a Option<String>)], max_keys: Option<i64>) {
        for (name, value) in options {
            if let Some(value) = value.as_deref().filter(|value| !value.is_empty()) {
                self.query.push((name, value.into()));
            }
        }
        if let Some(keys) = max_keys {
            self.query.push(("max-keys", keys.to_string().into()));
        }
    }

    /// Adds the header by which the caller agrees to pay.
    pub fn payer(&mut self, request_payer: bool) {
        if request_payer {
            self.headers
                .push(("x-amz-request-payer", "requester".into()));
        }
    }
}

/// The error of a response that is no success.
#[must_use]
pub fn refused(
    method: &str,
    target: Target<'_>,
    status: u16,
    headers: &Headers,
    body: &[u8],
) -> Error {
    let text = |name: &str| headers.get(name).map(str::to_owned);
    let document = Element::parse(body).filter(|root| root.name == "Error");
    let child = |name: &str| document.as_ref()?.child_text(name).map(str::to_owned);
    let (code, message) =
        if document.is_none() && status == 404 && method != "PUT" && method != "POST" {
            (
                "NoSuchKey".into(),
                "The specified key does not exist.".into(),
            )
        } else {
            let whole = || match body {
                [] => "an unexpected error has occurred".into(),
                body => String::from_utf8_lossy(body).chars().take(1024).collect(),
            };
            let filled = |name| child(name).filter(|text| !text.is_empty());
            (
                filled("Code").unwrap_or_else(|| "UnknownError".into()),
                filled("Message").unwrap_or_else(whole),
            )
        };
    let (bucket, path) = match target {
        Target::Object(location) => (location.bucket.clone(), location.key.clone()),
        Target::Bucket(bucket) => (bucket.to_owned(), String::new()),
    };
    let kind = match status {
        401 | 403 => ErrorKind::Credentials,
        _ => ErrorKind::Server,
    };
    Error::new(kind, code, message).with_details(Details {
        status: Some(status),
        request_id: text("x-amz-request-id").or_else(|| child("RequestId")),
        bucket: Some(bucket).filter(|bucket| !bucket.is_empty()),
        path: Some(path),
    })
}

/// The error of an answer that is no page of a list.
fn no_page(root: &str) -> Error {
    let message = format!(
        "the answer is not a well-formed <{root}> document; keys with characters that XML cannot \
         hold need encodingType \"url\""
    );
    Error::new(ErrorKind::Protocol, "InvalidResponse", message)
}

/// Refuses what would end a header and begin another.
pub fn header_value(value: &str) -> Result<Cow<'_, str>> {
    if value
        .bytes()
        .any(|byte| byte < 0x20 && byte != b'\t' || byte == 0x7f)
    {
        return Err(Error::new(
            ErrorKind::InvalidInput,
            "ERR_S3_INVALID_SIGNATURE",
            "a header value must not contain control characters",
        ));
    }
    Ok(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(method: &str, status: u16, body: &str) -> (String, String) {
        let location = Location {
            bucket: "b".into(),
            key: "k".into(),
        };
        let error = refused(
            method,
            Target::Object(&location),
            status,
            &Headers::default(),
            body.as_bytes(),
        );
        assert_eq!(error.details().path.as_deref(), Some("k"));
        (error.code().to_owned(), error.message().to_owned())
    }

    #[test]
    fn codes_and_messages() {
        let document = "<Error><Code>AccessDenied</Code><Message>a &lt; b</Message></Error>";
        assert_eq!(
            error("GET", 403, document),
            ("AccessDenied".into(), "a < b".into())
        );
        assert_eq!(
            error("GET", 502, "<html>"),
            ("UnknownError".into(), "<html>".into())
        );
        assert_eq!(
            error("GET", 400, "<Error><Message>m</Message></Error>"),
            ("UnknownError".into(), "m".into())
        );
        assert_eq!(
            error("GET", 400, "<Error><Code>C</Code></Error>").1,
            "<Error><Code>C</Code></Error>"
        );
        assert_eq!(error("HEAD", 404, "").0, "NoSuchKey");
        assert_eq!(error("GET", 404, "not here").0, "NoSuchKey");
        assert_eq!(error("PUT", 404, "").0, "UnknownError");
        assert_eq!(error("HEAD", 403, "").1, "an unexpected error has occurred");
    }

    #[test]
    fn no_value_ends_its_header() {
        for value in ["a\r\nb", "a\nb", "\0"] {
            assert!(header_value(value).is_err());
        }
        assert_eq!(
            header_value("attachment; filename=\"é\"").unwrap(),
            "attachment; filename=\"é\""
        );
    }
}
