//! What one environment shares with this side on its own thread: memory for commands and results,
//! and the function that settles promises.

use std::cell::RefCell;
use std::ptr;
#[cfg(unix)]
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{FunctionRef, Result, Uint8Array, Uint32Array, Unknown, check_status};
use napi::{Env, sys};

#[cfg(unix)]
use super::event_loop::EventLoop;
#[cfg(unix)]
use super::port::PortHandle;
use super::port::Shared;
use super::tape::Tape;
use super::value;

/// The shared memory and functions of one environment; see `lib/port.js`, which makes them.
pub struct Exchange {
    env: sys::napi_env,
    shared: Arc<Shared>,
    memory: Memory,
    settle: sys::napi_ref,
    make_server_error: FunctionRef<String, Unknown<'static>>,
    values: RefCell<Vec<sys::napi_value>>,
}

/// Arrays that JavaScript made for this and keeps as long as the environment.
pub struct Memory {
    /// Results; see [`Tape`].
    pub tape: RefCell<Uint32Array>,
    /// Commands of one flush.
    pub slab: Uint8Array,
    /// Their ids and meta words, in pairs.
    pub entries: Uint32Array,
}

impl Exchange {
    /// # Safety
    /// `env` is the live environment of this thread and `settle` a function in it.
    pub unsafe fn new(
        env: sys::napi_env,
        shared: Arc<Shared>,
        memory: Memory,
        settle: sys::napi_value,
        make_server_error: FunctionRef<String, Unknown<'static>>,
    ) -> Result<Self> {
        let mut reference = ptr::null_mut();
        // SAFETY: by contract.
        check_status!(unsafe { sys::napi_create_reference(env, settle, 1, &raw mut reference) })?;
        Ok(Self {
            env,
            shared,
            memory,
            settle: reference,
            make_server_error,
            values: RefCell::default(),
        })
    }

    /// The first `length` bytes of the slab and `count` pairs of the entries.
    pub fn outgoing(&self, length: u32, count: u32) -> Result<(&[u8], &[u32])> {
        let bytes = self.memory.slab.get(..length as usize);
        Ok((bytes.ok_or_else(too_long)?, self.entries(count)?))
    }

    /// The first `count` pairs of the entries.
    pub fn entries(&self, count: u32) -> Result<&[u32]> {
        let entries = self.memory.entries.get(..count as usize * 2);
        entries.ok_or_else(too_long)
    }

    /// The port as tasks hold it.
    #[cfg(unix)]
    pub fn port(&self) -> PortHandle {
        PortHandle::of(&self.shared)
    }

    /// Counts a native call that carried results.
    #[cfg(unix)]
    pub fn count_call(&self) {
        self.shared.count_call();
    }

    /// Calls `unpack` for one tape after the other until it says that nothing is left, or for so
    /// many `tapes`, and lets JavaScript settle each. Returns whether nothing is left.
    pub fn deliver(
        &self,
        #[cfg(unix)] event_loop: Option<&Rc<EventLoop>>,
        tapes: usize,
        mut unpack: impl FnMut(&mut Tape<'_>) -> Result<bool>,
    ) -> Result<bool> {
        for _ in 0..tapes {
            let mut words = self.memory.tape.borrow_mut();
            let mut values = self.values.borrow_mut();
            values.clear();
            // The place of the first argument, which is known at the end.
            values.push(ptr::null_mut());
            let mut tape = Tape::new(
                self.env,
                // SAFETY: JavaScript does not touch the array while this function runs.
                unsafe { words.as_mut() },
                &mut values,
                &self.make_server_error,
                #[cfg(unix)]
                event_loop,
            );
            let outcome = unpack(&mut tape);
            let (used, settled) = tape.finish();
            values[0] = value::double(self.env, used.into())?;
            // JavaScript may come back here, through a listener that runs the event loop.
            let arguments = std::mem::take(&mut *values);
            drop((words, values));
            self.shared.settled(&Env::from_raw(self.env), settled)?;
            let called = self.settle(&arguments);
            // Its memory is used again.
            self.values.replace(arguments);
            called?;
            if outcome? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn settle(&self, arguments: &[sys::napi_value]) -> Result<()> {
        let this = value::undefined(self.env)?;
        let mut function = ptr::null_mut();
        // SAFETY: the reference lives as long as the environment.
        check_status!(unsafe {
            sys::napi_get_reference_value(self.env, self.settle, &raw mut function)
        })?;
        let mut result = ptr::null_mut();
        // SAFETY: the arguments were made in the current scope.
        check_status!(unsafe {
            sys::napi_call_function(
                self.env,
                this,
                function,
                arguments.len(),
                arguments.as_ptr(),
                &raw mut result,
            )
        })
    }
}

fn too_long() -> napi::Error {
    napi::Error::from_reason("more was announced than the shared memory holds")
}
