//! A connection of one's own, for Rust.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::error::{Error, ErrorKind, Result};
use crate::redis::batch::{Pipeline, Transaction};
use crate::redis::callers::Callers;
use crate::redis::cluster::{Cluster, Place};
use crate::redis::endpoint::{Endpoint, Lease};
use crate::redis::lifecycle;
use crate::redis::link::Link;
use crate::redis::meta::Meta;
use crate::redis::resp::decode::Value;

/// A connection that nobody else uses, until it is dropped. It is given back as clean as a new one:
/// keys are unwatched, a transaction is discarded, and what cannot be undone closes it. When the
/// connection is lost, all its commands fail with `ERR_REDIS_CONNECTION_CLOSED`.
pub struct LeasedConnection {
    lease: Arc<Lease>,
    link: Arc<dyn Link>,
    callers: Arc<Callers>,
}

impl fmt::Debug for LeasedConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeasedConnection")
            .field("status", &self.link.status())
            .finish_non_exhaustive()
    }
}

/// Where leased connections come from.
#[derive(Clone, Copy)]
pub(in crate::redis) enum Lender<'a> {
    Endpoint(&'a Endpoint),
    Cluster(&'a Arc<Cluster>, Place),
}

impl Lender<'_> {
    async fn lease(self, limit: Option<Duration>) -> Result<Lease> {
        let endpoint = match self {
            Self::Endpoint(endpoint) => endpoint,
            Self::Cluster(cluster, place) => return cluster.lease(place, limit).await,
        };
        let (sender, receiver) = oneshot::channel();
        let grant = move |outcome| {
            // One who no longer waits gives it back by not taking it.
            drop(sender.send(outcome));
        };
        endpoint.acquire(None, limit, Box::new(grant));
        receiver.await.unwrap_or_else(|_| Err(lifecycle::closed()))
    }
}

impl LeasedConnection {
    pub(in crate::redis) async fn acquire(
        lender: Lender<'_>,
        callers: &Arc<Callers>,
        limit: Option<Duration>,
    ) -> Result<Self> {
        let lease = Arc::new(lender.lease(limit).await?);
        Ok(Self {
            link: Arc::clone(&lease) as _,
            lease,
            callers: Arc::clone(callers),
        })
    }

    /// Sends any command on this connection and returns its reply; see
    /// [`ValkeyClient::command`](crate::redis::ValkeyClient::command).
    pub async fn command(&self, command: &str, arguments: &[&str]) -> Result<Value> {
        let mut all: Vec<&[u8]> = vec![command.as_bytes()];
        all.extend(arguments.iter().map(|argument| argument.as_bytes()));
        let meta = Meta::of_call(all[0], &all[1..])?;
        let reply = self.callers.call(&self.link, &all, meta).await;
        reply.map_err(|error| self.explained(error))
    }

    pub(in crate::redis) fn lease(&self) -> &Arc<Lease> {
        &self.lease
    }

    /// An error of the server that leads to another node says so.
    fn explained(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Server {
            return error;
        }
        let explained = self.lease.explain(error.message());
        explained.map_or(error.clone(), |told| told.with_source(error))
    }

    pub(in crate::redis) fn link(&self) -> &Arc<dyn Link> {
        &self.link
    }

    /// Begins a transaction on this connection; see
    /// [`ValkeyClient::multi`](crate::redis::ValkeyClient::multi).
    #[must_use]
    pub fn multi(&self) -> Transaction {
        Transaction::new(Arc::clone(&self.link), Arc::clone(&self.callers))
    }

    /// Begins a pipeline on this connection; see
    /// [`ValkeyClient::pipeline`](crate::redis::ValkeyClient::pipeline).
    #[must_use]
    pub fn pipeline(&self) -> Pipeline {
        Pipeline::new(Arc::clone(&self.link), Arc::clone(&self.callers))
    }

    /// Gives the connection back, as dropping it does.
    pub fn release(self) {
        self.lease.release();
    }

    /// Closes the connection instead of giving it back.
    pub fn close(self) {
        self.lease.close();
    }
}

impl Drop for LeasedConnection {
    fn drop(&mut self) {
        self.lease.release();
    }
}
