//! Who logs in: user name and password, fixed or asked for before each login.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

/// A user name and a password. `Debug` hides the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Empty for the server's `default` user.
    pub username: String,
    /// Empty for none.
    pub password: String,
}

impl Credentials {
    /// Whether there is nothing to log in with.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.username.is_empty() && self.password.is_empty()
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .field("password", &"[REDACTED]")
            .finish()
    }
}

/// A result that comes later.
pub type Answer = Pin<Box<dyn Future<Output = Result<Credentials>> + Send>>;

/// Finds credentials that change, such as tokens that expire.
pub trait CredentialsProvider: Send + Sync + 'static {
    /// Called before each login. It must answer within the connection timeout; an error counts as
    /// a failed attempt, which is repeated like any other.
    fn credentials(&self) -> Answer;
}

impl<F, T> CredentialsProvider for F
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Future<Output = Result<Credentials>> + Send + 'static,
{
    fn credentials(&self) -> Answer {
        Box::pin(self())
    }
}

/// A provider that all connections with the same options share.
///
/// ```
/// use s3_valkey::redis::{Credentials, CredentialsSource, Options};
/// let options = Options {
///     credentials: Some(CredentialsSource::new(|| async {
///         Ok(Credentials { username: "app".into(), password: "token".into() })
///     })),
///     ..Options::default()
/// };
/// assert!(options.credentials.is_some());
/// ```
#[derive(Clone)]
pub struct CredentialsSource(Arc<dyn CredentialsProvider>);

impl CredentialsSource {
    /// Wraps a provider: an object, or a function that returns a future.
    pub fn new(provider: impl CredentialsProvider) -> Self {
        Self(Arc::new(provider))
    }

    pub(super) async fn ask(&self) -> Result<Credentials> {
        self.0.credentials().await.map_err(unavailable)
    }
}

impl fmt::Debug for CredentialsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialsSource")
    }
}

fn unavailable(source: Error) -> Error {
    Error::new(
        ErrorKind::Credentials,
        "ERR_REDIS_AUTHENTICATION_FAILED",
        "The credentials provider failed",
    )
    .with_source(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_password() {
        let credentials = Credentials {
            username: "app".into(),
            password: "hunter2".into(),
        };
        let text = format!("{credentials:?}");
        assert!(text.contains("app") && !text.contains("hunter2"));
    }

    #[tokio::test]
    async fn a_failure_says_whose_it_is_and_why() {
        let source = CredentialsSource::new(|| async {
            Err(Error::new(ErrorKind::Connection, "E", "no token service"))
        });
        let error = source.ask().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        let cause = std::error::Error::source(&error).unwrap();
        assert_eq!(cause.to_string(), "no token service");
    }
}
