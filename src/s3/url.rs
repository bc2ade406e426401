//! From a path to host and request target. Pure; no URL type touches a key.

use super::S3Credentials;
use crate::error::{Error, ErrorKind, Result};

/// Where requests of one client go.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Host and, unless it is the default, port.
    pub host: String,
    /// Path prefix without a trailing slash.
    pub prefix: String,
    /// Region to sign for.
    pub region: String,
    virtual_hosted: bool,
    given: bool,
}

/// A host and an encoded path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The `Host` header.
    pub host: String,
    /// The percent-encoded path, which is also the canonical one.
    pub path: String,
    /// The bucket's name.
    pub bucket: String,
}

impl Endpoint {
    /// Fails with `ERR_S3_INVALID_ENDPOINT` on an endpoint or region that cannot be a host.
    pub fn new(credentials: &S3Credentials, virtual_hosted: bool) -> Result<Self> {
        let text = credentials.endpoint.as_deref().unwrap_or_default();
        if text.is_empty() {
            let region = if credentials.region.is_empty() {
                "us-east-1"
            } else {
                &credentials.region
            };
            if !region
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            {
                return Err(invalid_endpoint());
            }
            return Ok(Self {
                scheme: "https",
                host: format!("s3.{region}.amazonaws.com"),
                prefix: String::new(),
                region: region.to_owned(),
                virtual_hosted,
                given: false,
            });
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
            Some((_, rest)) => ("https", rest),
            None => ("https", text),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority
            .rsplit('@')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let port = if scheme == "http" { ":80" } else { ":443" };
        let host = host.strip_suffix(port).unwrap_or(&host).to_owned();
        if host.is_empty() || text.len() >= 2048 || !rest.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(invalid_endpoint());
        }
        let region = if credentials.region.is_empty() {
            infer_region(&host)
        } else {
            credentials.region.clone()
        };
        Ok(Self {
            scheme,
            host,
            prefix: prefix.trim_end_matches('/').to_owned(),
            region,
            virtual_hosted,
            given: true,
        })
    }

    /// The place of an object; `ERR_S3_INVALID_PATH` without bucket or key.
    pub fn object(&self, bucket: &str, path: &str) -> Result<Location> {
        let path = match path.get(..5) {
            Some(scheme) if scheme.eq_ignore_ascii_case("s3://") => &path[5..],
            _ => path,
        };
        let slashes = ['/', '\\'];
        let path = path.trim_matches(slashes);
        let bucket = bucket.trim_matches(slashes);
        let (bucket, key) = if bucket.is_empty() && !(self.virtual_hosted && self.given) {
            path.split_once(slashes).ok_or_else(invalid_path)?
        } else {
            (bucket, path)
        };
        let key = key.trim_matches(slashes);
        if key.is_empty() {
            return Err(invalid_path());
        }
        let mut location = self.bucket(bucket)?;
        let start = location.path.len();
        encode_into(&mut location.path, &key.replace('\\', "/"), true);
        if location.path.len() - start > 3 * 1024 {
            return Err(invalid_path());
        }
        Ok(location)
    }

    /// The place of a bucket; its path ends in `/`.
    pub fn bucket(&self, bucket: &str) -> Result<Location> {
        let bucket = bucket.trim_matches(['/', '\\']);
        let mut path = self.prefix.clone();
        path.push('/');
        let mut host = self.host.clone();
        if self.virtual_hosted {
            if !self.given {
                if bucket.is_empty() || bucket.contains(['/', '\\']) {
                    return Err(invalid_endpoint());
                }
                host = format!("{bucket}.{host}");
            }
        } else {
            if bucket.is_empty() || bucket.len() > 63 {
                return Err(invalid_path());
            }
            encode_into(&mut path, bucket, true);
            path.push('/');
        }
        Ok(Location {
            host,
            path,
            bucket: bucket.to_owned(),
        })
    }
}

/// Appends `text` percent-encoded; `/` stays when `keep_slash`.
pub fn encode_into(out: &mut String, text: &str, keep_slash: bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.reserve(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || (byte == b'/' && keep_slash) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

fn infer_region(host: &str) -> String {
    let name = host.split(':').next().unwrap_or_default();
    let aws = name
        .strip_suffix(".amazonaws.com")
        .or_else(|| name.strip_suffix(".amazonaws.com.cn"));
    let Some(aws) = aws else {
        return "auto".to_owned();
    };
    match aws.rsplit_once("s3.") {
        Some((_, region)) => region.trim_start_matches("dualstack.").to_owned(),
        None if aws == "s3" || aws.rsplit('.').next() == Some("s3") => "us-east-1".to_owned(),
        None => aws
            .rsplit_once("s3-")
            .map_or("auto", |(_, region)| region)
            .to_owned(),
    }
}

fn invalid_endpoint() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_S3_INVALID_ENDPOINT",
        "Invalid S3 endpoint",
    )
}

fn invalid_path() -> Error {
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
    fn keys_keep_dots_and_slashes_and_are_encoded_once() {
        let endpoint = Endpoint::new(&S3Credentials::default(), false).unwrap();
        let location = endpoint.object("", "s3://b/../a//b +ü%").unwrap();
        assert_eq!(location.path, "/b/../a//b%20%2B%C3%BC%25");
        assert_eq!(
            endpoint.object("", "b").unwrap_err().code(),
            "ERR_S3_INVALID_PATH"
        );
    }

    #[test]
    fn regions_come_from_the_host() {
        assert_eq!(infer_region("s3.amazonaws.com"), "us-east-1");
        assert_eq!(infer_region("b.s3.eu-west-1.amazonaws.com"), "eu-west-1");
        assert_eq!(infer_region("x.r2.cloudflarestorage.com"), "auto");
    }
}
