//! The client for Rust.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::cache::{CacheOptions, CacheSource, ClientCache};
use super::callers::{Callers, lock};
use super::config::{Address, Config, Options, Status};
use super::endpoint::Endpoint;
use super::handle::{Handle, sealed};
use super::lifecycle;
use super::link::Link;
use super::meta::Meta;
use super::pool::{LeasedConnection, Lender};
use super::resp::decode::Value;
use super::state::{ConnectionFlags, State};
use super::tracking::Tracking;
use super::url;
use crate::error::Result;
pub(super) use open::Make;

mod open;

/// A client of one Redis or Valkey server, shared by all clones.
///
/// Commands of concurrent callers are pipelined on one connection; those that block, such as
/// `BLPOP`, get one of their own, and dropping such a call ends its wait on the server. The connection is closed when the last clone is
/// dropped; a lost one is made again as the [`Options`] say.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
/// # support::run(async |url| {
/// use s3_valkey::redis::{SetOptions, ValkeyClient};
///
/// let client = ValkeyClient::connect(&url).await?;
/// client.set("greeting", "hello", SetOptions::default()).await?;
/// assert_eq!(client.get("greeting").await?.as_deref(), Some("hello"));
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct ValkeyClient {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Option<Arc<Endpoint>>,
    link: Arc<dyn Link>,
    callers: Arc<Callers>,
    /// What makes another link like this one.
    make: Make,
    cache: Option<CacheSource>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.link.finalize();
        lock(&self.callers.listeners).clear();
    }
}

impl fmt::Debug for ValkeyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValkeyClient")
            .field("address", &self.inner.link.target().address)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

impl sealed::Handled for ValkeyClient {
    fn handle(&self) -> Handle {
        let inner = &self.inner;
        Handle::new(&inner.link, &inner.callers, Some(Arc::clone(inner) as _))
    }
}

impl ValkeyClient {
    /// Connects with the default [`Options`].
    ///
    /// Fails with `ERR_INVALID_ARG_TYPE` for a URL that cannot be used, and with
    /// `ERR_REDIS_CONNECTION_CLOSED` when the last attempt to connect has failed; the
    /// [source](std::error::Error::source) of that error tells why.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with_options(url, Options::default()).await
    }

    /// Connects and waits until the server has accepted the login.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{Options, ValkeyClient};
    ///
    /// let options = Options {
    ///     connection_timeout_ms: 2_000,
    ///     max_retries: 3,
    ///     client_name: Some("worker".into()),
    ///     ..Options::default()
    /// };
    /// let client = ValkeyClient::connect_with_options(&url, options).await?;
    /// let name = client.command("CLIENT", &["GETNAME"]).await?;
    /// assert_eq!(name.as_text(), Some("worker"));
    /// # Ok(()) });
    /// ```
    pub async fn connect_with_options(url: &str, options: Options) -> Result<Self> {
        Self::open(url::parse(url)?, options, None).await
    }

    /// Connects as a client that keeps replies until the server tells that a key has changed, be it
    /// written, deleted, expired or evicted (`CLIENT TRACKING`, since Redis 6.0, with RESP3). Until
    /// then the same command is answered from memory.
    ///
    /// That holds for [`command`](Self::command) and the typed methods with commands whose reply
    /// follows from their keys alone, from `GET` and `MGET` to `ZRANGE`. A client sees what it has
    /// written itself; of what others write, the server tells about half a round trip later. A lost
    /// connection empties the cache, and between `WATCH` or `MULTI` and `EXEC` it is not used.
    ///
    /// A server that cannot tell, or a user who may not ask for it, is refused with
    /// `ERR_REDIS_TRACKING_UNSUPPORTED`, the source of the error that this fails with.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{CacheOptions, Options, ValkeyClient};
    ///
    /// let options = CacheOptions { max_bytes: 16 * 1024 * 1024, ..CacheOptions::default() };
    /// let client = ValkeyClient::connect_with_cache(&url, Options::default(), options).await?;
    /// client.get("settings").await?; // asks the server
    /// client.get("settings").await?; // does not
    /// let stats = client.cache().expect("it has one").stats();
    /// assert_eq!((stats.hits, stats.misses), (1, 1));
    /// # Ok(()) });
    /// ```
    pub async fn connect_with_cache(
        url: &str,
        options: Options,
        cache: CacheOptions,
    ) -> Result<Self> {
        let tracking = options.tracking.or(Some(Tracking::Read));
        let options = Options {
            tracking,
            ..options
        };
        Self::open(url::parse(url)?, options, Some(cache)).await
    }

    /// The cache of a client that was made with one.
    #[must_use]
    pub fn cache(&self) -> Option<&ClientCache> {
        self.inner.callers.cache()
    }

    /// Another connection with the same target and options.
    pub async fn duplicate(&self) -> Result<Self> {
        Self::over_cached(Arc::clone(&self.inner.make), self.inner.cache.clone()).await
    }

    /// Closes the connection for good; commands that wait, and all that follow, fail with
    /// `ERR_REDIS_CONNECTION_CLOSED`, and streams of messages end.
    pub fn close(&self) {
        self.inner.link.close();
        lock(&self.inner.callers.listeners).clear();
    }

    /// Where the client connects to and how. `Debug` of it shows no secret.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.inner.link.config()
    }

    /// The server that the client is connected to, or will try next. With sentinels it changes, and
    /// is the group's name until a server was found.
    #[must_use]
    pub fn address(&self) -> Address {
        self.inner.link.target().address
    }

    /// The state of the connection.
    #[must_use]
    pub fn status(&self) -> Status {
        self.inner.link.status()
    }

    /// The details of the state.
    #[must_use]
    pub fn flags(&self) -> ConnectionFlags {
        self.inner.link.observe().borrow().flags
    }

    /// The state with its changes. The receiver outlives the client, whose end is the flag
    /// `finalized`.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{Status, ValkeyClient};
    ///
    /// let client = ValkeyClient::connect(&url).await?;
    /// let mut states = client.observe();
    /// client.close();
    /// let state = states.wait_for(|state| state.status == Status::Disconnected).await;
    /// assert!(state.expect("the receiver keeps the last state").flags.is_manually_closed);
    /// # Ok(()) });
    /// ```
    #[must_use]
    pub fn observe(&self) -> watch::Receiver<State> {
        self.inner.link.observe()
    }

    /// Sends any command and returns its reply. A reply of the server that is an error is an
    /// [`Error`](crate::Error) of kind [`Server`](crate::ErrorKind::Server). `MONITOR`, `SYNC` and
    /// `CLIENT REPLY`, whose replies do not come in order, are refused.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{ValkeyClient, Value};
    ///
    /// let client = ValkeyClient::connect(&url).await?;
    /// let reply = client.command("ZADD", &["scores", "1.5", "ann"]).await?;
    /// assert_eq!(reply, Value::Integer(1));
    /// let error = client.command("INCR", &["scores"]).await.unwrap_err();
    /// assert!(error.message().starts_with("WRONGTYPE"));
    /// # Ok(()) });
    /// ```
    pub async fn command(&self, command: &str, arguments: &[&str]) -> Result<Value> {
        let mut all: Vec<&[u8]> = Vec::with_capacity(arguments.len() + 1);
        all.push(command.as_bytes());
        all.extend(arguments.iter().map(|argument| argument.as_bytes()));
        let meta = Meta::of_call(all[0], &all[1..])?;
        let callers = &self.inner.callers;
        callers.call_cached(&self.inner.link, &all, meta).await
    }

    /// A connection of one's own from those that are kept beside the shared one: for `WATCH`, for
    /// subscriptions, for what must not be mixed with others' commands. It is in the database that
    /// the client has selected.
    ///
    /// Waits when all are in use, for as long as `limit` says; then fails with
    /// `ERR_REDIS_POOL_TIMEOUT`. In a cluster such a connection leads to one node; see
    /// [`ClusterClient::acquire`](super::ClusterClient::acquire).
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{ValkeyClient, Value};
    ///
    /// let client = ValkeyClient::connect(&url).await?;
    /// let lease = client.acquire(None).await?;
    /// lease.command("WATCH", &["balance"]).await?;
    /// lease.command("MULTI", &[]).await?;
    /// lease.command("INCR", &["balance"]).await?;
    /// assert_eq!(lease.command("EXEC", &[]).await?, Value::Array(vec![Value::Integer(1)]));
    /// # Ok(()) });
    /// ```
    pub async fn acquire(&self, limit: Option<Duration>) -> Result<LeasedConnection> {
        LeasedConnection::acquire(self.lender()?, self.callers(), limit).await
    }

    pub(super) fn lender(&self) -> Result<Lender<'_>> {
        let endpoint = self.inner.endpoint.as_deref();
        endpoint
            .map(Lender::Endpoint)
            .ok_or_else(lifecycle::no_lease)
    }

    pub(super) fn link(&self) -> &Arc<dyn Link> {
        &self.inner.link
    }

    pub(super) fn callers(&self) -> &Arc<Callers> {
        &self.inner.callers
    }
}
