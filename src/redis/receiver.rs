//! Reading a connection on its driver's thread, and finding whom each reply is for.

use std::io;

use bytes::{Bytes, BytesMut};

use super::driver::{End, lost};
use super::inflight::{InFlight, Match};
use super::lane::{Batch, Lane, Reply};
use super::outbox::unasked;
use super::resp::scan::{Malformed, Scanner};
use super::retention::Diverted;
use crate::net::stream::Socket;

/// Capacity of a fresh read buffer.
const READ_BUFFER: usize = 64 * 1024;
/// Less room than this is not worth a read.
const READ_MINIMUM: usize = 4 * 1024;
/// A reply that is known to be larger gets this much room at once, then as much again as it fills.
const READ_AHEAD: usize = 4 * 1024 * 1024;
/// Bytes after which replies are delivered although more may be ready.
const DELIVER_AFTER: usize = 1024 * 1024;

/// What was read from a connection and is not used up yet.
#[derive(Default)]
pub(super) struct Receiver {
    /// Of the commands in flight; those of a later connection are none of ours.
    generation: u64,
    buffer: BytesMut,
    scanner: Scanner,
    /// Replies of the last delivery.
    served: usize,
}

impl Receiver {
    pub(super) fn new() -> Self {
        Self {
            generation: 0,
            buffer: BytesMut::with_capacity(READ_BUFFER),
            scanner: Scanner::default(),
            served: 0,
        }
    }

    /// The next whole frame, for the handshake.
    pub(super) fn frame(&mut self) -> Result<Option<Bytes>, Malformed> {
        let Some(frame) = self.scanner.next(&self.buffer)? else {
            return Ok(None);
        };
        let bytes = self.buffer.split_to(frame.end).freeze();
        self.scanner.consume(frame.end);
        Ok(Some(bytes.slice(frame.start..)))
    }

    /// From now on there are replies to the commands of this generation.
    pub(super) fn is_for(&mut self, generation: u64) {
        self.generation = generation;
    }

    /// Reads what has arrived, as far as one delivery should hold; returns how many bytes. An end
    /// that follows them is met the next time, so that no reply before it is lost.
    pub(super) fn read(&mut self, socket: &Socket) -> io::Result<usize> {
        let mut total = 0;
        loop {
            if self.buffer.capacity() - self.buffer.len() < READ_MINIMUM {
                // The peer chose how much is missing: trust it only as far as it keeps sending.
                let trusted = self.buffer.len().max(READ_AHEAD);
                self.buffer
                    .reserve(self.scanner.missing().clamp(READ_BUFFER, trusted));
            }
            let room = self.buffer.capacity() - self.buffer.len();
            match socket.try_read(&mut self.buffer) {
                Ok(0) if total == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    total += count;
                    // A short read emptied the socket: asking again would only cost a call.
                    if count < room || total >= DELIVER_AFTER {
                        return Ok(total);
                    }
                }
                Err(error) if total == 0 && error.kind() != io::ErrorKind::WouldBlock => {
                    return Err(error);
                }
                Err(_) => return Ok(total),
            }
        }
    }

    /// Delivers all whole replies that were read.
    pub(super) fn deliver(&mut self, lane: &Lane) -> Result<(), End> {
        let mut replies = Vec::new();
        let mut inflight = lane.inflight();
        if inflight.generation() != self.generation {
            return Err(End::Superseded);
        }
        let Matched {
            end,
            diverted,
            outcome,
        } = match_replies(&mut self.scanner, &self.buffer, &mut inflight, &mut replies);
        let demoted = inflight.take_demoted();
        drop(inflight);
        let bytes = self.buffer.split_to(end).freeze();
        self.scanner.consume(end);
        if !replies.is_empty() {
            self.served = replies.len();
            lane.deliver(Batch { bytes, replies });
        }
        lane.divert(diverted);
        if demoted {
            lane.demoted();
        }
        lane.after_delivery();
        outcome
    }

    /// Whether the last delivery had several replies.
    pub(super) fn served_many(&self) -> bool {
        self.served > 1
    }

    /// Gives up reading: the scanner, and the bytes that it has seen or not.
    #[cfg(unix)]
    pub(super) fn into_parts(self) -> (Scanner, BytesMut) {
        (self.scanner, self.buffer)
    }
}

/// What [`match_replies`] found besides replies.
pub(super) struct Matched {
    /// Where the last whole frame ends.
    pub(super) end: usize,
    pub(super) diverted: Vec<Diverted>,
    pub(super) outcome: Result<(), End>,
}

/// Appends the whole frames of `buffer` with the commands that they answer.
pub(super) fn match_replies(
    scanner: &mut Scanner,
    buffer: &[u8],
    inflight: &mut InFlight,
    replies: &mut Vec<Reply>,
) -> Matched {
    let mut end = 0;
    let mut diverted = Vec::new();
    let outcome = loop {
        let frame = match scanner.next(buffer) {
            Ok(Some(frame)) => frame,
            Ok(None) => break Ok(()),
            Err(malformed) => break Err(End::Fatal(malformed.into())),
        };
        end = frame.end;
        let entry = match inflight.frame(frame.kind, &buffer[frame.start..frame.end]) {
            Match::Reply(entry) => Some(entry),
            Match::Push => None,
            Match::Diverted(reply) => {
                diverted.push(reply);
                continue;
            }
            Match::Confirmation => continue,
            Match::Stray => break Err(lost(unasked())),
        };
        replies.push(Reply {
            entry,
            start: frame.start,
            end,
        });
    };
    Matched {
        end,
        diverted,
        outcome,
    }
}
