//! One server with as many connections as it takes.
//!
//! An [`Endpoint`] has [`Lane`]'s interface. Its commands go to one shared connection. Those that
//! wait on the server go to spare ones, so that nobody waits behind them, and a [`Lease`] is a spare
//! one for a single user.
//!
//! A command that blocks is not ordered against others of the same turn, and none of it is on the
//! shared connection while a transaction is open there: in a transaction nothing blocks. It runs in
//! the database that the shared connection has selected; nothing else of that connection's state
//! holds for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::config::{Config, Status};
use super::inflight::Entry;
use super::lane::{Delivery, Lane, Sink};
use super::meta::Meta;
use super::outbox::Backlog;
use super::resolve::MakeResolver;
use super::state::State;

pub mod blocking;
mod books;
mod cut;
mod hub;
mod lease;
mod link;
mod sink;
mod spares;
mod spread;
mod stateful;
mod steps;
mod timers;
mod work;

pub(in crate::redis) use hub::Hub;
pub use lease::Lease;
use sink::SharedSink;
pub(in crate::redis) use spares::Spares;
pub use stateful::changes_state;
pub(super) use steps::client_of;
pub use work::Grant;
pub(in crate::redis) use work::acquire_timeout;

/// How many spare connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reserve {
    /// So many are kept although nobody needs them.
    pub min: usize,
    /// There are never more; what needs another waits.
    pub max: usize,
    /// So many may wait for one; more fail with `ERR_REDIS_POOL_EXHAUSTED`.
    pub max_waiting: usize,
    /// Commands that do not block go to whichever connection has the least to do, instead of the
    /// shared one: those that do not wait for each other are in no order then.
    pub spreads: bool,
}

impl Reserve {
    /// As many as the options allow for commands that block.
    pub(super) fn of(config: &Config) -> Self {
        Self {
            min: 0,
            max: config.options.max_blocking_connections.max(1) as usize,
            max_waiting: usize::MAX,
            spreads: false,
        }
    }
}

/// The connections to one server. It is shared by its users; dropping it closes nothing, for lanes
/// live on with what they have to do: [`finalize`](Self::finalize) does.
pub struct Endpoint {
    shared: Arc<Lane>,
    spares: Arc<Spares>,
    spreads: bool,
    /// Of an endpoint that spreads: a transaction was opened and not ended.
    transaction: AtomicBool,
}

impl Endpoint {
    /// An endpoint that dials at the first command or `connect`. The events of the shared connection
    /// are those of `sink`; every spare one delivers to a sink of its own, which `make_sink` makes,
    /// and which is told of no event but the end of the connection.
    #[must_use]
    pub fn new(
        config: Config,
        sink: Arc<dyn Sink>,
        make_sink: impl Fn() -> Arc<dyn Sink> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let reserve = Reserve::of(&config);
        Self::with_reserve(config, reserve, sink, make_sink)
    }

    /// The same with other bounds.
    #[must_use]
    pub fn with_reserve(
        config: Config,
        reserve: Reserve,
        sink: Arc<dyn Sink>,
        make_sink: impl Fn() -> Arc<dyn Sink> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Self::resolved(config, reserve, sink, make_sink, None)
    }

    /// The same, for a server that is found before each attempt to connect.
    pub(super) fn resolved(
        config: Config,
        reserve: Reserve,
        sink: Arc<dyn Sink>,
        make_sink: impl Fn() -> Arc<dyn Sink> + Send + Sync + 'static,
        resolvers: Option<MakeResolver>,
    ) -> Arc<Self> {
        let sink = Arc::new(SharedSink::new(sink));
        let resolver = resolvers.as_ref().map(|make| make());
        let shared = Lane::make(config.clone(), Arc::clone(&sink) as _, resolver);
        let make_sink = Box::new(make_sink);
        let spares = Spares::new(
            Arc::clone(&shared) as _,
            config,
            reserve,
            make_sink,
            resolvers,
        );
        sink.attach(&spares);
        Arc::new(Self {
            shared,
            spares,
            spreads: reserve.spreads,
            transaction: AtomicBool::new(false),
        })
    }

    /// The connection that commands share.
    #[must_use]
    pub fn shared(&self) -> &Arc<Lane> {
        &self.shared
    }

    /// What the endpoint was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.shared.config()
    }

    /// The state of the shared connection.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Whether there is a shared connection, or one is being made.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.shared.is_active()
    }

    /// The state of the shared connection with its changes from now on.
    #[must_use]
    pub fn observe(&self) -> watch::Receiver<State> {
        self.shared.observe()
    }

    /// Bytes that the shared connection's socket has not taken yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.shared.buffered()
    }

    /// How much waits to be sent on the shared connection.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        self.shared.backlog()
    }

    /// Submits whole commands, cut in pieces anywhere, and their entries in the same order.
    pub fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        let bits = entries.iter().fold(0, |bits, entry| bits | entry.meta.0);
        if bits & (Meta::HOLDS | Meta::STATE) != 0 {
            self.submit_mixed(&pieces.concat(), entries, delivery);
        } else if self.spreads && delivery != Delivery::Held {
            self.spread(pieces, entries, delivery);
        } else {
            self.shared.submit(pieces, entries, delivery);
        }
    }

    /// Submits commands some of which may block, or select a database.
    fn submit_mixed(&self, bytes: &[u8], entries: &[Entry], delivery: Delivery) {
        let commands = cut::commands(bytes);
        // A refusal is for all alike.
        if commands.len() != entries.len() || self.shared.refusal().is_some() {
            self.shared.submit(&[bytes], entries, delivery);
            return;
        }
        let mut context = self.shared.context();
        context.in_transaction |= self.transaction.load(Ordering::Relaxed);
        let mut kept_bytes = Vec::with_capacity(bytes.len());
        let mut kept = Vec::with_capacity(entries.len());
        let mut moved = Vec::new();
        for (mut entry, range) in entries.iter().copied().zip(commands) {
            let command = &bytes[range];
            if entry.meta.0 & Meta::STATE != 0
                && let stateful::Change::Database(number) =
                    stateful::change(&cut::arguments(command))
            {
                entry.meta = entry.meta.selecting(number);
            }
            if entry.meta.holds() {
                match blocking::wait(&cut::arguments(command)) {
                    None => entry.meta = entry.meta.not_holding(),
                    Some(wait) if wait.movable && !context.in_transaction => {
                        moved.push((command, entry, wait.limit, context.database));
                        continue;
                    }
                    Some(_) => {}
                }
            }
            context.pass(entry.meta);
            kept_bytes.extend_from_slice(command);
            kept.push(entry);
        }
        if self.spreads {
            self.transaction
                .store(context.in_transaction, Ordering::Relaxed);
        }
        // Even when nothing is left: the shared connection is the client's.
        self.shared.submit(&[&kept_bytes], &kept, delivery);
        for (command, entry, limit, database) in moved {
            let command = Bytes::copy_from_slice(command);
            self.spares.run(command, entry, limit, database);
        }
    }

    /// Gives up a command that blocks, or an [`acquire`](Self::acquire), by its id, which fails with
    /// "Connection closed". Other commands are left alone. Returns whether there was something to
    /// give up.
    ///
    /// The wait on the server is ended before anything that is submitted afterwards, so that it
    /// takes no element that is pushed later.
    #[allow(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn cancel(&self, id: u32) -> bool {
        self.spares.cancel(id)
    }

    /// Asks for a connection of one's own. `grant` is called when there is one, or with an error:
    /// `ERR_REDIS_POOL_TIMEOUT` when none has become free within the limit,
    /// `ERR_REDIS_POOL_EXHAUSTED` when too many wait already, `ERR_REDIS_CONNECTION_CLOSED` when
    /// the client ends. With an `id` the wait can be cancelled.
    pub fn acquire(&self, id: Option<u32>, limit: Option<Duration>, grant: Grant) {
        // Nothing is sent: the shared connection is dialled, unless it is there.
        if let Err(error) = self.shared.try_submit(&[], &[], Delivery::Direct) {
            grant(Err(error));
            return;
        }
        self.spares.lease(id, limit, grant);
    }

    /// Connects, reviving a closed or failed endpoint; `id` is answered with the HELLO reply.
    pub fn connect(&self, id: u32) {
        self.shared.connect(id);
    }

    /// Closes all connections, leases too; everything that waits fails with "Connection closed".
    /// Returns whether there was something to close.
    #[allow(clippy::must_use_candidate, reason = "it is called for what it does")]
    pub fn close(&self) -> bool {
        let closed = self.shared.close();
        self.spares.close();
        closed
    }

    /// Closes for good: the last handle is gone.
    pub fn finalize(&self) {
        self.shared.finalize();
        self.spares.close();
    }
}
