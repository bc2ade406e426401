//! Reading a lane's connection on the environment's own thread.

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::Result;

use super::event_loop::{Next, Source};
use super::port::{Parcel, PortHandle};
use super::redis_reply::Scratch;
use super::redis_sink::{Recipient, unpack_reply};
use super::tape::Tape;
use crate::redis::inlet::{Arrival, Inlet};

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
        if inlet.resume() == Arrival::Ended {
            return Ok(true);
        }
        let descriptor = inlet.descriptor();
        let reader = Rc::new(LaneReader {
            inlet: RefCell::new(inlet),
            recipient: self.recipient.clone(),
            scratch: RefCell::default(),
        });
        if let Err(error) =
            event_loop.watch(self.recipient.target, descriptor, Rc::clone(&reader) as _)
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

    fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool> {
        let mut inlet = self.inlet.borrow_mut();
        let mut scratch = self.scratch.borrow_mut();
        while let Some((reply, frame)) = inlet.peek() {
            if !unpack_reply(tape, &self.recipient, reply, frame, &mut scratch)? {
                return Ok(false);
            }
            inlet.advance();
        }
        Ok(true)
    }
}
