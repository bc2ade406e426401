//! Bytes that wait to be sent, split so that a lost connection loses only what had begun. Pure.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes, BytesMut};

use super::inflight::{Entry, InFlight};
use super::resp::encode::{begun, length};

/// Commands are gathered for one write until there are so many bytes.
const GATHER: usize = 64 * 1024;

/// The waiting bytes of one connection.
///
/// The invariant behind all of this: a command is in [`InFlight`] exactly when the server may have
/// seen a part of it. It is put there before its first byte is offered to the socket, because the
/// reply may be read by another thread at once, and taken back when none of it was accepted. One
/// that is not there any more by then was answered by a server that knew nothing of it: its user has
/// that reply and its id may be another command's already, so it is dropped, and the connection
/// ends.
#[derive(Debug, Default)]
pub struct Outbox {
    /// The rest of commands that are partly sent; their entries are in flight.
    begun: Bytes,
    waiting: VecDeque<Chunk>,
    /// What comes behind `waiting`; it will be one chunk.
    gathered: BytesMut,
    gathered_entries: Vec<Entry>,
    /// What `waiting` and `gathered` hold.
    backlog: Backlog,
    /// The server has answered commands before it had seen any of them: the connection is over.
    forestalled: bool,
}

/// How much waits to be sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes of whole commands and of the rest of those that are partly sent.
    pub bytes: usize,
    /// Commands of which nothing was sent.
    pub commands: usize,
}

/// Whole commands that are sent together.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chunk {
    /// The commands.
    pub bytes: Bytes,
    /// What they are.
    pub entries: Vec<Entry>,
}

impl Chunk {
    /// Takes out the commands up to the one that ends the transaction that they begin inside of.
    fn take_transaction(&mut self) -> Vec<Entry> {
        let end = self.entries.iter().position(|entry| entry.meta.ends());
        let count = end.map_or(self.entries.len(), |last| last + 1);
        self.bytes.advance(length(&self.bytes, count));
        let behind = self.entries.split_off(count);
        std::mem::replace(&mut self.entries, behind)
    }
}

/// Where bytes go: takes as many as it can without waiting.
pub type Write<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<usize>;

/// The same for bytes in several pieces.
pub type WriteVectored<'a> = &'a mut dyn FnMut(&[IoSlice<'_>]) -> io::Result<usize>;

impl Outbox {
    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.begun.is_empty() && self.waiting.is_empty() && self.gathered.is_empty()
    }

    /// How many bytes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.begun.len() + self.backlog.bytes
    }

    /// How much waits.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        Backlog {
            bytes: self.len(),
            commands: self.backlog.commands,
        }
    }

    /// The commands of which nothing was sent, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let waiting = self.waiting.iter().flat_map(|chunk| &chunk.entries);
        waiting.chain(&self.gathered_entries)
    }

    /// Appends whole commands, cut in pieces anywhere.
    pub fn push(&mut self, pieces: &[&[u8]], entries: &[Entry]) {
        let length = pieces.iter().map(|piece| piece.len()).sum();
        self.gathered.reserve(length);
        for piece in pieces {
            self.gathered.extend_from_slice(piece);
        }
        self.gathered_entries.extend_from_slice(entries);
        self.backlog.bytes += length;
        self.backlog.commands += entries.len();
        if self.gathered.len() >= GATHER {
            let chunk = self.gather();
            self.waiting.extend(chunk);
        }
    }

    fn gather(&mut self) -> Option<Chunk> {
        if self.gathered.is_empty() {
            return None;
        }
        // The memory is used again when it is sent, unless it is much.
        let bytes = if self.gathered.capacity() > 2 * GATHER {
            std::mem::take(&mut self.gathered)
        } else {
            self.gathered.split()
        };
        Some(Chunk {
            bytes: bytes.freeze(),
            entries: std::mem::take(&mut self.gathered_entries),
        })
    }

    /// Offers whole commands, cut in pieces anywhere, to the socket and keeps what it does not
    /// take. Everything that already waits must have been sent.
    pub fn send(
        &mut self,
        pieces: &[&[u8]],
        entries: &[Entry],
        inflight: &Mutex<InFlight>,
        write: WriteVectored<'_>,
    ) -> io::Result<()> {
        lock(inflight).extend(entries.iter().copied());
        let mut single;
        let mut several;
        let mut rest: &mut [IoSlice<'_>] = if let [piece] = pieces {
            single = [IoSlice::new(piece)];
            &mut single
        } else {
            several = pieces
                .iter()
                .map(|piece| IoSlice::new(piece))
                .collect::<Vec<_>>();
            &mut several
        };
        // Empty pieces would look like a socket that takes nothing.
        IoSlice::advance_slices(&mut rest, 0);
        let mut sent = 0;
        let mut outcome = Ok(());
        while !rest.is_empty() {
            match write(rest) {
                Ok(count) => {
                    sent += count;
                    IoSlice::advance_slices(&mut rest, count);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if let ([_], 1.., [_, ..]) = (entries, sent, &*rest) {
            // One large command, the commonest case: only what is left need be copied.
            self.begun = rest
                .iter()
                .flat_map(|piece| piece.iter().copied())
                .collect();
        } else if !rest.is_empty() {
            self.keep(Bytes::from(pieces.concat()), entries, sent, inflight);
        }
        outcome.and_then(|()| self.check())
    }

    /// Sends what waits. Returns whether nothing is left.
    pub fn flush(&mut self, inflight: &Mutex<InFlight>, write: Write<'_>) -> io::Result<bool> {
        loop {
            self.check()?;
            while !self.begun.is_empty() {
                match write(&self.begun) {
                    Ok(count) => self.begun.advance(count),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                    Err(error) => return Err(error),
                }
            }
            let Some(chunk) = self.waiting.pop_front().or_else(|| self.gather()) else {
                return Ok(true);
            };
            self.backlog.bytes -= chunk.bytes.len();
            self.backlog.commands -= chunk.entries.len();
            lock(inflight).begin(&chunk);
            let (sent, outcome) = match write(&chunk.bytes) {
                Ok(count) => (count, Ok(true)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (0, Ok(false)),
                Err(error) => (0, Err(error)),
            };
            if sent < chunk.bytes.len() {
                self.keep(chunk.bytes, &chunk.entries, sent, inflight);
            }
            if !matches!(outcome, Ok(true)) {
                return self.check().and(outcome);
            }
        }
    }

    /// The connection is gone: drops the rest of what had begun. The commands that had not begun
    /// stay and go out on the next connection, but for the rest of a transaction that was `open`
    /// behind the last one that had: outside of it they would mean something else. Those are
    /// returned.
    pub fn lost(&mut self, open: bool) -> Vec<Entry> {
        self.end();
        let mut rest = Vec::new();
        let mut open = open;
        while open {
            let Some(mut chunk) = self.waiting.pop_front().or_else(|| self.gather()) else {
                break;
            };
            let length = chunk.bytes.len();
            let inside = chunk.take_transaction();
            open = chunk.entries.is_empty() && !inside.last().is_some_and(|last| last.meta.ends());
            self.backlog.bytes -= length - chunk.bytes.len();
            self.backlog.commands -= inside.len();
            rest.extend(inside);
            if !chunk.entries.is_empty() {
                self.waiting.push_front(chunk);
            }
        }
        rest
    }

    /// Takes out every command that has not begun, oldest first.
    pub fn take(&mut self) -> Vec<Chunk> {
        self.end();
        let gathered = self.gather();
        self.backlog = Backlog::default();
        self.waiting.drain(..).chain(gathered).collect()
    }

    /// Puts back what the socket did not take of a chunk whose entries are in flight.
    fn keep(
        &mut self,
        mut bytes: Bytes,
        entries: &[Entry],
        sent: usize,
        inflight: &Mutex<InFlight>,
    ) {
        let (commands, end) = begun(&bytes, sent);
        let untouched = &entries[commands.min(entries.len())..];
        let retracted = lock(inflight).retract(untouched.len());
        // What is not in flight any more was answered, and its user has it: it must not come again.
        let (answered, untouched) = untouched.split_at(untouched.len() - retracted);
        self.forestalled |= !answered.is_empty();
        let mut rest = bytes.split_off(end);
        rest.advance(length(&rest, answered.len()));
        self.begun = bytes.split_off(sent);
        if !rest.is_empty() {
            self.backlog.bytes += rest.len();
            self.backlog.commands += untouched.len();
            self.waiting.push_front(Chunk {
                bytes: rest,
                entries: untouched.to_vec(),
            });
        }
    }

    /// Fails when the server answers what it cannot know.
    fn check(&self) -> io::Result<()> {
        if self.forestalled {
            return Err(unasked());
        }
        Ok(())
    }

    /// Forgets what concerns the connection that is gone.
    fn end(&mut self) {
        self.begun = Bytes::new();
        self.forestalled = false;
    }
}

/// The error of a server that answers what it cannot know.
pub(super) fn unasked() -> io::Error {
    let what = "the server has answered a command that was not sent";
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A lock that a panic elsewhere does not take away: every change to the queue is one step.
pub(super) fn lock(inflight: &Mutex<InFlight>) -> MutexGuard<'_, InFlight> {
    inflight.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
