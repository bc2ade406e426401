//! The client for Rust.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::slot::common_slot;
use super::{Cluster, ClusterConfig, NodeInfo, Place};
use crate::error::Result;
use crate::redis::batch::{Leases, RETRIES, Watched, watch};
use crate::redis::cache::{CacheOptions, CacheSource, ClientCache};
use crate::redis::callers::{Callers, FurtherCallers};
use crate::redis::client::{Make, ValkeyClient};
use crate::redis::config::{Address, Options};
use crate::redis::handle::{Handle, sealed};
use crate::redis::inflight::Entry;
use crate::redis::lane::Sink;
use crate::redis::lifecycle;
use crate::redis::link::Link;
use crate::redis::meta::Meta;
use crate::redis::pool::state::Counts;
use crate::redis::pool::{LeasedConnection, Lender};
use crate::redis::resp::decode::Value;
use crate::redis::tracking::Tracking;
use crate::redis::url;

/// A client of a cluster, shared by all clones. It has all methods of [`ValkeyClient`]; each command
/// goes to the node that has its keys.
///
/// - `MGET`, `MSET`, `DEL`, `UNLINK`, `EXISTS`, `TOUCH` and `SSUBSCRIBE` take keys of several slots;
///   then they are several commands, which are not atomic together, and fail as a whole with the
///   first error. Other commands with keys of several slots fail with `ERR_REDIS_CROSSSLOT`.
/// - Commands without keys go to one node or to several, as the servers recommend: `DBSIZE` is the
///   sum of all primaries, `FLUSHALL` and `SCRIPT LOAD` reach all nodes that they concern.
/// - When slots move or a replica takes over, commands follow without their callers noticing. A
///   command that was sent when its connection was lost is sent again only if it reads; otherwise
///   its error says that it may have been executed.
/// - Subscriptions are made again where they belong now; [`gaps`](crate::redis::Subscription::gaps)
///   tells that messages may have been missed.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster_doc.rs")); }
/// # support::run(async |url| {
/// use s3_valkey::redis::{ClusterClient, SetOptions};
///
/// let cluster = ClusterClient::connect(&[&url]).await?;
/// cluster.set("greeting", "hello", SetOptions::default()).await?;
/// assert_eq!(cluster.get("greeting").await?.as_deref(), Some("hello"));
/// cluster.command("MSET", &["a", "1", "b", "2"]).await?;
/// assert_eq!(cluster.del(&["a", "b", "c"]).await?, 2);
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct ClusterClient {
    client: ValkeyClient,
    cluster: Arc<Cluster>,
}

impl Deref for ClusterClient {
    type Target = ValkeyClient;

    fn deref(&self) -> &ValkeyClient {
        &self.client
    }
}

impl fmt::Debug for ClusterClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClusterClient")
            .field("status", &self.cluster.status())
            .field("nodes", &self.nodes().len())
            .finish_non_exhaustive()
    }
}

impl sealed::Handled for ClusterClient {
    fn handle(&self) -> Handle {
        self.client.handle()
    }
}

impl ClusterClient {
    /// Connects to the cluster to which one of these nodes belongs, with the defaults.
    ///
    /// Fails with `ERR_INVALID_ARG_TYPE` for a URL that cannot be used, and with
    /// `ERR_REDIS_CONNECTION_CLOSED` when no node could be asked for the others; the
    /// [source](std::error::Error::source) of that error tells why.
    pub async fn connect(urls: &[&str]) -> Result<Self> {
        let seeds: Result<Vec<_>> = urls.iter().map(|url| url::parse(url)).collect();
        Self::connect_with_config(ClusterConfig::new(seeds?, Options::default())).await
    }

    /// Connects and waits until the nodes are known.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster_doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::cluster::ReadFrom;
    /// use s3_valkey::redis::{ClusterClient, ClusterConfig, Options, url};
    ///
    /// let config = ClusterConfig {
    ///     read_from: ReadFrom::PreferReplica,
    ///     ..ClusterConfig::new(vec![url::parse(&url)?], Options::default())
    /// };
    /// let cluster = ClusterClient::connect_with_config(config).await?;
    /// assert_eq!(cluster.nodes().len(), 3);
    /// # Ok(()) });
    /// ```
    pub async fn connect_with_config(config: ClusterConfig) -> Result<Self> {
        Self::open(config, None).await
    }

    /// Connects as a client that keeps replies until a node tells that a key has changed; see
    /// [`ValkeyClient::connect_with_cache`]. The connection to any node that is lost empties the
    /// cache, and so does a node that has left.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster_doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{CacheOptions, ClusterClient, ClusterConfig, Options, url};
    ///
    /// let config = ClusterConfig::new(vec![url::parse(&url)?], Options::default());
    /// let cluster = ClusterClient::connect_with_cache(config, CacheOptions::default()).await?;
    /// cluster.get("settings").await?; // asks the node
    /// cluster.get("settings").await?; // does not
    /// assert_eq!(cluster.cache().expect("it has one").stats().hits, 1);
    /// # Ok(()) });
    /// ```
    pub async fn connect_with_cache(
        mut config: ClusterConfig,
        cache: CacheOptions,
    ) -> Result<Self> {
        config.options.tracking.get_or_insert(Tracking::Read);
        Self::open(config, Some(cache)).await
    }

    async fn open(config: ClusterConfig, cache: Option<CacheOptions>) -> Result<Self> {
        let first = Arc::new(OnceLock::new());
        let keep = Arc::clone(&first);
        let tracking = config.options.tracking.clone();
        let make: Make = Arc::new(move |callers: &Arc<Callers>| {
            let sink = Arc::clone(callers) as Arc<dyn Sink>;
            let further = FurtherCallers::maker(callers);
            let factory = Box::new(move |_| further());
            let lessees = Arc::new(FurtherCallers::maker(callers));
            let cluster = Cluster::new(config.clone(), sink, factory, lessees)?;
            // Only the first is this client's; a duplicate keeps its own alive.
            keep.get_or_init(|| Arc::downgrade(&cluster));
            Ok((None, cluster as Arc<dyn Link>))
        });
        let cache = cache.map(|options| CacheSource { options, tracking });
        let client = ValkeyClient::over_cached(make, cache).await?;
        let first = first.get().and_then(Weak::upgrade);
        let cluster = first.ok_or_else(lifecycle::failed)?;
        Ok(Self { client, cluster })
    }

    /// Another client with the same configuration and connections of its own.
    pub async fn duplicate(&self) -> Result<Self> {
        let cache = self.client.cache().map(ClientCache::options);
        Self::open(self.cluster.config().clone(), cache).await
    }

    /// The nodes that serve slots, primaries with their replicas behind them.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeInfo> {
        self.cluster.nodes()
    }

    /// Sends a command to one of the [`nodes`](Self::nodes), whatever its keys; redirections are
    /// errors like others.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster_doc.rs")); }
    /// # support::run(async |url| {
    /// # use s3_valkey::redis::ClusterClient;
    /// let cluster = ClusterClient::connect(&[&url]).await?;
    /// for node in cluster.nodes() {
    ///     let reply = cluster.command_on(node.number, "DBSIZE", &[]).await?;
    ///     println!("{} has {reply:?} keys", node.address);
    /// }
    /// # Ok(()) });
    /// ```
    pub async fn command_on(&self, node: u32, command: &str, arguments: &[&str]) -> Result<Value> {
        let mut all: Vec<&[u8]> = vec![command.as_bytes()];
        all.extend(arguments.iter().map(|argument| argument.as_bytes()));
        let meta = Meta::of_call(all[0], &all[1..])?;
        let submit = |pieces: &[&[u8]], entries: &[Entry]| {
            self.cluster.submit_to(node, pieces, entries);
        };
        self.client.callers().call_by(&all, meta, submit).await
    }

    /// A connection of one's own to one node: to the primary that serves a slot, or to a certain node. It follows nothing:
    /// a command whose keys are served elsewhere fails with `ERR_REDIS_CLUSTER_WRONG_NODE`.
    ///
    /// Waits when all of the node's are in use, and while the node cannot be reached, for as long as `limit` says; then
    /// fails with `ERR_REDIS_POOL_TIMEOUT`. A node that does not belong to the cluster is `ERR_REDIS_CLUSTER_UNKNOWN_NODE`.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster_doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{ClusterClient, Value, cluster::Place};
    ///
    /// let cluster = ClusterClient::connect(&[&url]).await?;
    /// let lease = cluster.acquire(Place::of_key(b"balance"), None).await?;
    /// lease.command("INCR", &["balance"]).await?;
    /// assert_eq!(lease.command("WAIT", &["0", "100"]).await?, Value::Integer(0));
    /// # Ok(()) });
    /// ```
    pub async fn acquire(&self, place: Place, limit: Option<Duration>) -> Result<LeasedConnection> {
        let lender = Lender::Cluster(&self.cluster, place);
        LeasedConnection::acquire(lender, self.client.callers(), limit).await
    }

    /// The number by which [`Place::Node`] names the node at an address.
    #[must_use]
    pub fn number_of(&self, address: &Address) -> u32 {
        self.cluster.number_of(address)
    }

    /// How many connections of one's own there are, and how many callers wait for one at a node.
    #[must_use]
    pub fn metrics(&self) -> Counts {
        self.cluster.counts()
    }

    /// Runs a transaction that depends on keys of one slot, on a connection to its primary; see
    /// [`ValkeyClient::watch`]. That the slot moves, or its primary fails, is a conflict too, before the transaction is
    /// sent.
    ///
    /// Fails with `ERR_REDIS_CROSSSLOT` if the keys, or those of the transaction, are in several slots.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/cluster_doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{ClusterClient, SetOptions};
    ///
    /// let cluster = ClusterClient::connect(&[&url]).await?;
    /// cluster.set("{item}price", "20", SetOptions::default()).await?;
    /// let replies = cluster
    ///     .watch(&["{item}price"], async |watched| {
    ///         let price = watched.get("{item}price").await?.unwrap_or_default();
    ///         watched.multi().rpush("{item}offers", &[&price]).incr("{item}price").exec().await
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
        self.watch_with_retries(keys, RETRIES, run).await
    }

    /// Like [`watch`](Self::watch), and runs the function again at most so many times.
    pub async fn watch_with_retries<T>(
        &self,
        keys: &[&str],
        retries: u32,
        run: impl AsyncFnMut(&Watched) -> Result<T>,
    ) -> Result<T> {
        let slot = common_slot(keys.iter().map(|key| key.as_bytes()))?;
        let leases = Leases {
            lender: Lender::Cluster(&self.cluster, Place::Slot(slot.unwrap_or_default())),
            callers: self.client.callers(),
            limit: None,
        };
        watch(leases, keys, retries, run).await
    }
}
