//! Reading a lane's connection on the environment's own thread.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use napi::bindgen_prelude::Result;

use super::event_loop::{Key, Next, Source};
use super::long_string;
use super::port::{Parcel, PortHandle, cannot_represent};
use super::redis_reply::Scratch;
use super::redis_sink::{Recipient, unpack_reply};
use super::tape::{Tag, Tape};
use crate::redis::inflight::Entry;
use crate::redis::inlet::{Arrival, Inlet};
use crate::redis::lane::Reply;
use crate::redis::resp::decode::{Item, Reader};

/// Bytes behind the text of a bulk string.
const CRLF: usize = 2;

/// A new connection on its way to the thread that will read it.
pub struct Adopted {
    inlet: Option<Inlet>,
    port: PortHandle,
    recipient: Recipient,
}

impl Adopted {
    /// To be read for this recipient.
    pub fn new(inlet: Inlet, port: PortHandle, recipient: Recipient) -> Self {
        Self {
            inlet: Some(inlet),
            port,
            recipient,
        }
    }
}

impl Parcel for Adopted {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        let (Some(mut inlet), Some(event_loop)) = (self.inlet.take(), tape.event_loop) else {
            return Ok(true);
        };
        let arrival = inlet.resume();
        let descriptor = inlet.descriptor();
        let reader = Rc::new(LaneReader {
            inlet: RefCell::new(inlet),
            recipient: self.recipient.clone(),
            scratch: RefCell::default(),
        });
        // Even what has ended may have brought replies before.
        if arrival != Arrival::Ended
            && let Err(error) = event_loop.watch(
                Key::Target(self.recipient.target),
                descriptor,
                Rc::clone(&reader) as _,
                false,
            )
        {
            self.port.give_up_reading();
            reader.inlet.borrow_mut().refuse(error);
        }
        if !reader.unpack(tape)? {
            event_loop.unpack_later(reader);
        }
        Ok(true)
    }
}

struct LaneReader {
    inlet: RefCell<Inlet>,
    recipient: Recipient,
    scratch: RefCell<Scratch>,
}

impl Source for LaneReader {
    fn arrived(&self) -> Next {
        match self.inlet.borrow_mut().receive() {
            Arrival::Nothing => Next::Wait,
            Arrival::Replies => Next::Unpack,
            Arrival::Ended => Next::UnpackAndStop,
        }
    }

    fn abandoned(&self, error: io::Error) {
        self.inlet.borrow_mut().refuse(error);
    }

    fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool> {
        let mut inlet = self.inlet.borrow_mut();
        let mut scratch = self.scratch.borrow_mut();
        loop {
            if unpack_long(&mut inlet, tape)? {
                continue;
            }
            let Some((reply, frame)) = inlet.peek() else {
                return Ok(true);
            };
            if !unpack_reply(tape, &self.recipient, reply, frame, &mut scratch)? {
                return Ok(false);
            }
            inlet.advance();
        }
    }
}

/// Hands the next reply over with its memory, if it is a long string. Returns whether it was one.
fn unpack_long(inlet: &mut Inlet, tape: &mut Tape<'_>) -> Result<bool> {
    let long = inlet
        .peek()
        .and_then(|(reply, frame)| long_text(reply, frame));
    let Some((entry, text)) = long.filter(|_| tape.fits(0)) else {
        return Ok(false);
    };
    let Some(memory) = inlet.take_memory() else {
        return Ok(false);
    };
    match long_string::string(tape.env, memory, text) {
        Ok(value) => tape.settle_value(entry.id, Tag::Value, value),
        Err(error) => tape.settle_failure(entry.id, &cannot_represent(&error))?,
    }
    Ok(true)
}

/// Where the text of a long string is in the inlet's memory, if the reply is one and ASCII.
fn long_text(reply: Reply, frame: &[u8]) -> Option<(Entry, Range<usize>)> {
    let entry = reply.entry.filter(|entry| !entry.meta.wants_bytes())?;
    if frame.len() < long_string::MINIMUM || frame[0] != b'$' {
        return None;
    }
    let Item::Bulk(text) = Reader::new(frame).item()? else {
        return None;
    };
    let end = reply.end - CRLF;
    text.is_ascii().then_some((entry, end - text.len()..end))
}
