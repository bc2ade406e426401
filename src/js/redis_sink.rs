//! What a lane delivers, as parcels for the port.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use napi::bindgen_prelude::Result;
use napi::sys;

use super::port::{Parcel, PortHandle, cannot_represent};
use super::redis_lane::LaneEvent;
#[cfg(unix)]
use super::redis_reader::Adopted;
use super::redis_reply::{self, Scratch};
use super::tape::Tape;
use super::value;
use crate::error::Error;
#[cfg(unix)]
use crate::redis::inlet::Inlet;
use crate::redis::lane::{Batch, Event, Reply, Sink};
use crate::redis::meta::Meta;
use crate::redis::resp::decode::Reader;

/// The object that is told of a lane's events.
#[derive(Clone)]
pub struct Recipient {
    /// Its number.
    pub target: u32,
    /// Whether it wants the strings of pushes as bytes.
    push_bytes: Arc<AtomicBool>,
}

/// Numbers of connections that JavaScript does not know yet; its own count from 0 upwards.
static SPARES: AtomicU32 = AtomicU32::new(1 << 31);

/// Delivers to one environment.
pub struct LaneSink {
    port: PortHandle,
    recipient: Recipient,
}

impl LaneSink {
    /// A sink for the object `target`.
    pub fn new(port: PortHandle, target: u32) -> Self {
        let recipient = Recipient {
            target,
            push_bytes: Arc::default(),
        };
        Self { port, recipient }
    }

    /// A sink for a further connection, under a number of its own.
    pub fn spare(port: PortHandle) -> Self {
        Self::new(port, SPARES.fetch_add(1, Ordering::Relaxed))
    }

    /// Makes sinks for further connections.
    pub fn maker(port: PortHandle) -> impl Fn() -> Arc<dyn Sink> + Send + Sync + 'static {
        move || Arc::new(Self::spare(port.clone()))
    }

    /// The number under which events are told.
    pub fn target(&self) -> u32 {
        self.recipient.target
    }

    /// Whether the strings of pushes are handed over as bytes; it may be changed at any time.
    pub fn push_bytes(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.recipient.push_bytes)
    }
}

impl Sink for LaneSink {
    fn replies(&self, batch: Batch) {
        self.port.push(Box::new(Replies {
            batch,
            next: 0,
            recipient: self.recipient.clone(),
            scratch: Scratch::default(),
        }));
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.port.push(Box::new(Failed::new(ids, error.clone())));
    }

    fn event(&self, event: Event) {
        self.port.push(Box::new(Happened {
            target: self.recipient.target,
            event,
        }));
    }

    #[cfg(unix)]
    fn reads(&self) -> bool {
        self.port.reads()
    }

    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        let adopted = Adopted::new(inlet, self.port.clone(), self.recipient.clone());
        self.port.push(Box::new(adopted));
    }
}

/// Delivers what one of an object's connections brings; what happens to it is not the object's
/// business.
pub struct OneOfMany(pub Arc<LaneSink>);

impl Sink for OneOfMany {
    fn replies(&self, batch: Batch) {
        self.0.replies(batch);
    }

    fn failed(&self, ids: Vec<u32>, error: &Error) {
        self.0.failed(ids, error);
    }

    fn event(&self, _event: Event) {}

    #[cfg(unix)]
    fn reads(&self) -> bool {
        self.0.reads()
    }

    #[cfg(unix)]
    fn adopt(&self, inlet: Inlet) {
        self.0.adopt(inlet);
    }
}

struct Replies {
    batch: Batch,
    next: usize,
    recipient: Recipient,
    scratch: Scratch,
}

impl Parcel for Replies {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        while let Some(&reply) = self.batch.replies.get(self.next) {
            let frame = &self.batch.bytes[reply.start..reply.end];
            if !unpack_reply(tape, &self.recipient, reply, frame, &mut self.scratch)? {
                return Ok(false);
            }
            self.next += 1;
        }
        Ok(true)
    }
}

/// Writes one reply of the recipient's lane; `false` when it does not fit any more.
pub fn unpack_reply(
    tape: &mut Tape<'_>,
    recipient: &Recipient,
    reply: Reply,
    frame: &[u8],
    scratch: &mut Scratch,
) -> Result<bool> {
    let Some(entry) = reply.entry else {
        if !tape.fits(0) {
            return Ok(false);
        }
        let bytes = recipient.push_bytes.load(Ordering::Relaxed);
        let meta = Meta(if bytes { Meta::BYTES } else { 0 });
        // What JavaScript cannot hold, such as a message of 512 MiB, cannot be handed over; what
        // follows it can.
        if let Ok(push) = redis_reply::convert(tape, &mut Reader::new(frame), meta) {
            tape.event(recipient.target, LaneEvent::Push as u32, push);
        }
        return Ok(true);
    };
    redis_reply::unpack(tape, entry, frame, scratch).or_else(|error| {
        tape.settle_failure(entry.id, &cannot_represent(&error))?;
        Ok(true)
    })
}

/// Commands that will get no reply.
pub struct Failed {
    ids: Vec<u32>,
    next: usize,
    error: Error,
}

impl Failed {
    /// Rejects these calls with the same error.
    pub fn new(ids: Vec<u32>, error: Error) -> Self {
        Self {
            ids,
            next: 0,
            error,
        }
    }
}

impl Parcel for Failed {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        while let Some(&id) = self.ids.get(self.next) {
            if !tape.fits(0) {
                return Ok(false);
            }
            tape.settle_failure(id, &self.error)?;
            self.next += 1;
        }
        Ok(true)
    }
}

struct Happened {
    target: u32,
    event: Event,
}

impl Parcel for Happened {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        if !tape.fits(0) {
            return Ok(false);
        }
        let (kind, argument): (LaneEvent, sys::napi_value) = match &self.event {
            Event::Connected(greeting) => (
                LaneEvent::Connected,
                redis_reply::convert(tape, &mut Reader::new(greeting), Meta::default())
                    .or_else(|_| value::null(tape.env))?,
            ),
            Event::Reconnecting => (LaneEvent::Reconnecting, value::null(tape.env)?),
            Event::Closed(error) => (LaneEvent::Closed, value::failure(tape.env, error)?),
            Event::SubscriptionsLost => (LaneEvent::SubscriptionsLost, value::null(tape.env)?),
            Event::TrackingLost => (LaneEvent::TrackingLost, value::null(tape.env)?),
        };
        tape.event(self.target, kind as u32, argument);
        Ok(true)
    }
}
