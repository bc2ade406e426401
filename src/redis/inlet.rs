//! Reading a connection on its user's own thread.
//!
//! A user with an event loop need not wait for the driver's thread: it watches the descriptor
//! itself and takes replies where they were received. The bytes stay in one lasting buffer, so a
//! reply costs no allocation on its way.

use std::io;
use std::os::fd::RawFd;
use std::sync::Arc;

use super::driver::{self, End};
use super::lane::{Lane, Reply};
use super::receiver::{Matched, Receiver, match_replies};
use super::resp::scan::Scanner;
use crate::net::buffers;
use crate::net::stream::Socket;

/// Room for one receive.
const BUFFER: usize = 64 * 1024;
/// Less room than this is not worth a call.
const MINIMUM: usize = 16 * 1024;
/// A reply that is known to be larger gets this much room at once, then as much again as it fills.
const AHEAD: usize = 4 * 1024 * 1024;
/// After so many receives that did not need a large buffer it is given back.
const PATIENCE: u32 = 1000;

/// The receiving end of one connection.
pub struct Inlet {
    lane: Arc<Lane>,
    socket: Arc<Socket>,
    /// Of the commands in flight; those of a later connection are none of ours.
    generation: u64,
    scanner: Scanner,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were received.
    filled: usize,
    /// Bytes of the buffer that belong to `replies`.
    scanned: usize,
    replies: Vec<Reply>,
    next: usize,
    roomy: u32,
}

/// What [`Inlet::receive`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// No whole reply yet.
    Nothing,
    /// There are replies to take; see [`Inlet::peek`].
    Replies,
    /// The connection has ended, and its driver knows. There may be replies that came before.
    Ended,
}

impl Inlet {
    /// Takes over behind the handshake, which may have left bytes.
    pub(super) fn new(
        lane: Arc<Lane>,
        socket: Arc<Socket>,
        generation: u64,
        receiver: Receiver,
    ) -> Self {
        let (scanner, left) = receiver.into_parts();
        let mut buffer = vec![0; BUFFER.max(left.len())];
        buffer[..left.len()].copy_from_slice(&left);
        Self {
            lane,
            socket,
            generation,
            scanner,
            buffer,
            filled: left.len(),
            scanned: 0,
            replies: Vec::new(),
            next: 0,
            roomy: 0,
        }
    }

    /// What to watch.
    #[must_use]
    pub fn descriptor(&self) -> RawFd {
        self.socket.descriptor()
    }

    /// Looks for replies among the bytes that the handshake left.
    pub fn resume(&mut self) -> Arrival {
        self.scan()
    }

    /// Receives once, when every reply of the time before has been taken.
    pub fn receive(&mut self) -> Arrival {
        if self.peek().is_some() {
            return Arrival::Replies;
        }
        self.make_room();
        match self.socket.receive(&mut self.buffer[self.filled..]) {
            Ok(0) => self.end(driver::lost(io::ErrorKind::UnexpectedEof.into())),
            Ok(count) => {
                self.filled += count;
                self.lane.heard();
                self.scan()
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
                ) =>
            {
                Arrival::Nothing
            }
            Err(error) => self.end(driver::lost(error)),
        }
    }

    /// Tells the driver that the descriptor cannot be watched.
    pub fn refuse(&mut self, error: io::Error) {
        self.end(driver::lost(error));
    }

    /// The next reply and its bytes.
    #[must_use]
    pub fn peek(&self) -> Option<(Reply, &[u8])> {
        let reply = *self.replies.get(self.next)?;
        Some((reply, &self.buffer[reply.start..reply.end]))
    }

    /// Goes on behind the reply that was peeked at.
    pub fn advance(&mut self) {
        self.next += 1;
    }

    /// Takes the memory in which the next reply was received, when nothing else is in it that was
    /// not peeked at yet. Advances behind that reply.
    pub fn take_memory(&mut self) -> Option<Vec<u8>> {
        if self.next + 1 != self.replies.len() {
            return None;
        }
        self.replies.clear();
        self.next = 0;
        self.scanner.consume(self.scanned);
        let start = std::mem::take(&mut self.scanned);
        let buffer = vec![0; BUFFER.max(self.filled - start)];
        Some(self.replace_buffer(buffer, start))
    }

    /// Goes on with `buffer`, to which the bytes from `start` on are moved.
    fn replace_buffer(&mut self, buffer: Vec<u8>, start: usize) -> Vec<u8> {
        let old = std::mem::replace(&mut self.buffer, buffer);
        let left = &old[start..self.filled];
        self.buffer[..left.len()].copy_from_slice(left);
        self.filled = left.len();
        old
    }

    fn scan(&mut self) -> Arrival {
        let mut inflight = self.lane.inflight();
        if inflight.generation() != self.generation {
            return Arrival::Ended;
        }
        let Matched {
            end,
            diverted,
            outcome,
        } = match_replies(
            &mut self.scanner,
            &self.buffer[..self.filled],
            &mut inflight,
            &mut self.replies,
        );
        let demoted = inflight.take_demoted();
        drop(inflight);
        if demoted {
            self.lane.demoted();
        }
        self.scanned = end;
        self.lane.divert(diverted);
        self.lane.after_delivery();
        match outcome {
            Err(end) => self.end(end),
            Ok(()) if self.replies.is_empty() => Arrival::Nothing,
            Ok(()) => Arrival::Replies,
        }
    }

    fn make_room(&mut self) {
        self.replies.clear();
        self.next = 0;
        self.scanner.consume(self.scanned);
        self.buffer.copy_within(self.scanned..self.filled, 0);
        self.filled -= self.scanned;
        self.scanned = 0;
        // A buffer that is large already is filled first: each growth copies what was received.
        let is_known_larger = self.buffer.len() < AHEAD && self.scanner.missing() > self.room();
        if self.room() < MINIMUM || is_known_larger {
            // The peer chose how much is missing: trust it only as far as it keeps sending.
            let trusted = self.filled.max(AHEAD);
            let room = self.scanner.missing().clamp(BUFFER, trusted);
            let larger = buffers::take(self.filled + room);
            let smaller = self.replace_buffer(larger, 0);
            // A small one is not worth keeping.
            if smaller.len() > BUFFER {
                buffers::give_back(smaller);
            }
            self.roomy = 0;
        } else if self.buffer.len() > BUFFER && self.filled < BUFFER / 2 {
            self.roomy += 1;
            if self.roomy > PATIENCE {
                self.replace_buffer(vec![0; BUFFER], 0);
            }
        } else {
            self.roomy = 0;
        }
    }

    fn room(&self) -> usize {
        self.buffer.len() - self.filled
    }

    fn end(&self, end: End) -> Arrival {
        self.lane.reading_ended(&self.socket, end);
        Arrival::Ended
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        // Nobody reads any more. On a connection that has ended already this does nothing.
        self.end(driver::lost(io::ErrorKind::ConnectionAborted.into()));
    }
}
