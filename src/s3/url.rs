//! Where requests go: endpoints, buckets, keys and their encoding ([`encode_path`]). Pure.
//!
//! Targets are put together by hand. A URL type would collapse `.` and `..` and decode what must
//! stay as it is: S3 keys may hold anything.

mod encoding;

use std::borrow::Cow;

pub use encoding::{compare_encoded, encode_path, encode_query, encoded_bytes};
use encoding::{encode_prefix, encoded_length};

use crate::error::{Error, ErrorKind, Result};

const MAX_ENDPOINT: usize = 2047;
const MAX_KEY: usize = 1024;
const MAX_BUCKET: usize = 63;

/// A parsed endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whether requests are encrypted.
    pub https: bool,
    /// Host, with the port if it is not the scheme's own.
    pub authority: String,
    /// Path in front of every target, encoded, without its trailing slash.
    pub prefix: String,
}

impl Endpoint {
    /// Parses an endpoint; without a scheme it is HTTPS. User information, query and fragment are
    /// dropped, a path is kept.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_ENDPOINT || text.trim() != text || text.is_empty() {
            return Err(invalid_endpoint());
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
        let https = !scheme.eq_ignore_ascii_case("http");
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let standard_port = if https { ":443" } else { ":80" };
        let authority = authority
            .strip_suffix(standard_port)
            .unwrap_or(authority)
            .to_ascii_lowercase();
        let valid = !authority.is_empty()
            && authority
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]~".contains(&byte));
        if !valid {
            return Err(invalid_endpoint());
        }
        let mut prefix = String::new();
        encode_prefix(&mut prefix, path.strip_suffix('/').unwrap_or(path));
        Ok(Self {
            https,
            authority,
            prefix,
        })
    }

    /// The endpoint of AWS for a region, or of a bucket there.
    pub fn aws(region: &str, bucket: Option<&str>) -> Result<Self> {
        let fits = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if !fits(region) || !bucket.is_none_or(fits) {
            return Err(invalid_endpoint());
        }
        let authority = match bucket {
            Some(bucket) => format!("{bucket}.s3.{region}.amazonaws.com"),
            None => format!("s3.{region}.amazonaws.com"),
        };
        Ok(Self {
            https: true,
            authority,
            prefix: String::new(),
        })
    }
}

/// The region of an endpoint when none is given: AWS hosts name theirs, others take `auto`.
#[must_use]
pub fn infer_region(endpoint: Option<&str>) -> String {
    let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.is_empty()) else {
        return "us-east-1".into();
    };
    let host = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    region_of_host(&host.to_ascii_lowercase()).to_owned()
}

fn region_of_host(host: &str) -> &str {
    let Some(end) = host.find(".amazonaws.com") else {
        return "auto";
    };
    let labels = &host[..end];
    // `s3.region`, `bucket.s3.region`, `s3.dualstack.region`, `s3-fips.region`.
    let Some(service) = labels
        .split('.')
        .position(|label| label == "s3" || label == "s3-fips")
    else {
        return "auto";
    };
    labels
        .split('.')
        .skip(service + 1)
        .find(|label| *label != "dualstack")
        .unwrap_or("us-east-1")
}

/// A bucket and a key in it, neither encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// May hold slashes when it was configured so; empty where the host stands for the bucket.
    pub bucket: String,
    /// Not empty, without a leading slash.
    pub key: String,
}

impl Location {
    /// Resolves a path as Bun does: `s3://` and outer slashes are dropped; with a configured
    /// bucket the whole path is the key, else its first segment is the bucket. Backslashes are
    /// slashes.
    pub fn resolve(path: &str, bucket: &str) -> Result<Self> {
        let path = with_slashes(strip_scheme(path));
        let path = path.trim_matches('/');
        let bucket = with_slashes(bucket.trim_matches(['/', '\\']));
        let (bucket, key) = if bucket.is_empty() {
            let (bucket, key) = path.split_once('/').ok_or_else(invalid_path)?;
            (bucket, key.trim_matches('/'))
        } else {
            (&*bucket, path)
        };
        if bucket.is_empty() {
            return Err(invalid_path());
        }
        Self::checked(bucket, key)
    }

    /// An object of the bucket that the host stands for: the whole path is the key.
    pub fn in_host(path: &str) -> Result<Self> {
        let path = with_slashes(strip_scheme(path));
        Self::checked("", path.trim_matches('/'))
    }

    fn checked(bucket: &str, key: &str) -> Result<Self> {
        if key.is_empty() {
            return Err(invalid_path());
        }
        // As stores count: the bytes of a key, not those of its encoded form.
        if key.len() > MAX_KEY || encoded_length(bucket) > MAX_BUCKET {
            return Err(invalid_path());
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}

fn with_slashes(path: &str) -> Cow<'_, str> {
    if path.contains('\\') {
        path.replace('\\', "/").into()
    } else {
        path.into()
    }
}

/// A path without `s3://`, in any letter case.
#[must_use]
pub fn strip_scheme(path: &str) -> &str {
    match path.get(..5) {
        Some(scheme) if scheme.eq_ignore_ascii_case("s3://") => &path[5..],
        _ => path,
    }
}

/// The error of an endpoint that cannot be used.
#[must_use]
pub fn invalid_endpoint() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_S3_INVALID_ENDPOINT",
        "Invalid S3 endpoint",
    )
}

/// The error of a path that names no object.
#[must_use]
pub fn invalid_path() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_S3_INVALID_PATH",
        "Invalid S3 bucket, key combination",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints() {
        let parse = |text: &str| {
            let endpoint = Endpoint::parse(text).unwrap();
            (endpoint.https, endpoint.authority, endpoint.prefix)
        };
        assert_eq!(
            parse("example.com"),
            (true, "example.com".into(), String::new())
        );
        assert_eq!(
            parse("HTTP://Host:80/"),
            (false, "host".into(), String::new())
        );
        assert_eq!(
            parse("https://u:p@h:9000/storage/v1/s3/?x#y"),
            (true, "h:9000".into(), "/storage/v1/s3".into())
        );
        assert_eq!(parse("http://[::1]:9000").1, "[::1]:9000");
        assert_eq!(parse("h/a%20b c%/%zé").2, "/a%20b%20c%25/%25z%C3%A9");
        for text in ["", " h", "http://", "https://a b", &"h".repeat(2048)] {
            assert_eq!(
                Endpoint::parse(text).unwrap_err().code(),
                "ERR_S3_INVALID_ENDPOINT"
            );
        }
    }

    #[test]
    fn regions() {
        for (endpoint, region) in [
            (None, "us-east-1"),
            (Some("https://s3.eu-west-1.amazonaws.com"), "eu-west-1"),
            (
                Some("https://b.s3.cn-north-1.amazonaws.com.cn"),
                "cn-north-1",
            ),
            (Some("s3.amazonaws.com"), "us-east-1"),
            (Some("HTTPS://S3.EU-West-1.AmazonAWS.com"), "eu-west-1"),
            (
                Some("https://s3.dualstack.eu-west-1.amazonaws.com/x"),
                "eu-west-1",
            ),
            (
                Some("https://s3-fips.us-gov-west-1.amazonaws.com"),
                "us-gov-west-1",
            ),
            (Some("https://id.r2.cloudflarestorage.com"), "auto"),
            (Some("http://localhost:9000"), "auto"),
        ] {
            assert_eq!(infer_region(endpoint), region, "{endpoint:?}");
        }
        assert!(Endpoint::aws("eu west", None).is_err());
        assert!(Endpoint::aws("eu-west-1", Some("a/b")).is_err());
    }

    #[test]
    fn locations() {
        let resolve = |path: &str, bucket: &str| {
            let location = Location::resolve(path, bucket).unwrap();
            (location.bucket, location.key)
        };
        assert_eq!(resolve("s3://b/k", ""), ("b".into(), "k".into()));
        assert_eq!(resolve("S3:///b//k/", ""), ("b".into(), "k".into()));
        assert_eq!(
            resolve("/a//b\\c/", "/bucket/"),
            ("bucket".into(), "a//b/c".into())
        );
        assert_eq!(resolve("s3://other/k", "b"), ("b".into(), "other/k".into()));
        assert_eq!(resolve("../x", "b"), ("b".into(), "../x".into()));
        assert_eq!(resolve("k", "\\a\\b/"), ("a/b".into(), "k".into()));
        assert_eq!(Location::in_host("s3://a/b/").unwrap().key, "a/b");
        assert!(Location::in_host("/").is_err());
        for (path, bucket) in [
            ("", "b"),
            ("/", "b"),
            ("only", ""),
            ("s3://", ""),
            (&*"ü".repeat(513), "b"),
        ] {
            assert_eq!(
                Location::resolve(path, bucket).unwrap_err().code(),
                "ERR_S3_INVALID_PATH"
            );
        }
    }
}
