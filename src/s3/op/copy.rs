//! Copies within a store: whole, or part by part into an upload.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>

use super::put::PutOptions;
use super::{Request, Target, header_value};
use crate::error::{Error, ErrorKind, Result};
use crate::s3::url::{Location, encode_path, encode_query};
use crate::s3::xml::Element;

/// What is copied: an object as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySource {
    /// Bucket and key, encoded, and the version.
    path: String,
    /// The copy fails if the object has another one by then. Empty when it is not known.
    etag: String,
}

impl CopySource {
    /// The object at `location`, as long as it has this `ETag`; the current version, unless another
    /// is named.
    #[must_use]
    pub fn new(location: &Location, version: Option<&str>, etag: &str) -> Self {
        let mut path = String::from("/");
        encode_path(&mut path, &location.bucket);
        path.push('/');
        encode_path(&mut path, &location.key);
        if let Some(version) = version {
            path.push_str("?versionId=");
            encode_query(&mut path, version);
        }
        Self {
            path,
            etag: etag.to_owned(),
        }
    }

    fn add_to<'a>(&'a self, request: &mut Request<'a>) -> Result<()> {
        let headers = &mut request.headers;
        headers.push(("x-amz-copy-source", (&*self.path).into()));
        if !self.etag.is_empty() {
            headers.push(("x-amz-copy-source-if-match", header_value(&self.etag)?));
        }
        Ok(())
    }
}

/// Copies the whole object; what `options` do not say is not taken from the source.
pub fn request<'a>(
    location: &'a Location,
    source: &'a CopySource,
    options: &'a PutOptions,
) -> Result<Request<'a>> {
    let mut request = Request::new("PUT", Target::Object(location), &[200]);
    request.headers = options.headers()?;
    request
        .headers
        .push(("x-amz-metadata-directive", "REPLACE".into()));
    request.metadata = Some(&options.metadata);
    // The store sums up what it copies.
    if let Some(algorithm) = options.checksum.filter(|algorithm| algorithm.is_kept()) {
        let name = algorithm.as_str().into();
        request.headers.push(("x-amz-checksum-algorithm", name));
    }
    source.add_to(&mut request)?;
    request.payer(options.request_payer);
    Ok(request)
}

/// Copies the bytes from `start` up to, not including, `end` into a part of an upload.
pub fn part<'a>(
    location: &'a Location,
    upload_id: &'a str,
    number: u32,
    source: &'a CopySource,
    (start, end): (u64, u64),
    payer: bool,
) -> Result<Request<'a>> {
    let mut request = Request::new("PUT", Target::Object(location), &[200]);
    request.query = vec![
        ("partNumber", number.to_string().into()),
        ("uploadId", upload_id.into()),
        ("x-id", "UploadPartCopy".into()),
    ];
    let range = format!("bytes={start}-{}", end.saturating_sub(1));
    request.headers = vec![("x-amz-copy-source-range", range.into())];
    source.add_to(&mut request)?;
    request.payer(payer);
    Ok(request)
}

/// The `ETag` in the answer to [`part`].
pub fn part_etag(body: &[u8]) -> Result<String> {
    Element::parse(body)
        .and_then(|root| root.child_text("ETag").map(str::to_owned))
        .ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                "UnknownError",
                "the store answered a copied part without an ETag",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(key: &str) -> Location {
        Location {
            bucket: "b".into(),
            key: key.into(),
        }
    }

    #[test]
    fn the_source_is_named_and_held() {
        let (target, options) = (location("t"), PutOptions::default());
        let source = CopySource::new(&location("a b/ü"), None, "\"e\"");
        let copy = request(&target, &source, &options).unwrap();
        let header = |name| {
            let mut headers = copy.headers.iter();
            headers
                .find(|(given, _)| *given == name)
                .map(|(_, value)| &**value)
        };
        assert_eq!(header("x-amz-copy-source"), Some("/b/a%20b/%C3%BC"));
        assert_eq!(header("x-amz-copy-source-if-match"), Some("\"e\""));
        let old = CopySource::new(&location("k"), Some("a+b"), "");
        let copy_of_old = request(&target, &old, &options).unwrap();
        let named = &copy_of_old
            .headers
            .iter()
            .any(|(_, value)| value == "/b/k?versionId=a%2Bb");
        assert!(named);
        let unknown = CopySource::new(&location("k"), None, "");
        let copy = request(&target, &unknown, &options).unwrap();
        assert!(
            copy.headers
                .iter()
                .all(|(name, _)| !name.ends_with("if-match"))
        );
        let hostile = CopySource::new(&location("k"), None, "\"e\"\r\nx: y");
        assert!(request(&target, &hostile, &options).is_err());
    }

    #[test]
    fn parts_name_their_bytes() {
        let (target, source) = (location("t"), CopySource::new(&location("k"), None, ""));
        let part = part(&target, "id", 3, &source, (10, 20), false).unwrap();
        assert_eq!(part.headers[0].1, "bytes=10-19");
        assert_eq!(part.query[0], ("partNumber", "3".into()));
        let answer = b"<CopyPartResult><ETag>&quot;e&quot;</ETag></CopyPartResult>";
        assert_eq!(part_etag(answer).unwrap(), "\"e\"");
        assert!(part_etag(b"").is_err());
    }
}
