//! One connection as its users see it: submit commands, connect, close, from any thread.
//!
//! A lane is shared by its submitters and its driver. Two locks, always taken in
//! this order: `outbound` decides who may write to the socket and what waits; `inflight` matches
//! replies, so that reading never waits for a write.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::watch;

use super::config::{Config, Status};
use super::inflight::{Entry, InFlight};
use super::outbox::Backlog;
use super::resolve::Resolve;
use super::state::{Phase, State};
use crate::error::Result;

mod context;
mod driven;
mod life;
mod outbound;
mod resolved;
mod sink;

pub use self::context::Context;
use self::outbound::Outbound;
pub use self::sink::{Batch, Event, Reply, Sink};

/// How `submit` brings bytes to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Written on the caller's thread as far as the socket takes them without waiting.
    Direct,
    /// Left to the driver, which writes everything that has gathered at once.
    Gathered,
    /// Left to the driver, and a lane that was never connected waits for `connect` to start it: the
    /// command and the call that follow each other in one turn share one life.
    Held,
}

/// One connection.
pub struct Lane {
    /// For its driver.
    me: Weak<Self>,
    config: Config,
    sink: Arc<dyn Sink>,
    /// Finds the server; `None` when it is the one of `config`.
    resolver: Option<Arc<dyn Resolve>>,
    minds_quiet: bool,
    keeps: bool,
    outbound: Mutex<Outbound>,
    inflight: Mutex<InFlight>,
    state: watch::Sender<State>,
    clock: Instant,
    /// When the sink last received something, in milliseconds of `clock`.
    heard: AtomicU64,
}

impl Lane {
    /// A lane that dials at the first command or `connect`.
    #[must_use]
    pub fn new(config: Config, sink: Arc<dyn Sink>) -> Arc<Self> {
        Self::with(config, sink, InFlight::default(), None)
    }

    /// A lane whose server is found before each attempt to connect, if there is a `resolver`.
    pub(super) fn make(
        config: Config,
        sink: Arc<dyn Sink>,
        resolver: Option<Arc<dyn Resolve>>,
    ) -> Arc<Self> {
        Self::with(config, sink, InFlight::default(), resolver)
    }

    /// A lane for one who can send commands elsewhere. It keeps commands until they are answered:
    /// replies that redirect, and those to [internal](super::meta::Meta::INTERNAL) commands, are
    /// [diverted](Sink::diverted), and commands without a reply are [returned](Sink::returned).
    #[must_use]
    pub fn keeping(config: Config, sink: Arc<dyn Sink>) -> Arc<Self> {
        Self::make_keeping(config, sink, None)
    }

    /// Such a lane whose server is found, if there is a `resolver`.
    pub(super) fn make_keeping(
        config: Config,
        sink: Arc<dyn Sink>,
        resolver: Option<Arc<dyn Resolve>>,
    ) -> Arc<Self> {
        Self::with(config, sink, InFlight::keeping(), resolver)
    }

    fn with(
        config: Config,
        sink: Arc<dyn Sink>,
        inflight: InFlight,
        resolver: Option<Arc<dyn Resolve>>,
    ) -> Arc<Self> {
        let outbound = Outbound::default();
        let state = outbound.facts().state(&config);
        let lane = Arc::new_cyclic(|me| Self {
            me: Weak::clone(me),
            config,
            minds_quiet: sink.minds_quiet(),
            keeps: inflight.keeps(),
            sink,
            resolver,
            outbound: Mutex::new(outbound),
            state: watch::Sender::new(state),
            inflight: Mutex::new(inflight),
            clock: Instant::now(),
            heard: AtomicU64::new(0),
        });
        if let Some(resolver) = &lane.resolver {
            resolver.attach(&lane);
        }
        lane
    }

    /// What the lane was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The state of the connection.
    #[must_use]
    pub fn status(&self) -> Status {
        self.lock().facts().status()
    }

    /// Whether there is a connection, or one is being made.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.lock().phase, Phase::Connecting | Phase::Ready)
    }

    /// Whether the lane was closed or has failed: commands are refused.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().phase.has_ended()
    }

    /// The state of the connection with its changes from now on.
    #[must_use]
    pub fn observe(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Bytes that the socket has not taken yet, of commands that have been sent.
    #[must_use]
    pub fn buffered(&self) -> usize {
        let outbound = self.lock();
        if outbound.phase == Phase::Ready {
            outbound.outbox.len()
        } else {
            0
        }
    }

    /// How much waits to be sent, with or without a connection.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        self.lock().outbox.backlog()
    }

    /// Submits whole commands, cut in pieces anywhere, and their entries in the same order.
    pub fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        if let Err(error) = self.try_submit(pieces, entries, delivery) {
            self.sink.failed(ids(entries), &error);
        }
    }

    /// Like [`submit`](Self::submit), but what is refused is not told to the sink.
    pub fn try_submit(
        &self,
        pieces: &[&[u8]],
        entries: &[Entry],
        delivery: Delivery,
    ) -> Result<()> {
        let mut outbound = self.lock();
        if outbound.phase == Phase::Ready
            && outbound.outbox.is_empty()
            && delivery == Delivery::Direct
        {
            let Some(socket) = outbound.socket.clone() else {
                unreachable!("a ready lane has a socket");
            };
            if self.keeps {
                // Before it is sent: the reply may be read by another thread at once.
                let commands = Bytes::from(pieces.concat());
                self.inflight().keep(&commands, entries.len());
            }
            let outcome = outbound
                .outbox
                .send(pieces, entries, &self.inflight, &mut |pieces| {
                    socket.try_write_vectored(pieces)
                });
            let left = outcome.is_err()
                || !outbound.outbox.is_empty()
                || !socket.try_flush().unwrap_or(false);
            // The driver sends the rest, or meets the same error and ends the connection.
            if left {
                outbound.wake.notify_one();
            }
            return Ok(());
        }
        let refusal = outbound.refusal(&self.config);
        if refusal.is_none() {
            outbound.outbox.push(pieces, entries);
            if outbound.phase == Phase::Ready {
                outbound.wake.notify_one();
            }
        }
        if delivery != Delivery::Held {
            self.start(&mut outbound);
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Reports the life cycle when that was asked for; never a command, a value or a password.
    pub(super) fn log(&self, what: impl FnOnce() -> String) {
        if self.config.options.enable_debug_logging {
            eprintln!("s3-valkey redis {}: {}", self.config.target.address, what());
        }
    }

    fn publish(&self, outbound: &Outbound) {
        let state = outbound.facts().state(&self.config);
        self.state.send_replace(state);
    }

    fn lock(&self) -> MutexGuard<'_, Outbound> {
        self.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ids(entries: &[Entry]) -> Vec<u32> {
    entries
        .iter()
        .filter(|entry| !entry.meta.is_probe())
        .map(|entry| entry.id)
        .collect()
}
