//! One connection as its users see it: submit commands, connect, close, from any thread.
//!
//! A lane is shared by its submitters and its driver. Two locks, always taken in
//! this order: `outbound` decides who may write to the socket and what waits; `inflight` matches
//! replies, so that reading never waits for a write.

use std::any::Any;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{Notify, watch};

use super::config::{Config, Status};
use super::driver::{self, End};
use super::inflight::{Entry, InFlight, Lost};
#[cfg(unix)]
use super::inlet::Inlet;
use super::lifecycle;
use super::meta::Meta;
use super::outbox::{Backlog, Outbox};
use super::resolve::Resolve;
use super::retention::{Diverted, Leftover};
use super::state::{Facts, Phase, State};
use crate::error::{Error, Result};
use crate::net::runtime;
use crate::net::stream::Socket;

mod context;
mod driven;
mod resolved;

pub use context::Context;

/// What happens on a lane besides replies.
#[derive(Debug)]
pub enum Event {
    /// The server accepted the handshake; its HELLO reply.
    Connected(Bytes),
    /// The connection is gone and another attempt will be made.
    Reconnecting,
    /// The lane is closed or has failed, and stays so until `connect`.
    Closed(Error),
    /// One of several connections is gone, with subscriptions: they must be made again, and
    /// messages may have been missed.
    SubscriptionsLost,
    /// One of several connections is gone, with what its server would have told of changed keys.
    TrackingLost,
}

/// A frame of a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Reply {
    /// The command that it answers; `None` for a push such as a message.
    pub entry: Option<Entry>,
    /// Offset of the frame in the batch.
    pub start: usize,
    /// Offset behind the frame.
    pub end: usize,
}

/// Replies that were read together.
#[derive(Debug)]
pub struct Batch {
    /// The bytes that the replies point into.
    pub bytes: Bytes,
    /// In the order of arrival.
    pub replies: Vec<Reply>,
}

/// Where a lane delivers. Every id that was submitted comes back exactly once, in a batch or as
/// failed. Called on the driver's or the caller's thread; must not block.
pub trait Sink: Any + Send + Sync {
    /// Replies have arrived.
    fn replies(&self, batch: Batch);
    /// These commands will get no reply.
    fn failed(&self, ids: Vec<u32>, error: &Error);
    /// The connection's state has changed.
    fn event(&self, event: Event);
    /// These replies were not delivered; only a lane that [keeps](Lane::keeping) has any.
    fn diverted(&self, replies: Vec<Diverted>) {
        drop(replies);
    }
    /// What a lane that [keeps](Lane::keeping) gives back, in the place of `failed`.
    fn returned(&self, leftover: Leftover, error: &Error) {
        let ids = leftover.commands.iter().map(|command| command.entry.id);
        self.failed(ids.collect(), error);
    }
    /// Whether the sink wants to be told when the lane is [`quiet`](Self::quiet).
    fn minds_quiet(&self) -> bool {
        false
    }
    /// Every command that was sent has been answered.
    fn quiet(&self) {}
    /// Whether the sink has a thread of its own that can read connections without TLS.
    #[cfg(unix)]
    fn reads(&self) -> bool {
        false
    }
    /// Hands over the reading of a new connection, when the sink [`reads`](Self::reads).
    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        drop(inlet);
    }
}

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

struct Outbound {
    phase: Phase,
    /// Counts lives: a driver of an earlier one must not touch anything.
    epoch: u64,
    /// Wakes the driver of this life, and no other.
    wake: Arc<Notify>,
    outbox: Outbox,
    socket: Option<Arc<Socket>>,
    /// The HELLO reply of the current connection.
    greeting: Option<Bytes>,
    /// Ids of `connect` calls that wait.
    waiters: Vec<u32>,
    dial_now: bool,
    /// Why the sink cannot read the current connection any more.
    ended: Option<End>,
    /// Why the server is to be left, or the attempt to reach one to be given up.
    left: Option<End>,
    /// A connection was lost, or an attempt failed, in this life.
    lost: bool,
    finalized: bool,
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
    /// replies that redirect, and those to [internal](Meta::INTERNAL) commands, are
    /// [diverted](Sink::diverted), and commands without a reply are [returned](Sink::returned).
    #[must_use]
    pub fn keeping(config: Config, sink: Arc<dyn Sink>) -> Arc<Self> {
        Self::with(config, sink, InFlight::keeping(), None)
    }

    fn with(
        config: Config,
        sink: Arc<dyn Sink>,
        inflight: InFlight,
        resolver: Option<Arc<dyn Resolve>>,
    ) -> Arc<Self> {
        let outbound = Outbound {
            phase: Phase::Idle,
            epoch: 0,
            wake: Arc::default(),
            outbox: Outbox::default(),
            socket: None,
            greeting: None,
            waiters: Vec::new(),
            dial_now: false,
            ended: None,
            left: None,
            lost: false,
            finalized: false,
        };
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

    /// Connects, reviving a closed or failed lane; `id` is answered with the HELLO reply.
    pub fn connect(&self, id: u32) {
        let mut outbound = self.lock();
        if let Some(greeting) = &outbound.greeting {
            let greeting = greeting.clone();
            drop(outbound);
            self.greet(greeting, &[id]);
            return;
        }
        outbound.waiters.push(id);
        outbound.dial_now = true;
        if outbound.phase.has_ended() {
            outbound.phase = Phase::Idle;
        }
        outbound.wake.notify_one();
        self.start(&mut outbound);
    }

    /// Closes the connection; everything that waits fails with "Connection closed". Does nothing
    /// on a lane that was never connected or has ended. Returns whether there was something to
    /// close.
    pub fn close(&self) -> bool {
        let outbound = self.lock();
        if outbound.phase == Phase::Idle || outbound.phase.has_ended() {
            return false;
        }
        let error = lifecycle::closed();
        self.end(outbound, &error, &error, Phase::Closed);
        true
    }

    /// Closes for good: the last handle is gone.
    pub fn finalize(&self) {
        self.close();
        let mut outbound = self.lock();
        outbound.finalized = true;
        self.publish(&outbound);
    }

    fn start(&self, outbound: &mut Outbound) {
        // Whoever calls holds a reference.
        if let (Phase::Idle, Some(me)) = (outbound.phase, self.me.upgrade()) {
            outbound.phase = Phase::Connecting;
            outbound.epoch += 1;
            outbound.lost = false;
            outbound.wake = Arc::default();
            self.publish(outbound);
            let wake = Arc::clone(&outbound.wake);
            runtime::current().spawn(driver::run(me, outbound.epoch, wake));
        }
    }

    fn greet(&self, greeting: Bytes, waiters: &[u32]) {
        let end = greeting.len();
        let replies = waiters
            .iter()
            .map(|&id| Reply {
                entry: Some(Entry {
                    id,
                    meta: Meta::default(),
                }),
                start: 0,
                end,
            })
            .collect();
        self.sink.replies(Batch {
            bytes: greeting,
            replies,
        });
    }

    /// Ends the lane's current life: fails commands, then `connect` calls, then tells the sink.
    fn end(
        &self,
        mut outbound: MutexGuard<'_, Outbound>,
        error: &Error,
        closed: &Error,
        phase: Phase,
    ) {
        outbound.phase = phase;
        outbound.epoch += 1;
        outbound.socket = None;
        outbound.ended = None;
        outbound.left = None;
        outbound.greeting = None;
        outbound.dial_now = false;
        let waiters = std::mem::take(&mut outbound.waiters);
        let lost = self.inflight().lost(outbound.outbox.take());
        self.publish(&outbound);
        outbound.wake.notify_one();
        drop(outbound);
        self.log(|| format!("ended: {error}"));
        // Users see `onclose` before the rejections that it explains; one who closes knows.
        if phase == Phase::Failed {
            self.sink.event(Event::Closed(closed.clone()));
        }
        self.give_back(lost, error);
        if !waiters.is_empty() {
            self.sink.failed(waiters, closed);
        }
    }

    fn give_back(&self, lost: Lost, error: &Error) {
        match lost {
            Lost::Entries(entries) if entries.is_empty() => {}
            Lost::Entries(entries) => self.sink.failed(ids(&entries), error),
            Lost::Kept(leftover) => self.sink.returned(leftover, error),
        }
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

impl Outbound {
    fn facts(&self) -> Facts {
        Facts {
            phase: self.phase,
            greeted: self.greeting.is_some(),
            lost: self.lost,
            finalized: self.finalized,
        }
    }
}

fn ids(entries: &[Entry]) -> Vec<u32> {
    entries
        .iter()
        .filter(|entry| !entry.meta.is_probe())
        .map(|entry| entry.id)
        .collect()
}
