//! The crate's error: a kind to branch on, a code that JavaScript shows, a message for people.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// The result of everything in this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller passed something that cannot be used.
    InvalidInput,
    /// Credentials are missing or were refused.
    Credentials,
    /// The connection could not be made or was lost.
    Connection,
    /// A time limit passed.
    Timeout,
    /// The TLS handshake failed or the certificate was not accepted.
    Tls,
    /// The peer sent bytes that are not the protocol.
    Protocol,
    /// The server understood and answered with an error.
    Server,
    /// Somebody else has changed what the operation depends on.
    Conflict,
    /// The caller or `close()` ended the operation.
    Cancelled,
}

/// What is known about a failed S3 request besides its message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// HTTP status of the response.
    pub status: Option<u16>,
    /// `x-amz-request-id` of the response.
    pub request_id: Option<String>,
    /// The bucket that was addressed.
    pub bucket: Option<String>,
    /// The object key that was addressed.
    pub path: Option<String>,
}

/// An error of this crate.
///
/// `Display` shows this level only; the chain is in [`source`](StdError::source). Neither ever
/// holds a secret or a stored value.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    details: Details,
    source: Option<std::sync::Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error with the `code` that JavaScript users see, such as `ERR_REDIS_CONNECTION_CLOSED`.
    pub fn new(
        kind: ErrorKind,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            code: code.into(),
            message: message.into(),
            details: Details::default(),
            source: None,
        }))
    }

    /// Adds the lower-level error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(std::sync::Arc::new(source));
        self
    }

    /// Replaces what is known about the failed request.
    #[must_use]
    pub fn with_details(mut self, details: Details) -> Self {
        self.0.details = details;
        self
    }

    /// What sort of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable code, for example `NoSuchKey` or `ERR_REDIS_SERVER_ERROR`.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The text for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What is known about the failed request.
    #[must_use]
    pub fn details(&self) -> &Details {
        &self.0.details
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("details", &self.0.details)
            .field("source", &self.0.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_shows_one_level_and_source_the_next() {
        let error = Error::new(ErrorKind::Connection, "ERR_X", "connection lost")
            .with_source(std::io::Error::other("reset"));
        assert_eq!(error.to_string(), "connection lost");
        assert_eq!(error.source().unwrap().to_string(), "reset");
        assert_eq!(error.code(), "ERR_X");
    }
}
