//! What the driver, and those who read for it, do to their lane.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::{Batch, Event, Lane};
use crate::error::Error;
use crate::net::stream::Socket;
use crate::redis::driver::End;
use crate::redis::inflight::{Entry, InFlight};
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::lifecycle;
use crate::redis::outbox::{self, Chunk};
#[cfg(unix)]
use crate::redis::receiver::Receiver;
use crate::redis::resp::encode;
use crate::redis::retention::Diverted;
use crate::redis::state::Phase;
use crate::redis::watchdog::{Oldest, Sight};

/// What the driver does to its lane. Each call names the driver's epoch and does nothing when the
/// lane has moved on; the result then says so.
impl Lane {
    pub(in crate::redis) fn is_current(&self, epoch: u64) -> bool {
        self.lock().epoch == epoch
    }

    /// The server accepted HELLO.
    pub(in crate::redis) fn greeted(&self, epoch: u64, greeting: &Bytes) {
        let mut outbound = self.lock();
        if outbound.epoch != epoch {
            return;
        }
        outbound.greeting = Some(greeting.clone());
        outbound.dial_now = false;
        let waiters = std::mem::take(&mut outbound.waiters);
        self.publish(&outbound);
        drop(outbound);
        self.sink.event(Event::Connected(greeting.clone()));
        if !waiters.is_empty() {
            self.greet(greeting.clone(), &waiters);
        }
    }

    /// The handshake is complete and commands are written directly. Returns the number of the
    /// connection, or `None` when the lane has moved on.
    pub(in crate::redis) fn ready(&self, epoch: u64, socket: &Arc<Socket>) -> Option<u64> {
        let mut outbound = self.lock();
        if outbound.epoch != epoch {
            return None;
        }
        outbound.phase = Phase::Ready;
        outbound.socket = Some(Arc::clone(socket));
        self.publish(&outbound);
        Some(self.inflight().generation())
    }

    /// Sends what waits. Returns whether nothing is left.
    pub(in crate::redis) fn flush(&self, epoch: u64, socket: &Socket) -> std::io::Result<bool> {
        let mut outbound = self.lock();
        if outbound.epoch != epoch {
            return Ok(true);
        }
        let sent = outbound
            .outbox
            .flush(&self.inflight, &mut |bytes| socket.try_write(bytes))?;
        Ok(socket.try_flush()? && sent)
    }

    /// What there is to see of the connection for a watchdog.
    pub(in crate::redis) fn sight(&self, socket: &Socket) -> Sight {
        let stuck = !self.lock().outbox.is_empty();
        let inflight = self.inflight();
        // A server that answers a command before it has taken all of it may leave the rest.
        let stuck = stuck && inflight.is_empty();
        let oldest = inflight.oldest();
        drop(inflight);
        Sight {
            heard: self.last_heard(),
            // What has arrived was not read yet: it is not the server that is silent.
            oldest: match oldest {
                Oldest::Patient if stuck || self.is_attentive() => Oldest::Owed,
                Oldest::Patient => Oldest::Patient,
                _ if socket.has_input() => Oldest::Patient,
                owed => owed,
            },
        }
    }

    /// The same for those who have no socket. What waits for a connection is owed as well.
    pub(in crate::redis) fn sight_from_outside(&self) -> Sight {
        let socket = self.lock().socket.clone();
        if let Some(socket) = socket {
            return self.sight(&socket);
        }
        let oldest = if self.load() > 0 {
            Oldest::Owed
        } else {
            Oldest::Patient
        };
        Sight {
            heard: self.last_heard(),
            oldest,
        }
    }

    /// Asks the server for a sign of life. Returns whether everything is sent.
    pub(in crate::redis) fn probe(&self, epoch: u64, socket: &Socket) -> std::io::Result<bool> {
        let mut ping = BytesMut::new();
        encode::command(&mut ping, &[b"PING"]);
        let mut outbound = self.lock();
        if outbound.epoch == epoch {
            outbound.outbox.push(&[&ping], &[Entry::PROBE]);
        }
        drop(outbound);
        self.flush(epoch, socket)
    }

    /// Lets the sink read the connection of this `generation` from now on.
    #[cfg(unix)]
    pub(in crate::redis) fn hand_over(
        self: &Arc<Self>,
        socket: &Arc<Socket>,
        generation: u64,
        receiver: Receiver,
    ) {
        let lane = Arc::clone(self);
        self.sink
            .adopt(Inlet::new(lane, Arc::clone(socket), generation, receiver));
    }

    /// The sink cannot read `socket` any more.
    #[cfg(unix)]
    pub(in crate::redis) fn reading_ended(&self, socket: &Arc<Socket>, end: End) {
        let mut outbound = self.lock();
        let current = outbound.socket.as_ref();
        if current.is_some_and(|current| Arc::ptr_eq(current, socket)) {
            // The first reason is the real one.
            outbound.ended.get_or_insert(end);
            outbound.wake.notify_one();
        }
    }

    /// Why the driver must leave the connection: it was superseded, or its reader met the end.
    pub(in crate::redis) fn take_end(&self, epoch: u64) -> Option<End> {
        let mut outbound = self.lock();
        if outbound.epoch != epoch {
            return Some(End::Superseded);
        }
        outbound.ended.take()
    }

    /// Notes that the peer is alive.
    pub(in crate::redis) fn heard(&self) {
        let now = u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard.store(now, Ordering::Relaxed);
    }

    /// When something was last received.
    pub(in crate::redis) fn last_heard(&self) -> Instant {
        self.clock + Duration::from_millis(self.heard.load(Ordering::Relaxed))
    }

    #[cfg(unix)]
    pub(in crate::redis) fn sink_reads(&self) -> bool {
        self.sink.reads()
    }

    pub(in crate::redis) fn inflight(&self) -> MutexGuard<'_, InFlight> {
        outbox::lock(&self.inflight)
    }

    pub(in crate::redis) fn divert(&self, replies: Vec<Diverted>) {
        if !replies.is_empty() {
            self.sink.diverted(replies);
        }
    }

    /// Tells the sink when nothing that was sent waits any more. Behind each delivery.
    pub(in crate::redis) fn after_delivery(&self) {
        if self.minds_quiet && self.inflight().is_empty() {
            self.sink.quiet();
        }
    }

    pub(in crate::redis) fn deliver(&self, batch: Batch) {
        self.sink.replies(batch);
    }

    /// The connection is gone and another attempt follows. Returns whether the lane is current.
    pub(in crate::redis) fn reconnecting(&self, epoch: u64, cause: &Error) -> bool {
        let mut outbound = self.lock();
        if outbound.epoch != epoch {
            return false;
        }
        outbound.phase = Phase::Connecting;
        outbound.socket = None;
        outbound.ended = None;
        outbound.left = None;
        outbound.greeting = None;
        // Who asked while this attempt was made was not asking for the next one.
        outbound.dial_now = false;
        outbound.lost = true;
        let mut inflight = self.inflight();
        let unsent = if inflight.keeps() {
            outbound.outbox.take()
        } else {
            vec![Chunk {
                entries: outbound.outbox.lost(inflight.transaction_is_open()),
                ..Chunk::default()
            }]
        };
        let lost = inflight.lost(unsent);
        drop(inflight);
        self.publish(&outbound);
        drop(outbound);
        self.sink.event(Event::Reconnecting);
        self.give_back(lost, &lifecycle::closed().with_source(cause.clone()));
        true
    }

    /// Whether `connect` asked not to wait for the next attempt; asks once.
    pub(in crate::redis) fn take_dial_now(&self) -> bool {
        std::mem::take(&mut self.lock().dial_now)
    }

    /// The lane has failed for good.
    pub(in crate::redis) fn fail(&self, epoch: u64, error: &Error) {
        let outbound = self.lock();
        if outbound.epoch == epoch {
            let closed = lifecycle::ended(error);
            self.end(outbound, error, &closed, Phase::Failed);
        }
    }
}
