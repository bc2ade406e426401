//! Transactions that depend on watched keys.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::queue::Queue;
use super::transaction::ABORTED;
use super::{Pipeline, Transaction};
use crate::error::{Error, ErrorKind, Result};
use crate::net::chance::chance;
use crate::redis::callers::Callers;
use crate::redis::client::ValkeyClient;
use crate::redis::cluster::redirect;
use crate::redis::cluster::{Place, slot_of};
use crate::redis::endpoint::Lease;
use crate::redis::handle::{Handle, sealed};
use crate::redis::link::Link;
use crate::redis::pool::{LeasedConnection, Lender};
use crate::redis::resp::decode::Value;

/// How often a function runs again by default.
pub(in crate::redis) const RETRIES: u32 = 16;
/// The longest pause before another attempt.
const LONGEST_PAUSE_MS: u32 = 250;
/// The same before the first other attempt when slots are somewhere else: all of them together outlast the choice of a new
/// primary.
const FIRST_DISPLACED_PAUSE_MS: u32 = 25;
/// So many times longer are the longest pauses then, at most.
const LONGEST_FACTOR: u32 = 4;

/// The connection that watches keys for one run of the function given to
/// [`ValkeyClient::watch`].
#[derive(Debug)]
pub struct Watched {
    connection: LeasedConnection,
    state: Arc<Watching>,
}

/// What a transaction that depends on watched keys must know and tell.
#[derive(Debug, Default)]
pub(super) struct Watching {
    /// From then on, a lost connection does not tell what became of the transaction.
    sent: AtomicBool,
    /// It was sent, and is not known to have come to nothing.
    may_have_run: AtomicBool,
    conflict: AtomicBool,
    /// The node has said that the slot is somewhere else, or not served now.
    displaced: AtomicBool,
    /// In a cluster.
    bond: Option<Bond>,
}

/// What ties a run to one slot of a cluster.
pub(super) struct Bond {
    slot: u16,
    /// One of the watched keys.
    key: String,
    lease: Arc<Lease>,
}

impl fmt::Debug for Bond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bond")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

impl Watching {
    /// The transaction is about to be sent.
    pub(super) fn begin(&self, link: &dyn Link) -> Result<()> {
        if !link.is_active() {
            return Err(self.conflict(lost()));
        }
        if self.sent.swap(true, Ordering::Relaxed) {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_REDIS_INVALID_STATE",
                "The watched keys were those of another transaction",
            ));
        }
        self.may_have_run.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The transaction has failed.
    pub(super) fn failed(&self, error: Error) -> Error {
        let is_conflict = error.kind() == ErrorKind::Conflict;
        if is_conflict || error.code() == ABORTED {
            self.may_have_run.store(false, Ordering::Relaxed);
        }
        if is_conflict {
            return self.conflict(error);
        }
        error
    }

    /// Makes sure that the slot is still where the keys are watched: a transaction without keys of its own gets one, for a
    /// node that has lost the slot would execute it. Returns whether it was added, behind the others.
    ///
    /// Fails with `ERR_REDIS_CROSSSLOT` if the commands have keys of another slot.
    pub(super) fn guard(&self, queue: &mut Queue) -> Result<bool> {
        let Some(bond) = &self.bond else {
            return Ok(false);
        };
        let mut guarded = Queue::default();
        guarded.push("EXISTS", &[&bond.key]);
        let all = [&guarded.bytes[..], &queue.bytes].concat();
        slot_of(&all)?;
        let lacks = slot_of(&queue.bytes)?.is_none();
        if lacks {
            queue.push("EXISTS", &[&bond.key]);
        }
        Ok(lacks)
    }

    /// Looks at an error of the server, whether the slot is somewhere else.
    pub(super) fn note(&self, error: &Error) {
        let Some(bond) = self
            .bond
            .as_ref()
            .filter(|_| error.kind() == ErrorKind::Server)
        else {
            return;
        };
        if redirect::displaces(error.message(), bond.slot) {
            // The slot map learns of it.
            let _ = bond.lease.explain(error.message());
            self.displaced.store(true, Ordering::Relaxed);
        }
    }

    fn displaced(&self) -> bool {
        self.displaced.load(Ordering::Relaxed)
    }

    /// Remembers a conflict.
    fn conflict(&self, error: Error) -> Error {
        self.conflict.store(true, Ordering::Relaxed);
        error
    }
}

impl sealed::Handled for Watched {
    fn handle(&self) -> Handle {
        self.connection.handle()
    }
}

impl Watched {
    /// Sends any command on this connection and returns its reply; see
    /// [`ValkeyClient::command`].
    pub async fn command(&self, command: &str, arguments: &[&str]) -> Result<Value> {
        let reply = self.connection.command(command, arguments).await;
        reply.inspect_err(|error| self.state.note(error))
    }

    /// The value of a string key.
    pub async fn get(&self, key: &str) -> Result<Option<String>> {
        self.command("GET", &[key]).await?.into_text()
    }

    /// Begins the transaction that depends on the watched keys; only one can be executed. Its
    /// [`exec`](Transaction::exec) fails with `ERR_REDIS_WATCH_CONFLICT` if a key was changed.
    #[must_use]
    pub fn multi(&self) -> Transaction {
        self.connection.multi().depending_on(&self.state)
    }

    /// Begins a pipeline on this connection.
    #[must_use]
    pub fn pipeline(&self) -> Pipeline {
        self.connection.pipeline()
    }

    /// The conflict that a run has failed by.
    fn conflict_behind(&self, error: &Error) -> Option<Error> {
        // Whatever else was refused: another run would do it twice.
        if self.state.may_have_run.load(Ordering::Relaxed) {
            return None;
        }
        if error.kind() == ErrorKind::Conflict && self.state.conflict.load(Ordering::Relaxed) {
            return Some(error.clone());
        }
        if error.kind() == ErrorKind::Server && self.state.displaced() {
            return Some(displaced().with_source(error.clone()));
        }
        let is_lost = error.kind() == ErrorKind::Connection
            && !self.state.sent.load(Ordering::Relaxed)
            && !self.connection.link().is_active();
        is_lost.then(|| lost().with_source(error.clone()))
    }
}

impl ValkeyClient {
    /// Runs a transaction that depends on keys: the function reads them and executes a transaction,
    /// which comes to nothing if anybody has changed a key in between. Then the function runs
    /// again, at most sixteen times, after short random pauses. It has a connection of its own; one
    /// that is lost before the transaction is a conflict too. Returns what the function returns.
    ///
    /// Fails with `ERR_REDIS_WATCH_CONFLICT`, of the kind [`Conflict`](ErrorKind::Conflict), if there
    /// was a conflict at the last attempt as well. If the connection is lost while the transaction is
    /// executed, that error is returned: nobody knows what became of it.
    ///
    /// ```
    /// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/doc.rs")); }
    /// # support::run(async |url| {
    /// use s3_valkey::redis::{SetOptions, ValkeyClient};
    ///
    /// let client = ValkeyClient::connect(&url).await?;
    /// client.set("price", "20", SetOptions::default()).await?;
    /// let replies = client
    ///     .watch(&["price"], async |watched| {
    ///         let price = watched.get("price").await?.unwrap_or_default();
    ///         watched.multi().rpush("offers", &[&price]).incr("price").exec().await
    ///     })
    ///     .await?;
    /// assert_eq!(replies.len(), 2);
    /// assert_eq!(client.get("price").await?.as_deref(), Some("21"));
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
        let leases = Leases {
            lender: self.lender()?,
            callers: self.callers(),
            limit: None,
        };
        watch(leases, keys, retries, run).await
    }
}

/// Where a function gets its connections from.
pub(in crate::redis) struct Leases<'a> {
    pub lender: Lender<'a>,
    pub callers: &'a Arc<Callers>,
    /// How long to wait for one.
    pub limit: Option<Duration>,
}

/// Runs a function on leased connections until there is no conflict.
pub(in crate::redis) async fn watch<T>(
    leases: Leases<'_>,
    keys: &[&str],
    retries: u32,
    mut run: impl AsyncFnMut(&Watched) -> Result<T>,
) -> Result<T> {
    let mut failed = 0;
    loop {
        let connection =
            LeasedConnection::acquire(leases.lender, leases.callers, leases.limit).await?;
        let bond = match leases.lender {
            Lender::Cluster(_, Place::Slot(slot)) => Some(Bond {
                slot,
                key: keys.first().copied().unwrap_or_default().to_owned(),
                lease: Arc::clone(connection.lease()),
            }),
            _ => None,
        };
        let watched = Watched {
            connection,
            state: Arc::new(Watching {
                bond,
                ..Watching::default()
            }),
        };
        let outcome = match watched.command("WATCH", keys).await {
            Ok(_) => run(&watched).await,
            Err(error) => Err(error),
        };
        let Err(error) = outcome else {
            return outcome;
        };
        let Some(conflict) = watched.conflict_behind(&error) else {
            return Err(error);
        };
        if failed >= retries {
            return Err(conflict);
        }
        let first = if watched.state.displaced() {
            FIRST_DISPLACED_PAUSE_MS
        } else {
            1
        };
        drop(watched);
        tokio::time::sleep(pause(failed, first)).await;
        failed += 1;
    }
}

fn pause(failed: u32, first: u32) -> Duration {
    let longest = LONGEST_PAUSE_MS.saturating_mul(first.min(LONGEST_FACTOR));
    let doubled = first.saturating_mul(1u32.checked_shl(failed).unwrap_or(u32::MAX));
    Duration::from_millis(doubled.min(longest).into()).mul_f64(chance())
}

fn lost() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "ERR_REDIS_WATCH_CONFLICT",
        "The connection that watched the keys was lost before the transaction: nothing was executed",
    )
}

fn displaced() -> Error {
    Error::new(
        ErrorKind::Conflict,
        "ERR_REDIS_WATCH_CONFLICT",
        "The slot of the watched keys was moving, or not served: nothing was executed",
    )
}
