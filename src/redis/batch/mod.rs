//! Several commands that are sent as one: transactions and pipelines.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::callers::Callers;
use super::client::ValkeyClient;
use super::endpoint::{arguments_of, commands_of};
use super::inflight::Entry;
use super::lane::Delivery;
use super::link::Link;
use super::meta::Meta;
use super::resp::decode::Value;
use crate::error::Result;

mod commands;
mod pipeline;
mod queue;
mod refused;
mod transaction;
mod watch;

pub use pipeline::Pipeline;
pub use refused::{RefusedCommand, RefusedCommands};
pub use transaction::Transaction;
pub use watch::Watched;
pub(super) use watch::{Leases, RETRIES, watch};

/// A reply that is still to come.
type Waiting = oneshot::Receiver<Result<Value>>;

/// Submits whole commands with one call, and returns what their replies come through.
fn submit(callers: &Callers, link: &Arc<dyn Link>, bytes: &[u8], metas: &[Meta]) -> Vec<Waiting> {
    let (entries, replies): (Vec<Entry>, Vec<Waiting>) = metas
        .iter()
        .map(|&meta| {
            let (id, reply) = callers.register();
            (Entry { id, meta }, reply)
        })
        .unzip();
    let delivery = if link.config().options.enable_auto_pipelining {
        Delivery::Gathered
    } else {
        Delivery::Direct
    };
    note(callers, link, bytes);
    link.submit(&[bytes], &entries, delivery);
    replies
}

/// Tells a cache of commands that go out, or were answered.
fn note(callers: &Callers, link: &Arc<dyn Link>, bytes: &[u8]) {
    if callers.cache().is_none() {
        return;
    }
    for range in commands_of(bytes) {
        callers.note(link, &arguments_of(&bytes[range]));
    }
}

impl ValkeyClient {
    /// Begins a transaction: commands that the server executes together, with no other in between.
    /// They are gathered here, and [`exec`](Transaction::exec) sends them.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{ValkeyClient, Value};
    ///
    /// let client = ValkeyClient::connect(&url).await?;
    /// let mut transaction = client.multi().await;
    /// transaction.incr("visits").rpush("log", &["visit"]).get("name");
    /// let replies = transaction.exec().await?;
    /// assert_eq!(replies, [Value::Integer(1), Value::Integer(1), Value::Null]);
    /// # Ok(()) });
    /// ```
    #[allow(
        clippy::unused_async,
        reason = "a client of a cluster or a pool may have to wait here"
    )]
    pub async fn multi(&self) -> Transaction {
        Transaction::new(Arc::clone(self.link()), Arc::clone(self.callers()))
    }

    /// Begins a pipeline: commands that are sent together, each with a result of its own.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{SetOptions, ValkeyClient};
    ///
    /// let client = ValkeyClient::connect(&url).await?;
    /// let mut pipeline = client.pipeline();
    /// pipeline.set("name", "Ann", SetOptions::default()).incr("name").get("name");
    /// let results = pipeline.exec().await?;
    /// assert!(results[1].as_ref().is_err_and(|error| error.message().contains("not an integer")));
    /// assert_eq!(results[2].as_ref().unwrap().as_text(), Some("Ann"));
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn pipeline(&self) -> Pipeline {
        Pipeline::new(Arc::clone(self.link()), Arc::clone(self.callers()))
    }
}
