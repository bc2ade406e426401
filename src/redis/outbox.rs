//! Bytes that wait to be sent, split so that a lost connection loses only what had begun. Pure.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Buf, Bytes, BytesMut};

use super::inflight::{Entry, InFlight};
use super::resp::encode::begun;

/// Commands are gathered for one write until there are so many bytes.
const GATHER: usize = 64 * 1024;

/// The waiting bytes of one connection.
///
/// The invariant behind all of this: a command is in [`InFlight`] exactly when the server may have
/// seen a part of it. It is put there before its first byte is offered to the socket, because the
/// reply may be read by another thread at once, and taken back when none of it was accepted.
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
}

/// How much waits to be sent.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes of whole commands and of the rest of those that are partly sent.
    pub bytes: usize,
    /// Commands of which nothing was sent.
    pub commands: usize,
}

#[derive(Debug)]
struct Chunk {
    bytes: Bytes,
    entries: Vec<Entry>,
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
        outcome
    }

    /// Sends what waits. Returns whether nothing is left.
    pub fn flush(&mut self, inflight: &Mutex<InFlight>, write: Write<'_>) -> io::Result<bool> {
        loop {
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
            lock(inflight).extend(chunk.entries.iter().copied());
            let (sent, outcome) = match write(&chunk.bytes) {
                Ok(count) => (count, Ok(true)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => (0, Ok(false)),
                Err(error) => (0, Err(error)),
            };
            if sent < chunk.bytes.len() {
                self.keep(chunk.bytes, &chunk.entries, sent, inflight);
            }
            if !matches!(outcome, Ok(true)) {
                return outcome;
            }
        }
    }

    /// The connection is gone: drops the rest of what had begun. The commands that had not begun
    /// stay and go out on the next connection.
    pub fn lost(&mut self) {
        self.begun = Bytes::new();
    }

    /// Takes out every command that has not begun, oldest first.
    pub fn take(&mut self) -> Vec<Entry> {
        self.begun = Bytes::new();
        let gathered = self.gather();
        self.backlog = Backlog::default();
        self.waiting
            .drain(..)
            .chain(gathered)
            .flat_map(|chunk| chunk.entries)
            .collect()
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
        lock(inflight).retract(untouched.len());
        let rest = bytes.split_off(end);
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
}

/// A lock that a panic elsewhere does not take away: every change to the queue is one step.
pub(super) fn lock(inflight: &Mutex<InFlight>) -> MutexGuard<'_, InFlight> {
    inflight.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::inflight::Match;
    use crate::redis::meta::Meta;
    use crate::redis::resp::encode::command;
    use bytes::BytesMut;

    fn get(key: &str) -> Vec<u8> {
        let mut out = BytesMut::new();
        command(&mut out, &[b"GET", key.as_bytes()]);
        out.to_vec()
    }

    fn entries(ids: std::ops::Range<u32>) -> Vec<Entry> {
        ids.map(|id| Entry {
            id,
            meta: Meta::default(),
        })
        .collect()
    }

    fn ids(inflight: &Mutex<InFlight>) -> Vec<u32> {
        lock(inflight).take().iter().map(|entry| entry.id).collect()
    }

    /// A socket that takes `room` bytes in pieces of at most `step`.
    fn socket<'a>(
        room: &'a mut usize,
        step: usize,
        wire: &'a mut Vec<u8>,
    ) -> impl FnMut(&[u8]) -> io::Result<usize> + 'a {
        move |bytes| {
            let count = bytes.len().min(*room).min(step);
            if count == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            *room -= count;
            wire.extend_from_slice(&bytes[..count]);
            Ok(count)
        }
    }

    /// The same socket for bytes in several pieces.
    fn vectored(
        mut write: impl FnMut(&[u8]) -> io::Result<usize>,
    ) -> impl FnMut(&[IoSlice<'_>]) -> io::Result<usize> {
        move |pieces| {
            write(
                &pieces
                    .iter()
                    .flat_map(|piece| piece.to_vec())
                    .collect::<Vec<_>>(),
            )
        }
    }

    #[test]
    fn one_large_command_in_pieces_is_kept_from_where_the_socket_stopped() {
        let bytes = get("a");
        for room in 0..=bytes.len() {
            let mut outbox = Outbox::default();
            let inflight = Mutex::new(InFlight::default());
            let (mut wire, mut left) = (Vec::new(), room);
            let (head, tail) = bytes.split_at(7);
            outbox
                .send(
                    &[head, &[], tail],
                    &entries(0..1),
                    &inflight,
                    &mut vectored(socket(&mut left, 4, &mut wire)),
                )
                .unwrap();
            assert_eq!(outbox.len(), bytes.len() - room);
            let mut plenty = usize::MAX;
            outbox
                .flush(&inflight, &mut socket(&mut plenty, 1000, &mut wire))
                .unwrap();
            assert_eq!(wire, bytes, "room {room}");
            assert_eq!(ids(&inflight), [0]);
        }
    }

    #[test]
    fn whatever_the_socket_takes_the_stream_is_whole_and_in_order() {
        let first = [get("a"), get("bb"), get("ccc")].concat();
        let second = get("d");
        let whole = [first.clone(), second.clone()].concat();
        for room in 0..=first.len() {
            for step in [1, 7, 1000] {
                let mut outbox = Outbox::default();
                let inflight = Mutex::new(InFlight::default());
                let mut wire = Vec::new();
                let mut left = room;
                let (head, tail) = first.split_at(5);
                outbox
                    .send(
                        &[head, tail],
                        &entries(0..3),
                        &inflight,
                        &mut vectored(socket(&mut left, step, &mut wire)),
                    )
                    .unwrap();
                outbox.push(&[&second], &entries(3..4));
                assert_eq!(outbox.len(), whole.len() - room);
                let unsent = outbox.backlog().commands;
                assert_eq!(lock(&inflight).len() + unsent, 4);
                let mut plenty = usize::MAX;
                // `flush` offers a chunk once; a short write means more room later.
                while !outbox
                    .flush(&inflight, &mut socket(&mut plenty, step, &mut wire))
                    .unwrap()
                {}
                assert_eq!(wire, whole, "room {room} step {step}");
                assert_eq!(outbox.backlog(), Backlog::default());
                assert_eq!(ids(&inflight), [0, 1, 2, 3]);
            }
        }
    }

    #[test]
    fn a_lost_connection_loses_exactly_what_had_begun() {
        let bytes = [get("a"), get("bb"), get("ccc")].concat();
        let ends = [
            0,
            get("a").len(),
            get("a").len() + get("bb").len(),
            bytes.len(),
        ];
        for room in 0..=bytes.len() {
            let mut outbox = Outbox::default();
            let inflight = Mutex::new(InFlight::default());
            let (mut wire, mut left) = (Vec::new(), room);
            outbox
                .send(
                    &[&bytes],
                    &entries(0..3),
                    &inflight,
                    &mut vectored(socket(&mut left, 1000, &mut wire)),
                )
                .unwrap();
            let begun = u32::try_from(ends.iter().filter(|end| **end < room).count()).unwrap();
            let begun = begun.min(3);
            outbox.lost();
            assert_eq!(
                ids(&inflight),
                (0..begun).collect::<Vec<_>>(),
                "room {room}"
            );
            wire.clear();
            let mut plenty = usize::MAX;
            outbox
                .flush(&inflight, &mut socket(&mut plenty, 1000, &mut wire))
                .unwrap();
            assert_eq!(wire, bytes[ends[begun as usize]..]);
            assert_eq!(ids(&inflight), (begun..3).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_reply_may_come_while_the_rest_is_still_waiting() {
        let bytes = [get("a"), get("b")].concat();
        let mut outbox = Outbox::default();
        let inflight = Mutex::new(InFlight::default());
        let (mut wire, mut room) = (Vec::new(), get("a").len() + 1);
        outbox
            .send(
                &[&bytes],
                &entries(0..2),
                &inflight,
                &mut vectored(socket(&mut room, 1000, &mut wire)),
            )
            .unwrap();
        assert!(
            matches!(lock(&inflight).frame(b'_', b"_\r\n"), Match::Reply(entry) if entry.id == 0)
        );
        assert!(!outbox.is_empty());
    }

    #[test]
    fn what_gathers_goes_out_in_one_write_and_in_order() {
        let mut outbox = Outbox::default();
        let inflight = Mutex::new(InFlight::default());
        for id in 0..3 {
            let bytes = get(&id.to_string());
            let (head, tail) = bytes.split_at(3);
            outbox.push(&[head, tail], &entries(id..id + 1));
        }
        let large = vec![b'x'; GATHER];
        outbox.push(&[&large], &entries(3..4));
        outbox.push(&[&get("4")], &entries(4..5));
        let mut writes = Vec::new();
        let mut write = |bytes: &[u8]| {
            writes.push(bytes.to_vec());
            Ok(bytes.len())
        };
        assert!(outbox.flush(&inflight, &mut write).unwrap());
        let first = [get("0"), get("1"), get("2"), large].concat();
        assert_eq!(writes, [first, get("4")]);
        assert!(outbox.is_empty());
        assert_eq!(ids(&inflight), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn what_has_gathered_is_taken_and_measured() {
        let mut outbox = Outbox::default();
        outbox.push(&[&get("a")], &entries(0..1));
        outbox.lost();
        assert_eq!(outbox.len(), get("a").len());
        assert_eq!(outbox.take(), entries(0..1));
        assert!(outbox.is_empty());
    }
}
