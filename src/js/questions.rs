//! Questions that JavaScript answers: an event asks, a native call answers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use napi::bindgen_prelude::Result;
use tokio::sync::oneshot;

use super::port::{Parcel, PortHandle};
use super::redis_lane::LaneEvent;
use super::tape::Tape;
use super::value;
use crate::error::{Error, ErrorKind};
use crate::redis::config::Address;
use crate::redis::credentials::{Answer, Credentials, CredentialsProvider};
use crate::redis::location::{Located, Locator};

/// Asks the object `target`. Several connections may ask at the same time.
pub struct Asker<T>(Arc<Shared<T>>);

struct Shared<T> {
    port: PortHandle,
    target: u32,
    questions: Mutex<Questions<T>>,
}

/// What was asked and not answered.
struct Questions<T> {
    /// Of the latest one.
    number: u32,
    open: HashMap<u32, oneshot::Sender<crate::Result<T>>>,
}

impl<T> Clone for Asker<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + 'static> Asker<T> {
    /// Asks by events of the object `target`.
    pub fn new(port: PortHandle, target: u32) -> Self {
        Self(Arc::new(Shared {
            port,
            target,
            questions: Mutex::new(Questions {
                number: 0,
                open: HashMap::new(),
            }),
        }))
    }

    /// Answers the question of this number, if it is still asked.
    pub fn answer(&self, number: u32, found: crate::Result<T>) {
        let answer = self.0.lock().open.remove(&number);
        if let Some(answer) = answer {
            // The attempt may have run out of time.
            let _ = answer.send(found);
        }
    }

    /// Asks by an event of this kind, whose argument is the question's number and what is asked.
    fn ask(
        &self,
        event: LaneEvent,
        what: &str,
    ) -> impl Future<Output = crate::Result<T>> + Send + 'static {
        let (sender, receiver) = oneshot::channel();
        let number = {
            let mut questions = self.0.lock();
            // Those whose attempt has ended wait for nothing.
            questions.open.retain(|_, answer| !answer.is_closed());
            questions.number = questions.number.wrapping_add(1);
            let number = questions.number;
            questions.open.insert(number, sender);
            number
        };
        self.0.port.push(Box::new(Asked {
            target: self.0.target,
            event,
            argument: format!("{number} {what}"),
        }));
        async { receiver.await.unwrap_or_else(|_| Err(unanswered())) }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Questions<T>> {
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialsProvider for Asker<Credentials> {
    fn credentials(&self) -> Answer {
        Box::pin(self.ask(LaneEvent::Credentials, ""))
    }
}

impl Locator for Asker<Address> {
    fn locate(&self, address: Address) -> Located {
        match &address {
            Address::Host { host, port } => {
                Box::pin(self.ask(LaneEvent::Address, &format!("{port} {host}")))
            }
            Address::Unix(_) => Box::pin(async { Ok(address) }),
        }
    }
}

fn unanswered() -> Error {
    Error::new(ErrorKind::Cancelled, "", "the question was not answered")
}

struct Asked {
    target: u32,
    event: LaneEvent,
    argument: String,
}

impl Parcel for Asked {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        if !tape.fits(0) {
            return Ok(false);
        }
        let argument = value::string(tape.env, self.argument.as_bytes())?;
        tape.event(self.target, self.event as u32, argument);
        Ok(true)
    }
}
