//! The form in which results cross to JavaScript: numbers in a shared array, and the values that
//! must be created as arguments of the call that settles them.
//!
//! A call across the border is cheap; a JavaScript value made by native code costs as much as
//! several of them. So an entry is three words `id, tag, payload`, and the commonest results (nil,
//! OK, QUEUED, small integers) are told by the tag alone. `lib/port.js` reads it; the tags are shared by
//! name through [`Tag`].

#[cfg(unix)]
use std::rc::Rc;

use napi::bindgen_prelude::{FunctionRef, JsValue, Result, Unknown};
use napi::{Env, sys};
use napi_derive::napi;

#[cfg(unix)]
use super::event_loop::EventLoop;
use super::value;
use crate::error::Error;

/// Words of an entry.
pub const ENTRY: usize = 3;

/// What an entry's second word says.
#[napi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// The next value is the result.
    Value = 0,
    /// `null`.
    Nil = 1,
    /// `"OK"`.
    Ok = 2,
    /// The payload is the result, a signed 32-bit integer.
    Integer = 3,
    /// `undefined`.
    Undefined = 4,
    /// The next value is one string that holds all strings of an array; the payload is their
    /// count, and so many words follow: each a length, or 0xFFFFFFFF for `null`.
    Strings = 5,
    /// Like `Strings`, for the keys and values of a map; the payload counts both.
    Map = 6,
    /// The next value is the text of a server's error.
    ServerError = 7,
    /// The next value is an array that describes a failure.
    Failure = 8,
    /// An event of the object that `id` names; the payload is its kind and the next value its
    /// argument.
    Event = 9,
    /// `"QUEUED"`.
    Queued = 10,
}

/// Stands for `null` where a length is expected.
pub const NULL_LENGTH: u32 = u32::MAX;

/// Values that go with one tape: they become arguments of one call.
const MAX_VALUES: usize = 240;

/// Writes results that are settled together.
pub struct Tape<'a> {
    /// The environment in which values are created.
    pub env: sys::napi_env,
    words: &'a mut [u32],
    used: usize,
    values: &'a mut Vec<sys::napi_value>,
    settled: u32,
    make_server_error: &'a FunctionRef<String, Unknown<'static>>,
    /// The event loop, where it can watch connections.
    #[cfg(unix)]
    pub event_loop: Option<&'a Rc<EventLoop>>,
}

impl<'a> Tape<'a> {
    /// An empty tape; created values are appended to `values`.
    pub fn new(
        env: sys::napi_env,
        words: &'a mut [u32],
        values: &'a mut Vec<sys::napi_value>,
        make_server_error: &'a FunctionRef<String, Unknown<'static>>,
        #[cfg(unix)] event_loop: Option<&'a Rc<EventLoop>>,
    ) -> Self {
        Self {
            env,
            words,
            used: 0,
            values,
            settled: 0,
            make_server_error,
            #[cfg(unix)]
            event_loop,
        }
    }

    /// Whether an entry with so many further words fits.
    pub fn fits(&self, further: usize) -> bool {
        self.words.len() - self.used >= ENTRY + further && self.values.len() < MAX_VALUES
    }

    /// Whether an entry with so many further words fits on an empty tape.
    pub fn could_ever_fit(&self, further: usize) -> bool {
        self.words.len() >= further.saturating_add(ENTRY)
    }

    /// The error object for an error inside an aggregate.
    pub fn server_error(&self, message: &str) -> Result<sys::napi_value> {
        let env = Env::from_raw(self.env);
        let error = self
            .make_server_error
            .borrow_back(&env)?
            .call(message.to_owned())?;
        Ok(error.raw())
    }

    /// The words used, and how many ids were settled.
    pub fn finish(self) -> (u32, u32) {
        // A tape is far shorter than 2^32 words.
        let used = u32::try_from(self.used).unwrap_or(u32::MAX);
        (used, self.settled)
    }

    /// Settles `id` with what the tag and the payload say.
    pub fn settle(&mut self, id: u32, tag: Tag, payload: u32) {
        self.entry(id, tag, payload);
        self.settled += 1;
    }

    /// Settles `id` with a value.
    pub fn settle_value(&mut self, id: u32, tag: Tag, value: sys::napi_value) {
        self.values.push(value);
        self.settle(id, tag, 0);
    }

    /// Settles `id` with strings that were put together in `text`.
    pub fn settle_strings(&mut self, id: u32, tag: Tag, text: sys::napi_value, lengths: &[u32]) {
        self.values.push(text);
        self.settle(id, tag, u32::try_from(lengths.len()).unwrap_or(u32::MAX));
        self.words[self.used..self.used + lengths.len()].copy_from_slice(lengths);
        self.used += lengths.len();
    }

    /// Rejects `id`.
    pub fn settle_failure(&mut self, id: u32, error: &Error) -> Result<()> {
        let failure = value::failure(self.env, error)?;
        self.settle_value(id, Tag::Failure, failure);
        Ok(())
    }

    /// Tells the object `target` that something happened.
    pub fn event(&mut self, target: u32, kind: u32, argument: sys::napi_value) {
        self.values.push(argument);
        self.entry(target, Tag::Event, kind);
    }

    fn entry(&mut self, id: u32, tag: Tag, payload: u32) {
        self.words[self.used..self.used + ENTRY].copy_from_slice(&[id, tag as u32, payload]);
        self.used += ENTRY;
    }
}
