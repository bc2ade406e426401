//! Where an address leads from here: what is announced is not always what can be reached.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::config::Address;
use crate::error::{Error, ErrorKind, Result};

/// An address that comes later.
pub type Located = Pin<Box<dyn Future<Output = Result<Address>> + Send>>;

/// Translates addresses, as behind a NAT or a tunnel.
pub trait Locator: Send + Sync + 'static {
    /// Called before each attempt to connect, with the address that is known. It must answer within
    /// the connection timeout; an error counts as a failed attempt.
    fn locate(&self, address: Address) -> Located;
}

impl<F, T> Locator for F
where
    F: Fn(Address) -> T + Send + Sync + 'static,
    T: Future<Output = Result<Address>> + Send + 'static,
{
    fn locate(&self, address: Address) -> Located {
        Box::pin(self(address))
    }
}

/// A locator that all connections with the same options share.
///
/// ```
/// use s3_valkey::redis::{Address, LocationSource, Options};
/// let options = Options {
///     location: Some(LocationSource::new(|address: Address| async move {
///         Ok(match address {
///             Address::Host { port, .. } => Address::Host { host: "localhost".into(), port },
///             other => other,
///         })
///     })),
///     ..Options::default()
/// };
/// assert!(options.location.is_some());
/// ```
#[derive(Clone)]
pub struct LocationSource(Arc<dyn Locator>);

impl LocationSource {
    /// Wraps a locator: an object, or a function that returns a future.
    pub fn new(locator: impl Locator) -> Self {
        Self(Arc::new(locator))
    }

    pub(super) async fn ask(&self, address: Address) -> Result<Address> {
        self.0.locate(address).await.map_err(|source| {
            Error::new(
                ErrorKind::Connection,
                "ERR_REDIS_CONNECTION_CLOSED",
                "The address could not be translated",
            )
            .with_source(source)
        })
    }
}

impl fmt::Debug for LocationSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocationSource")
    }
}
