//! Reading a lane's connection on the environment's own thread.

use std::cell::RefCell;
use std::rc::Rc;

use napi::bindgen_prelude::Result;

use super::event_loop::{Next, Source};
use super::port::{Parcel, PortHandle};
use super::redis_reply::Scratch;
use super::redis_sink::unpack_reply;
use super::tape::Tape;
use crate::redis::inlet::{Arrival, Inlet};

/// A new connection on its way to the thread that will read it.
pub struct Adopted {
    inlet: Option<Inlet>,
    port: PortHandle,
    target: u32,
}

impl Adopted {
    /// To be read for the object `target`.
    pub fn new(inlet: Inlet, port: PortHandle, target: u32) -> Self {
        Self {
            inlet: Some(inlet),
            port,
            target,
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
            target: self.target,
            scratch: RefCell::default(),
        });
        if let Err(error) = event_loop.watch(self.target, descriptor, Rc::clone(&reader) as _) {
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
    target: u32,
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
            if !unpack_reply(tape, self.target, reply, frame, &mut scratch)? {
                return Ok(false);
            }
            inlet.advance();
        }
        Ok(true)
    }
}
