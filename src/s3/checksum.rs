//! Checksums of what is stored: sent with uploads, compared after downloads. Pure.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use std::str::FromStr;

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, checksum_combine};
use sha2::Digest as _;

use super::acl::header_values;
use crate::error::{Error, ErrorKind, Result};
use crate::net::base64;
use crate::net::http::Headers;

header_values! {
    /// How bytes are summed up.
    ChecksumAlgorithm {
        /// 32 bits; every store that knows checksums has it.
        Crc32 = "CRC32",
        /// 32 bits, with another polynomial.
        Crc32c = "CRC32C",
        /// 64 bits; what AWS recommends.
        Crc64Nvme = "CRC64NVME",
        /// 160 bits. An object in parts has the sum of its parts' sums.
        Sha1 = "SHA1",
        /// 256 bits. An object in parts has the sum of its parts' sums.
        Sha256 = "SHA256",
        /// The header `Content-MD5`, which the oldest stores compare too, and which is not kept.
        Md5 = "MD5",
    }
}

impl ChecksumAlgorithm {
    /// The header that carries a sum.
    #[must_use]
    pub fn header(self) -> &'static str {
        match self {
            Self::Crc32 => "x-amz-checksum-crc32",
            Self::Crc32c => "x-amz-checksum-crc32c",
            Self::Crc64Nvme => "x-amz-checksum-crc64nvme",
            Self::Sha1 => "x-amz-checksum-sha1",
            Self::Sha256 => "x-amz-checksum-sha256",
            Self::Md5 => "content-md5",
        }
    }

    /// The element of a part's sum in the list that completes an upload.
    #[must_use]
    pub fn element(self) -> &'static str {
        match self {
            Self::Crc32 => "ChecksumCRC32",
            Self::Crc32c => "ChecksumCRC32C",
            Self::Crc64Nvme => "ChecksumCRC64NVME",
            Self::Sha1 => "ChecksumSHA1",
            Self::Sha256 => "ChecksumSHA256",
            Self::Md5 => "ContentMD5",
        }
    }

    /// Whether the store keeps the sum, so that a download can be compared with it.
    #[must_use]
    pub fn is_kept(self) -> bool {
        self != Self::Md5
    }

    /// Whether the sum of a whole follows from those of its parts.
    #[must_use]
    pub fn combines(self) -> bool {
        self.crc().is_some()
    }

    fn crc(self) -> Option<CrcAlgorithm> {
        match self {
            Self::Crc32 => Some(CrcAlgorithm::Crc32IsoHdlc),
            Self::Crc32c => Some(CrcAlgorithm::Crc32Iscsi),
            Self::Crc64Nvme => Some(CrcAlgorithm::Crc64Nvme),
            Self::Sha1 | Self::Sha256 | Self::Md5 => None,
        }
    }

    /// The sum of bytes that lie in pieces.
    #[must_use]
    pub fn of(self, pieces: &[Bytes]) -> Checksum {
        let mut summing = Summing::new(self);
        for piece in pieces {
            summing.update(piece);
        }
        summing.finish()
    }

    fn text(self, crc: u64) -> String {
        let bytes = crc.to_be_bytes();
        base64::encode(if self == Self::Crc64Nvme {
            &bytes
        } else {
            &bytes[4..]
        })
    }
}

/// A sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// As it is sent.
    pub text: String,
    /// Of those that combine.
    crc: u64,
    /// Bytes that were summed up.
    length: u64,
}

/// The sum of a whole; `None` for algorithms whose sums do not combine.
#[must_use]
pub fn combined<'a>(
    algorithm: ChecksumAlgorithm,
    parts: impl Iterator<Item = &'a Checksum>,
) -> Option<String> {
    let crc = algorithm.crc()?;
    let whole =
        parts
            .map(|part| (part.crc, part.length))
            .reduce(|(sum, length), (next, more)| {
                (checksum_combine(crc, sum, next, more), length + more)
            })?;
    Some(algorithm.text(whole.0))
}

/// A sum to which bytes are added.
struct Summing {
    algorithm: ChecksumAlgorithm,
    state: State,
    length: u64,
}

enum State {
    Crc(Box<crc_fast::Digest>),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Md5(md5::Md5),
}

impl Summing {
    fn new(algorithm: ChecksumAlgorithm) -> Self {
        let state = match (algorithm.crc(), algorithm) {
            (Some(crc), _) => State::Crc(Box::new(crc_fast::Digest::new(crc))),
            (None, ChecksumAlgorithm::Sha1) => State::Sha1(sha1::Sha1::new()),
            (None, ChecksumAlgorithm::Md5) => State::Md5(md5::Md5::new()),
            (None, _) => State::Sha256(sha2::Sha256::new()),
        };
        Self {
            algorithm,
            state,
            length: 0,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        match &mut self.state {
            State::Crc(crc) => crc.update(bytes),
            State::Sha1(hash) => hash.update(bytes),
            State::Sha256(hash) => hash.update(bytes),
            State::Md5(hash) => hash.update(bytes),
        }
    }

    fn finish(self) -> Checksum {
        let mut value = 0;
        let text = match self.state {
            State::Crc(crc) => {
                value = crc.finalize();
                self.algorithm.text(value)
            }
            State::Sha1(hash) => base64::encode(&hash.finalize()),
            State::Sha256(hash) => base64::encode(&hash.finalize()),
            State::Md5(hash) => base64::encode(&hash.finalize()),
        };
        Checksum {
            text,
            crc: value,
            length: self.length,
        }
    }
}

/// Compares a whole object with the sum that the store keeps of it.
pub(super) struct Verifier {
    summing: Summing,
    expected: String,
}

impl Verifier {
    /// `None` when the headers of an answer tell no sum of the whole body.
    pub(super) fn new(headers: &Headers) -> Option<Self> {
        ChecksumAlgorithm::ALL
            .iter()
            .filter(|algorithm| algorithm.is_kept())
            .find_map(|algorithm| {
                let expected = headers.get(algorithm.header())?;
                // One with a number behind it is the sum of so many parts' sums.
                (!expected.contains('-')).then(|| Self {
                    summing: Summing::new(*algorithm),
                    expected: expected.to_owned(),
                })
            })
    }

    /// Adds the bytes that come next.
    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.summing.update(bytes);
    }

    /// At the end of the body: fails with `ERR_S3_CHECKSUM_MISMATCH` if they are other bytes than
    /// were stored.
    pub(super) fn finish(self) -> Result<()> {
        let name = self.summing.algorithm.as_str();
        if self.summing.finish().text == self.expected {
            return Ok(());
        }
        let message = format!("the object arrived with other bytes than its {name} checksum is of");
        Err(Error::new(
            ErrorKind::Protocol,
            "ERR_S3_CHECKSUM_MISMATCH",
            message,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUMS: [(ChecksumAlgorithm, &str); 6] = [
        (ChecksumAlgorithm::Crc32, "y/Q5Jg=="),
        (ChecksumAlgorithm::Crc32c, "4waSgw=="),
        (ChecksumAlgorithm::Crc64Nvme, "rosUhgp5mIg="),
        (ChecksumAlgorithm::Sha1, "98O8HYCOBHMq32eZZczDTKeuNEE="),
        (
            ChecksumAlgorithm::Sha256,
            "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
        ),
        (ChecksumAlgorithm::Md5, "JfnnlDI7RTiF9RgfG2JNCw=="),
    ];

    #[test]
    fn published_sums() {
        let pieces = [Bytes::from_static(b"1234"), Bytes::from_static(b"56789")];
        for (algorithm, expected) in SUMS {
            assert_eq!(algorithm.of(&pieces).text, expected, "{algorithm:?}");
            assert_eq!(
                algorithm.as_str().parse::<ChecksumAlgorithm>().unwrap(),
                algorithm
            );
        }
        assert_eq!(ChecksumAlgorithm::Crc32.of(&[]).text, "AAAAAA==");
    }

    #[test]
    fn the_sum_of_a_whole_follows_from_its_parts() {
        let parts = [&b"12"[..], b"345", b"6789"];
        for (algorithm, expected) in SUMS {
            let parts = parts.map(|part| algorithm.of(&[Bytes::from_static(part)]));
            let whole = combined(algorithm, parts.iter());
            let expected = algorithm.combines().then(|| expected.to_owned());
            assert_eq!(whole, expected, "{algorithm:?}");
        }
        assert_eq!(combined(ChecksumAlgorithm::Crc32, [].iter()), None);
    }

    #[test]
    fn downloads_are_compared() {
        let verify = |headers: &[(&str, &str)], bytes: &[u8]| {
            let mut verifier = Verifier::new(&headers.iter().copied().collect())?;
            verifier.update(bytes);
            Some(verifier.finish().map_err(|error| error.code().to_owned()))
        };
        let refused = Some(Err("ERR_S3_CHECKSUM_MISMATCH".to_owned()));
        for (algorithm, sum) in SUMS
            .into_iter()
            .filter(|(algorithm, _)| algorithm.is_kept())
        {
            let headers = [(algorithm.header(), sum)];
            assert_eq!(verify(&headers, b"123456789"), Some(Ok(())));
            assert_eq!(verify(&headers, b"123456780"), refused);
            assert_eq!(verify(&headers, b"12345678"), refused);
        }
        assert_eq!(verify(&[("x-amz-checksum-crc32", "y/Q5Jg==-2")], b""), None);
        assert_eq!(
            verify(&[("content-md5", "JfnnlDI7RTiF9RgfG2JNCw==")], b""),
            None
        );
        assert_eq!(verify(&[], b""), None);
    }
}
