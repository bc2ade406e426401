//! What belongs to the thread of one environment: its event loop, the descriptors that it watches
//! and the way into JavaScript from there.

mod delivery;
mod tear_down;
mod watch;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::ffi::c_void;
use std::io;
use std::os::fd::RawFd;
use std::ptr;
use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{Result, check_status};
use napi::sys;

use super::exchange::Exchange;
use super::port::PortHandle;
use super::tape::Tape;
use super::uv::{self, CheckHandle};
use super::value;
use watch::Watch;

/// What a descriptor is watched for; one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// For an object of JavaScript.
    Target(u32),
    /// For tasks that use it.
    Socket(RawFd),
}

/// Something that is read on this thread.
pub trait Source {
    /// Receives; JavaScript is not entered yet.
    fn arrived(&self) -> Next;
    /// The descriptor cannot be watched any more; something may be left to unpack.
    fn abandoned(&self, error: io::Error);
    /// Writes as much as fits of what has arrived; returns whether nothing is left.
    fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool>;
}

/// What follows an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing; it goes on being watched.
    Wait,
    /// There is something to unpack.
    Unpack,
    /// There may be something to unpack, and no more will arrive.
    UnpackAndStop,
}

/// The event loop of one environment.
pub struct EventLoop {
    this: Weak<Self>,
    env: sys::napi_env,
    uv_loop: *mut c_void,
    context: sys::napi_async_context,
    /// The resource of `context`, which is `this` of the calls.
    resource: sys::napi_ref,
    exchange: Rc<Exchange>,
    /// What is watched for each key.
    watches: RefCell<HashMap<Key, Vec<Watch>>>,
    ready: RefCell<VecDeque<Rc<dyn Source>>>,
    /// Delivers behind the callbacks of a turn what several sockets have brought.
    check: RefCell<Option<CheckHandle>>,
    /// Handles whose close callback is still to come, watched or not.
    open: Cell<usize>,
    /// Set while the environment waits for these.
    waiting: Cell<sys::napi_async_cleanup_hook_handle>,
    /// Nothing is watched any more.
    shut_down: Cell<bool>,
}

impl EventLoop {
    /// The loop of `env`, or `None` where descriptors cannot be watched. What arrives is delivered
    /// through `exchange`.
    ///
    /// # Safety
    /// `env` is the live environment of this thread.
    pub unsafe fn new(env: sys::napi_env, exchange: Rc<Exchange>) -> Result<Option<Rc<Self>>> {
        if uv::functions().is_none() {
            return Ok(None);
        }
        let mut uv_loop = ptr::null_mut();
        // SAFETY: the environment is live.
        if unsafe { sys::napi_get_uv_event_loop(env, &raw mut uv_loop) } != sys::Status::napi_ok {
            return Ok(None);
        }
        let name = value::string(env, b"s3-valkey")?;
        let object = value::object(env)?;
        let (mut context, mut resource) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: the values were made in this call's scope.
        check_status!(unsafe { sys::napi_async_init(env, object, name, &raw mut context) })?;
        // SAFETY: as above.
        check_status!(unsafe { sys::napi_create_reference(env, object, 1, &raw mut resource) })?;
        Ok(Some(Rc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            env,
            uv_loop: uv_loop.cast(),
            context,
            resource,
            exchange,
            watches: RefCell::default(),
            ready: RefCell::default(),
            check: RefCell::default(),
            open: Cell::new(0),
            waiting: Cell::new(ptr::null_mut()),
            shut_down: Cell::new(false),
        })))
    }

    /// The port through which what arrives is delivered.
    pub fn port(&self) -> PortHandle {
        self.exchange.port()
    }

    /// Unpacks what has arrived; returns whether nothing is left.
    pub fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool> {
        loop {
            let Some(source) = self.ready.borrow_mut().pop_front() else {
                return Ok(true);
            };
            if !source.unpack(tape)? {
                self.ready.borrow_mut().push_front(source);
                return Ok(false);
            }
        }
    }

    /// Unpacks the rest of `source` at the next occasion.
    pub fn unpack_later(&self, source: Rc<dyn Source>) {
        self.ready.borrow_mut().push_back(source);
    }
}
