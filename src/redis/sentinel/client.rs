//! Sentinels for the Rust client.

use std::sync::Arc;

use super::link::SentinelLink;
use super::options::SentinelOptions;
use crate::error::Result;
use crate::redis::callers::FurtherCallers;
use crate::redis::client::ValkeyClient;
use crate::redis::config::Options;
use crate::redis::lane::Sink;
use crate::redis::link::Link;

impl ValkeyClient {
    /// Connects to the primary of a group that sentinels watch, and follows it: when the primary is
    /// another server, the client goes there, and subscriptions are made again. Commands that may
    /// have been executed fail with `ERR_REDIS_CONNECTION_CLOSED` then, as with any lost connection;
    /// those that were not sent go to the new primary.
    ///
    /// Fails with `ERR_REDIS_SENTINEL_UNKNOWN_NAME` when the sentinels do not know the group, with
    /// `ERR_REDIS_SENTINEL_UNREACHABLE` when none can be asked, and else like
    /// [`connect`](Self::connect).
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/sentinel_doc.rs")); }
    /// # support::run(async |sentinel| {
    /// use s3_valkey::redis::{Options, ReadFrom, SentinelOptions, SetOptions, ValkeyClient};
    ///
    /// let group = SentinelOptions {
    ///     read_from: ReadFrom::PreferReplica,
    ///     ..SentinelOptions::new("mymaster", &[&sentinel])?
    /// };
    /// let client = ValkeyClient::connect_sentinel(group, Options::default()).await?;
    /// client.set("greeting", "hello", SetOptions::default()).await?;
    /// assert_eq!(client.get("greeting").await?.as_deref(), Some("hello"));
    /// # Ok(()) });
    /// ```
    pub async fn connect_sentinel(group: SentinelOptions, options: Options) -> Result<Self> {
        Self::over(Arc::new(move |callers| {
            let sink = Arc::clone(callers) as Arc<dyn Sink>;
            let further = FurtherCallers::maker(callers);
            let link = SentinelLink::new(group.clone(), options.clone(), sink, further)?;
            Ok((Some(Arc::clone(link.primary())), link as Arc<dyn Link>))
        }))
        .await
    }
}
