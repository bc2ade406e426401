//! AWS Signature Version 4. Pure: the time is an argument.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html>

mod time;
#[cfg(test)]
mod vectors;

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

pub use time::Timestamp;

use super::url::{compare_encoded, encode_query};

/// Says that the body is not part of the signature; TLS protects it.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Signs with one set of credentials in one region.
pub struct Signer {
    access_key_id: String,
    secret_access_key: String,
    region: String,
    service: &'static str,
    /// What begins with the derived key, and its day; deriving it costs four times as much as
    /// using it.
    key: Mutex<Option<(String, Hmac<Sha256>)>>,
}

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Path, encoded once.
    pub path: &'a str,
    /// Query, encoded, its parameters in byte order, each with a `=`.
    pub query: &'a str,
    /// Names in lower case and in byte order, values without outer or doubled blanks.
    pub headers: &'a [(&'a str, &'a str)],
    /// SHA-256 of the body in hexadecimal, or [`UNSIGNED_PAYLOAD`].
    pub payload: &'a str,
}

impl Signer {
    /// A signer for S3.
    #[must_use]
    pub fn new(access_key_id: String, secret_access_key: String, region: String) -> Self {
        Self {
            access_key_id,
            secret_access_key,
            region,
            service: "s3",
            key: Mutex::new(None),
        }
    }

    /// The region that is signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The value of the Authorization header.
    #[must_use]
    pub fn authorization(&self, request: &Request<'_>, time: Timestamp) -> String {
        let mut names = String::with_capacity(96);
        signed_headers(&mut names, request.headers);
        let signature = self.signature(request, time);
        let mut header = String::with_capacity(256);
        header.push_str(ALGORITHM);
        header.push_str(" Credential=");
        header.push_str(&self.access_key_id);
        self.scope(&mut header, "/", time);
        header.push_str(", SignedHeaders=");
        header.push_str(&names);
        header.push_str(", Signature=");
        header.push_str(&signature);
        header
    }

    /// The query of a presigned URL: the caller's parameters and those of the signature, in byte
    /// order. Parameters are names and values that are not encoded yet.
    #[must_use]
    pub fn presigned_query(
        &self,
        request: &Request<'_>,
        parameters: &[(&str, &str)],
        expires_in: u32,
        time: Timestamp,
    ) -> String {
        let mut credential = String::with_capacity(96);
        credential.push_str(&self.access_key_id);
        self.scope(&mut credential, "/", time);
        let mut names = String::new();
        signed_headers(&mut names, request.headers);
        let expires = expires_in.to_string();
        let own = [
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &*credential),
            ("X-Amz-Date", time.as_str()),
            ("X-Amz-Expires", &expires),
            ("X-Amz-SignedHeaders", &names),
        ];
        let mut all = Vec::with_capacity(own.len() + parameters.len());
        all.extend_from_slice(&own);
        if !parameters.is_empty() {
            all.extend_from_slice(parameters);
            sort_parameters(&mut all);
        }
        let query = encoded_query(&all);
        let signature = self.signature(
            &Request {
                query: &query,
                ..*request
            },
            time,
        );
        // Bun's order: the signature stands where its name sorts.
        let at = query.find("X-Amz-SignedHeaders=").unwrap_or(query.len());
        let mut signed = String::with_capacity(query.len() + 96);
        for part in [
            &query[..at],
            "X-Amz-Signature=",
            &signature,
            "&",
            &query[at..],
        ] {
            signed.push_str(part);
        }
        signed
    }

    fn signature(&self, request: &Request<'_>, time: Timestamp) -> String {
        let mut text = String::with_capacity(160);
        text.push_str(ALGORITHM);
        text.push('\n');
        text.push_str(time.as_str());
        text.push('\n');
        self.scope(&mut text, "", time);
        text.push('\n');
        push_hex(&mut text, &Sha256::digest(canonical_request(request)));
        let mut keyed = self.keyed(time);
        keyed.update(text.as_bytes());
        let mut signature = String::with_capacity(64);
        push_hex(&mut signature, &keyed.finalize().into_bytes());
        signature
    }

    fn scope(&self, out: &mut String, start: &str, time: Timestamp) {
        for part in [
            start,
            time.day(),
            "/",
            &self.region,
            "/",
            self.service,
            "/aws4_request",
        ] {
            out.push_str(part);
        }
    }

    fn keyed(&self, time: Timestamp) -> Hmac<Sha256> {
        let mut cached = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((day, keyed)) = &*cached
            && day == time.day()
        {
            return keyed.clone();
        }
        let secret = format!("AWS4{}", self.secret_access_key);
        let parts = [time.day(), &self.region, self.service, "aws4_request"];
        let keyed = parts
            .iter()
            .fold(keyed(secret.as_bytes()), |mut mac, part| {
                mac.update(part.as_bytes());
                keyed(&mac.finalize().into_bytes())
            });
        *cached = Some((time.day().to_owned(), keyed.clone()));
        keyed
    }
}

/// Puts parameters in the order in which they are signed: by their encoded names, then values.
pub fn sort_parameters(parameters: &mut [(&str, &str)]) {
    parameters.sort_unstable_by(|left, right| {
        compare_encoded(left.0, right.0).then_with(|| compare_encoded(left.1, right.1))
    });
}

/// Parameters as a query, each with its name and value encoded.
#[must_use]
pub fn encoded_query(parameters: &[(&str, &str)]) -> String {
    let mut query = String::with_capacity(384);
    for (index, (name, value)) in parameters.iter().enumerate() {
        if index > 0 {
            query.push('&');
        }
        encode_query(&mut query, name);
        query.push('=');
        encode_query(&mut query, value);
    }
    query
}

/// A header value as it is signed and sent: no outer blanks, inner ones not doubled.
#[must_use]
pub fn trim_all(value: &str) -> Cow<'_, str> {
    let blank = |byte: u8| byte.is_ascii_whitespace();
    let bytes = value.as_bytes();
    let folded = !bytes.first().is_some_and(|byte| blank(*byte))
        && !bytes.last().is_some_and(|byte| blank(*byte))
        && !bytes
            .windows(2)
            .any(|pair| blank(pair[0]) && blank(pair[1]))
        && !bytes.contains(&b'\t');
    if folded {
        return value.into();
    }
    let mut trimmed = String::with_capacity(value.len());
    for word in value.split_ascii_whitespace() {
        if !trimmed.is_empty() {
            trimmed.push(' ');
        }
        trimmed.push_str(word);
    }
    trimmed.into()
}

fn canonical_request(request: &Request<'_>) -> String {
    let mut text = String::with_capacity(512);
    for part in [
        request.method,
        "\n",
        request.path,
        "\n",
        request.query,
        "\n",
    ] {
        text.push_str(part);
    }
    for (name, value) in request.headers {
        for part in [name, ":", value, "\n"] {
            text.push_str(part);
        }
    }
    text.push('\n');
    signed_headers(&mut text, request.headers);
    text.push('\n');
    text.push_str(request.payload);
    text
}

fn signed_headers(out: &mut String, headers: &[(&str, &str)]) {
    for (index, (name, _)) in headers.iter().enumerate() {
        if index > 0 {
            out.push(';');
        }
        out.push_str(name);
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // HMAC takes a key of any length.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC refused a key")
    };
    mac
}

/// Appends 32 bytes.
fn push_hex(out: &mut String, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(bytes) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_folded() {
        assert_eq!(trim_all("  a   b \t c "), "a b c");
        assert_eq!(trim_all(""), "");
    }

    #[test]
    fn the_key_changes_with_the_day() {
        let signer = Signer::new("id".into(), "secret".into(), "r".into());
        let signature_at = |time| {
            signer
                .keyed(Timestamp::from_unix(time))
                .finalize()
                .into_bytes()
        };
        let today = signature_at(0);
        assert_eq!(signature_at(3600), today);
        assert_ne!(signature_at(86_400), today);
        assert_eq!(signature_at(0), today);
    }
}
