//! The pool for Rust.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::state::Counts;
use super::{LeasedConnection, Lender};
use crate::error::{Error, ErrorKind, Result};
use crate::redis::batch::{Leases, Pipeline, RETRIES, Transaction, Watched, watch};
use crate::redis::callers::{Callers, FurtherCallers, receive};
use crate::redis::config::{Config, Options};
use crate::redis::endpoint::{Endpoint, Reserve, changes_state};
use crate::redis::lane::Sink;
use crate::redis::link::Link;
use crate::redis::meta::Meta;
use crate::redis::resp::decode::Value;
use crate::redis::url;

/// Options of a [`RedisPool`].
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// Connections that are kept although nobody needs them. Default 1.
    pub min: u32,
    /// There are never more connections, of which one is never leased. Default 10, at least 2.
    pub max: u32,
    /// Callers that may wait for a connection of their own, blocking commands included; more fail
    /// with `ERR_REDIS_POOL_EXHAUSTED`. Default: no limit.
    pub max_waiting: u32,
    /// How long they wait; then [`acquire`](RedisPool::acquire) fails with
    /// `ERR_REDIS_POOL_TIMEOUT`. `None` for any time. Default 10 seconds.
    pub acquire_timeout: Option<Duration>,
    /// Of each connection. `idle_connection_timeout_ms` closes those beyond `min`.
    pub connection: Options,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            min: 1,
            max: 10,
            max_waiting: u32::MAX,
            acquire_timeout: Some(Duration::from_secs(10)),
            connection: Options::default(),
        }
    }
}

impl PoolOptions {
    /// Fails with `ERR_INVALID_ARG_VALUE` for fewer than two connections, for more of them to keep
    /// than there may be, and for what no connection takes.
    pub fn validate(&self) -> Result<()> {
        self.connection.validate()?;
        if self.max >= 2 && self.min <= self.max {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::InvalidInput,
            "ERR_INVALID_ARG_VALUE",
            "A pool needs a max of at least 2, and a min that is not greater",
        ))
    }

    /// The bounds of the connections beside the first one.
    #[must_use]
    pub fn reserve(&self) -> Reserve {
        Reserve {
            min: self.min.saturating_sub(1) as usize,
            max: self.max.saturating_sub(1) as usize,
            max_waiting: self.max_waiting as usize,
            spreads: true,
        }
    }
}

/// Several connections to one server. Each command goes to the one with the least to do, so those
/// that do not wait for each other are in no order.
///
/// What changes the state of a connection, such as `SELECT` and `SUBSCRIBE`, is refused with
/// `ERR_REDIS_INVALID_STATE`: it needs [`acquire`](Self::acquire), or a client of its own.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # support::run(async |url| {
/// use s3_valkey::redis::pool::{PoolOptions, RedisPool};
///
/// let pool = RedisPool::connect(&url, PoolOptions { max: 4, ..PoolOptions::default() }).await?;
/// pool.command("SET", &["greeting", "hello"]).await?;
/// let lease = pool.acquire().await?;
/// assert_eq!(lease.command("GET", &["greeting"]).await?.as_text(), Some("hello"));
/// assert_eq!(pool.metrics().in_use, 1);
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct RedisPool {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Arc<Endpoint>,
    link: Arc<dyn Link>,
    callers: Arc<Callers>,
    acquire_timeout: Option<Duration>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.endpoint.finalize();
    }
}

impl fmt::Debug for RedisPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPool")
            .field("address", &self.inner.endpoint.config().target.address)
            .field("metrics", &self.metrics())
            .finish_non_exhaustive()
    }
}

impl RedisPool {
    /// Connects, and waits until the server has accepted the first login.
    ///
    /// Fails as [`ValkeyClient::connect`](crate::redis::ValkeyClient::connect) does, and for
    /// options that [contradict each other](PoolOptions::validate).
    pub async fn connect(url: &str, options: PoolOptions) -> Result<Self> {
        let target = url::parse(url)?;
        options.validate()?;
        let reserve = options.reserve();
        let config = Config {
            target,
            options: options.connection,
        };
        let callers = Arc::new(Callers::default());
        let further = FurtherCallers::maker(&callers);
        let sink = Arc::clone(&callers) as Arc<dyn Sink>;
        let endpoint = Endpoint::with_reserve(config, reserve, sink, further);
        let pool = Self {
            inner: Arc::new(Inner {
                link: Arc::clone(&endpoint) as _,
                endpoint,
                callers,
                acquire_timeout: options.acquire_timeout,
            }),
        };
        let (id, reply) = pool.inner.callers.register();
        pool.inner.endpoint.connect(id);
        receive(reply).await?;
        Ok(pool)
    }

    /// Sends any command and returns its reply; see
    /// [`ValkeyClient::command`](crate::redis::ValkeyClient::command). One that blocks has a
    /// connection for itself.
    pub async fn command(&self, command: &str, arguments: &[&str]) -> Result<Value> {
        let mut all: Vec<&[u8]> = vec![command.as_bytes()];
        all.extend(arguments.iter().map(|argument| argument.as_bytes()));
        let meta = Meta::of_call(all[0], &all[1..])?;
        if changes_state(meta, &all) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_REDIS_INVALID_STATE",
                format!("{command} changes the state of one connection: acquire it first"),
            ));
        }
        self.inner.callers.call(&self.inner.link, &all, meta).await
    }

    /// A connection of one's own. Waits while all are in use, for at most the `acquire_timeout`.
    pub async fn acquire(&self) -> Result<LeasedConnection> {
        let inner = &self.inner;
        let lender = Lender::Endpoint(&inner.endpoint);
        LeasedConnection::acquire(lender, &inner.callers, inner.acquire_timeout).await
    }

    /// Begins a transaction, which goes to one connection; see
    /// [`ValkeyClient::multi`](crate::redis::ValkeyClient::multi).
    #[must_use]
    pub fn multi(&self) -> Transaction {
        let inner = &self.inner;
        Transaction::new(Arc::clone(&inner.link), Arc::clone(&inner.callers)).pooled()
    }

    /// Begins a pipeline, whose commands may go to several connections; see
    /// [`ValkeyClient::pipeline`](crate::redis::ValkeyClient::pipeline).
    #[must_use]
    pub fn pipeline(&self) -> Pipeline {
        let inner = &self.inner;
        Pipeline::new(Arc::clone(&inner.link), Arc::clone(&inner.callers)).pooled()
    }

    /// Runs a transaction that depends on keys; see
    /// [`ValkeyClient::watch`](crate::redis::ValkeyClient::watch).
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::pool::{PoolOptions, RedisPool};
    ///
    /// let pool = RedisPool::connect(&url, PoolOptions::default()).await?;
    /// let replies = pool
    ///     .watch(&["price"], async |watched| {
    ///         let price = watched.get("price").await?.unwrap_or_default();
    ///         watched.multi().rpush("offers", &[&price]).incr("price").exec().await
    ///     })
    ///     .await?;
    /// assert_eq!(replies.len(), 2);
    /// # Ok(()) });
    /// ```
    pub async fn watch<T>(
        &self,
        keys: &[&str],
        run: impl AsyncFnMut(&Watched) -> Result<T>,
    ) -> Result<T> {
        let leases = Leases {
            lender: Lender::Endpoint(&self.inner.endpoint),
            callers: &self.inner.callers,
            limit: self.inner.acquire_timeout,
        };
        watch(leases, keys, RETRIES, run).await
    }

    /// How many connections are in use and idle, and how many callers wait for one of their own.
    #[must_use]
    pub fn metrics(&self) -> Counts {
        self.inner.endpoint.counts()
    }

    /// Closes all connections for good, leases too; commands that wait, and all that follow, fail
    /// with `ERR_REDIS_CONNECTION_CLOSED`.
    pub fn close(&self) {
        self.inner.endpoint.close();
    }
}
