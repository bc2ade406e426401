//! Credentials that JavaScript finds: an event asks, a native call answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::Result;
use tokio::sync::oneshot;

use super::port::{Parcel, PortHandle};
use super::redis_lane::LaneEvent;
use super::tape::Tape;
use super::value;
use crate::error::{Error, ErrorKind};
use crate::redis::credentials::{Answer, Credentials, CredentialsProvider};

type Found = crate::Result<Credentials>;

/// Asks the object `target`.
#[derive(Clone)]
pub struct Asker(Arc<Shared>);

struct Shared {
    port: PortHandle,
    target: u32,
    questions: Mutex<Questions>,
}

/// Each lane logs in once at a time, but there may be several.
#[derive(Default)]
struct Questions {
    last: u32,
    open: HashMap<u32, oneshot::Sender<Found>>,
}

impl Asker {
    /// Asks by events of the object `target`.
    pub fn new(port: PortHandle, target: u32) -> Self {
        Self(Arc::new(Shared {
            port,
            target,
            questions: Mutex::default(),
        }))
    }

    /// Answers the question of this number, if it is still asked.
    pub fn answer(&self, number: u32, found: Found) {
        if let Some(answer) = self.0.lock().open.remove(&number) {
            // The attempt may have run out of time.
            let _ = answer.send(found);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Questions> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialsProvider for Asker {
    fn credentials(&self) -> Answer {
        let (sender, receiver) = oneshot::channel();
        let number = {
            let mut questions = self.0.lock();
            // Those whose attempt has run out of time are not answered any more.
            questions.open.retain(|_, answer| !answer.is_closed());
            questions.last = questions.last.wrapping_add(1);
            let number = questions.last;
            questions.open.insert(number, sender);
            number
        };
        self.0.port.push(Box::new(Asked {
            target: self.0.target,
            number,
        }));
        Box::pin(async { receiver.await.unwrap_or_else(|_| Err(unanswered())) })
    }
}

fn unanswered() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "",
        "the question for credentials was not answered",
    )
}

struct Asked {
    target: u32,
    number: u32,
}

impl Parcel for Asked {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        if !tape.fits(0) {
            return Ok(false);
        }
        let number = value::double(tape.env, f64::from(self.number))?;
        tape.event(self.target, LaneEvent::Credentials as u32, number);
        Ok(true)
    }
}
