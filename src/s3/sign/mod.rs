//! AWS Signature Version 4. Pure: the time is an argument.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html>

use std::fmt::Write as _;
use std::sync::Mutex;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The body hash of requests whose body is not hashed.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Signs for one key, region and service; keeps the derived key of the last day.
pub struct Signer {
    access_key_id: String,
    secret: String,
    region: String,
    service: &'static str,
    cached: Mutex<Option<(u64, [u8; 32])>>,
}

impl Signer {
    /// A signer for the service `s3`.
    #[must_use]
    pub fn new(access_key_id: &str, secret: &str, region: &str) -> Self {
        Self {
            access_key_id: access_key_id.to_owned(),
            secret: secret.to_owned(),
            region: region.to_owned(),
            service: "s3",
            cached: Mutex::new(None),
        }
    }

    /// The `Authorization` header. `headers` are sorted, in lower case, and include `host`.
    #[must_use]
    pub fn authorization(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
        payload_hash: &str,
        unix: u64,
    ) -> String {
        let names = headers
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
            .join(";");
        let signature = self.signature(method, path, query, headers, &names, payload_hash, unix);
        let (scope, id) = (self.scope(unix), &self.access_key_id);
        format!(
            "AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
    }

    /// `<access key>/<date>/<region>/s3/aws4_request`, not yet encoded.
    #[must_use]
    pub fn credential(&self, unix: u64) -> String {
        format!("{}/{}", self.access_key_id, self.scope(unix))
    }

    /// The bare signature in hex.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of a canonical request"
    )]
    #[must_use]
    pub fn signature(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
        names: &str,
        payload_hash: &str,
        unix: u64,
    ) -> String {
        let mut text = String::with_capacity(512);
        for part in [method, path, query] {
            text.push_str(part);
            text.push('\n');
        }
        for (name, value) in headers {
            text.push_str(name);
            text.push(':');
            for (index, word) in value.split_ascii_whitespace().enumerate() {
                if index > 0 {
                    text.push(' ');
                }
                text.push_str(word);
            }
            text.push('\n');
        }
        text.push('\n');
        text.push_str(names);
        text.push('\n');
        text.push_str(payload_hash);
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        text.clear();
        text.push_str("AWS4-HMAC-SHA256\n");
        text.push_str(&amz_date(unix));
        text.push('\n');
        text.push_str(&self.scope(unix));
        text.push('\n');
        push_hex(&mut text, &digest);
        let signature = hmac(&self.key(unix), text.as_bytes());
        text.clear();
        push_hex(&mut text, &signature);
        text
    }

    fn scope(&self, unix: u64) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            &amz_date(unix)[..8],
            self.region,
            self.service
        )
    }

    fn key(&self, unix: u64) -> [u8; 32] {
        let day = unix / 86_400;
        let mut cached = self
            .cached
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((cached_day, key)) = *cached
            && cached_day == day
        {
            return key;
        }
        let mut key = hmac(
            format!("AWS4{}", self.secret).as_bytes(),
            &amz_date(unix).as_bytes()[..8],
        );
        for part in [&*self.region, self.service, "aws4_request"] {
            key = hmac(&key, part.as_bytes());
        }
        *cached = Some((day, key));
        key
    }
}

/// `20130524T000000Z` for a time in seconds since 1970.
#[must_use]
pub fn amz_date(unix: u64) -> String {
    let (days, seconds) = (unix / 86_400 + 719_468, unix % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let mut out = String::with_capacity(16);
    let _ = write!(
        out,
        "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z"
    );
    out
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

fn push_hex(out: &mut String, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_the_documented_presigned_get_and_list() {
        let signer = Signer::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "us-east-1",
        );
        let unix = 1_369_353_600;
        assert_eq!(amz_date(unix), "20130524T000000Z");
        let host = ("host", "examplebucket.s3.amazonaws.com");
        let query = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host";
        assert_eq!(
            signer.signature(
                "GET",
                "/test.txt",
                query,
                &[host],
                "host",
                UNSIGNED_PAYLOAD,
                unix
            ),
            "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        );
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let headers = [
            host,
            ("x-amz-content-sha256", empty),
            ("x-amz-date", "20130524T000000Z"),
        ];
        assert!(
            signer
                .authorization("GET", "/", "max-keys=2&prefix=J", &headers, empty, unix)
                .ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")
        );
    }
}
