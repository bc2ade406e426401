//! From an operation's request to the head that is sent: addressed and signed.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;

use super::op::{Request, Target, header_value};
use super::place::Place;
use super::sign::{self, Timestamp, UNSIGNED_PAYLOAD};
use super::transport::Transport;
use super::url::encode_path;
use crate::error::{Error, ErrorKind, Result};
use crate::net::http::RequestHead;

const CONTENT_SHA256: &str = "x-amz-content-sha256";
const USER_AGENT: &str = concat!("s3-valkey/", env!("CARGO_PKG_VERSION"));

impl Transport {
    /// The place of a request and its encoded path.
    pub(super) fn address(&self, target: Target<'_>) -> Result<(Arc<Place>, String)> {
        let place = self.places.of(target.bucket())?;
        let path = self.path(&place, target);
        Ok((place, path))
    }

    fn path(&self, place: &Place, target: Target<'_>) -> String {
        let mut path = String::with_capacity(128);
        path.push_str(&place.endpoint.prefix);
        if !self.config.options.virtual_hosted_style {
            path.push('/');
            encode_path(&mut path, target.bucket());
        }
        path.push('/');
        if let Target::Object(location) = target {
            encode_path(&mut path, &location.key);
        }
        path
    }

    pub(super) fn check_credentials(&self) -> Result<()> {
        let credentials = &self.config.credentials;
        if credentials.access_key_id.is_empty() || credentials.secret_access_key.is_empty() {
            return Err(Error::new(
                ErrorKind::Credentials,
                "ERR_S3_MISSING_CREDENTIALS",
                "Missing S3 credentials. 'accessKeyId', 'secretAccessKey', 'bucket', and 'endpoint' are required",
            ));
        }
        Ok(())
    }

    pub(super) fn session_token(&self) -> Option<&str> {
        let token = self.config.credentials.session_token.as_deref();
        token.filter(|token| !token.is_empty())
    }

    /// The head of a request, signed for a time.
    pub(super) fn signed(
        &self,
        place: &Place,
        request: &Request<'_>,
        time: Timestamp,
    ) -> Result<RequestHead> {
        let mut target = self.path(place, request.target);
        let path_length = target.len();
        if !request.query.is_empty() {
            let mut parameters: Vec<(&str, &str)> = request
                .query
                .iter()
                .map(|(name, value)| (*name, &**value))
                .collect();
            sign::sort_parameters(&mut parameters);
            target.push('?');
            target.push_str(&sign::encoded_query(&parameters));
        }
        let (path, query) = target.split_at(path_length);

        let mut headers: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(8);
        headers.push(("host", place.endpoint.authority.as_str().into()));
        headers.push((CONTENT_SHA256, UNSIGNED_PAYLOAD.into()));
        headers.push(("x-amz-date", time.as_str().into()));
        for (name, value) in &request.headers {
            header_value(value)?;
            headers.push((name, sign::trim_all(value)));
        }
        if let Some(metadata) = request.metadata {
            let own = metadata.headers().iter();
            headers.extend(own.map(|(name, value)| (&**name, Cow::from(&**value))));
        }
        if let Some(token) = self.session_token() {
            headers.push(("x-amz-security-token", header_value(token)?));
        }
        headers.sort_unstable_by_key(|(name, _)| *name);
        let signed: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let authorization = place.signer.authorization(
            &sign::Request {
                method: request.method,
                path,
                query: query.strip_prefix('?').unwrap_or_default(),
                headers: &signed,
                payload: UNSIGNED_PAYLOAD,
            },
            time,
        );

        let mut head = RequestHead::new(request.method, &place.route, &target)?;
        for (name, value) in signed {
            match name {
                CONTENT_SHA256 => head.constant(CONTENT_SHA256, UNSIGNED_PAYLOAD),
                _ => head.header(name, value)?,
            }
        }
        head.header("authorization", &authorization)?;
        head.constant("user-agent", USER_AGENT);
        // Stores want a length even where there is no body.
        if matches!(request.method, "PUT" | "POST" | "DELETE") {
            let length: usize = request.body.iter().map(Bytes::len).sum();
            head.header("content-length", &length.to_string())?;
        }
        Ok(head)
    }
}
