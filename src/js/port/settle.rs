//! What calls come to, and how that is written on a tape.

use napi::bindgen_prelude::Result;
use napi::{Env, sys};

use super::handle::Parcel;
use crate::js::tape::{Tag, Tape};
use crate::js::value;

/// What a call comes to.
pub type Outcome = crate::Result<Box<dyn Settle>>;

/// Builds a result on the JavaScript thread.
pub trait Settle: Send {
    /// The value with which the promise is fulfilled.
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value>;
}

/// One settled call.
pub(super) struct Settled(pub(super) Option<(u32, Outcome)>);

impl Parcel for Settled {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        if !tape.fits(0) {
            return Ok(false);
        }
        let Some((id, outcome)) = self.0.take() else {
            return Ok(true);
        };
        settle_on(tape, id, outcome)?;
        Ok(true)
    }
}

/// Settles a call with what it came to.
pub(in crate::js) fn settle_on(tape: &mut Tape<'_>, id: u32, outcome: Outcome) -> Result<()> {
    match outcome {
        Ok(settle) => match settle.settle(&Env::from_raw(tape.env)) {
            Ok(value) => tape.settle_value(id, Tag::Value, value),
            Err(error) => tape.settle_failure(id, &cannot_represent(&error))?,
        },
        Err(error) => tape.settle_failure(id, &error)?,
    }
    Ok(())
}

/// The error of a call whose work has panicked.
pub(in crate::js) fn ended_without_result() -> crate::Error {
    crate::Error::new(
        crate::ErrorKind::Cancelled,
        "ERR_INTERNAL",
        "the operation ended without a result",
    )
}

/// The error of a result of which the engine makes no value, such as a string of 512 MiB.
pub(in crate::js) fn cannot_represent(error: &napi::Error) -> crate::Error {
    crate::Error::new(
        crate::ErrorKind::InvalidInput,
        "ERR_RESULT_TOO_LARGE",
        format!("JavaScript cannot hold the result: {error}"),
    )
}

impl Settle for () {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        value::undefined(env.raw())
    }
}

impl Settle for bool {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        value::boolean(env.raw(), *self)
    }
}

impl Settle for f64 {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        value::double(env.raw(), *self)
    }
}

impl Settle for String {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        value::string(env.raw(), self.as_bytes())
    }
}
