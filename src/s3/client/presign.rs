//! URLs that carry a signature.

use super::S3Client;
use crate::error::{Error, ErrorKind, Result};
use crate::s3::op::Target;
use crate::s3::op::presign::PresignOptions;
use crate::s3::sign::{self, Timestamp, UNSIGNED_PAYLOAD};
use crate::s3::transport::unix_now;
use crate::s3::url::encoded_bytes;

/// Longest session token in a URL, percent-encoded, in bytes.
const MAX_SESSION_TOKEN: usize = 2048;

impl S3Client {
    /// A URL by which anyone can do one thing with an object for a while.
    pub fn presign(&self, path: &str, options: &PresignOptions) -> Result<String> {
        self.presign_at(path, options, unix_now())
    }

    /// Like [`presign`](Self::presign), at a time in seconds since 1970.
    pub fn presign_at(&self, path: &str, options: &PresignOptions, time: u64) -> Result<String> {
        let location = self.locate(path)?;
        let (place, path) = self.transport.address(Target::Object(&location))?;
        let endpoint = &place.endpoint;
        let mut parameters = options.parameters()?;
        if let Some(version) = self.version() {
            parameters.push(("versionId", version));
        }
        if let Some(token) = self.transport.session_token() {
            if encoded_bytes(token).count() > MAX_SESSION_TOKEN {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "ERR_S3_INVALID_SESSION_TOKEN",
                    "Invalid session token",
                ));
            }
            parameters.push(("X-Amz-Security-Token", token));
        }
        let request = sign::Request {
            method: options.method.as_str(),
            path: &path,
            query: "",
            headers: &[("host", &endpoint.authority)],
            payload: UNSIGNED_PAYLOAD,
        };
        let query = place.signer.presigned_query(
            &request,
            &parameters,
            options.expires_in,
            Timestamp::from_unix(time),
        );
        let scheme = if endpoint.https { "https" } else { "http" };
        let mut url = String::with_capacity(512);
        for part in [scheme, "://", &endpoint.authority, &path, "?", &query] {
            url.push_str(part);
        }
        Ok(url)
    }
}
