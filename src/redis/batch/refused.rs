//! Which commands of a transaction the server refused.

use std::error::Error as StdError;
use std::fmt;

use crate::error::Error;

/// A command that the server refused to queue.
#[derive(Debug, Clone)]
pub struct RefusedCommand {
    /// Its place among the commands of the transaction, from 0.
    pub index: usize,
    /// Its name.
    pub command: String,
    /// What the server said.
    pub error: Error,
}

/// The [source](StdError::source) of the error of a transaction that was not executed.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # support::run(async |url| {
/// use std::error::Error;
/// use s3_valkey::redis::{RefusedCommands, ValkeyClient};
///
/// let client = ValkeyClient::connect(&url).await?;
/// let error = client.multi().await.incr("a").command("NOSUCH", &[]).exec().await.unwrap_err();
/// assert_eq!(error.code(), "ERR_REDIS_TRANSACTION_ABORTED");
/// let refused = error.source().and_then(|source| source.downcast_ref::<RefusedCommands>());
/// assert_eq!(refused.unwrap().0[0].index, 1);
/// # Ok(()) });
/// ```
#[derive(Debug, Clone)]
pub struct RefusedCommands(
    /// In the order of the commands.
    pub Vec<RefusedCommand>,
);

impl fmt::Display for RefusedCommands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for RefusedCommand {
            index,
            command,
            error,
        } in &self.0
        {
            write!(f, "{separator}{command} at {index}: {error}")?;
            separator = "; ";
        }
        Ok(())
    }
}

impl StdError for RefusedCommands {}
