//! What belongs to the thread of one environment: its event loop, the descriptors that it watches
//! and the way into JavaScript from there.

mod delivery;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{Result, check_status};
use napi::sys;

use super::exchange::Exchange;
use super::port::PortHandle;
use super::tape::Tape;
use super::uv::{self, CheckHandle, PollHandle};
use super::value;

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

    /// Watches `descriptor` for `key`, which may have several, until no more will arrive. The
    /// descriptor stays open as long as `source` lives.
    pub fn watch(
        &self,
        key: Key,
        descriptor: RawFd,
        source: Rc<dyn Source>,
        writable: bool,
    ) -> io::Result<()> {
        let this = self.this.upgrade().filter(|_| !self.shut_down.get());
        let (Some(functions), Some(this)) = (uv::functions(), this) else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        let state = Rc::new(State {
            event_loop: this,
            key,
            source,
            handle: RefCell::new(PollHandle::new(functions)),
            writable: Cell::new(writable),
            closing: Cell::new(false),
        });
        let data = Rc::into_raw(Rc::clone(&state));
        // SAFETY: the loop is this thread's; the close callback gives back libuv's share of the
        // state, which holds the handle where it is.
        let outcome = unsafe {
            state
                .handle
                .borrow_mut()
                .init(self.uv_loop, descriptor, data.cast_mut().cast())
        };
        if let Err(status) = outcome {
            // SAFETY: the handle was not initialised, so libuv does not know its share.
            drop(unsafe { Rc::from_raw(data) });
            return Err(io::Error::from_raw_os_error(-status));
        }
        self.open.set(self.open.get() + 1);
        let watch = Watch(Rc::clone(&state));
        state.start()?;
        self.watches
            .borrow_mut()
            .entry(key)
            .or_default()
            .push(watch);
        Ok(())
    }

    /// Watches the descriptor of `key` also for room; `None` when it is not watched.
    pub fn watch_for_room(&self, key: Key) -> Option<io::Result<()>> {
        let watches = self.watches.borrow();
        let Watch(state) = watches.get(&key)?.last()?;
        state.writable.set(true);
        Some(state.start())
    }

    /// Whether only one connection is watched, so that nothing else can arrive in the same turn.
    fn has_one_connection(&self) -> bool {
        let watches = self.watches.borrow();
        let mut all = watches.iter();
        let first = all.next().map(|(key, of_key)| (key, of_key.len()));
        matches!(first, Some((Key::Target(_), 1))) && all.next().is_none()
    }

    /// Ends all watching for `key`.
    pub fn unwatch(&self, key: Key) {
        let watches = self.watches.borrow_mut().remove(&key);
        drop(watches);
    }

    /// Ends the watching of one descriptor.
    fn end(&self, state: &State) {
        state.close();
        let mut watches = self.watches.borrow_mut();
        if let Some(of_key) = watches.get_mut(&state.key) {
            of_key.retain(|watch| !ptr::eq(Rc::as_ptr(&watch.0), state));
            if of_key.is_empty() {
                watches.remove(&state.key);
            }
        }
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

    /// Runs `first` when the environment is torn down, then closes all handles and lets the
    /// tear-down go on.
    ///
    /// # Safety
    /// The environment is live.
    pub unsafe fn on_tear_down(self: &Rc<Self>, first: Box<dyn FnOnce()>) -> Result<()> {
        let data = Box::new(TearDown {
            first,
            event_loop: Rc::clone(self),
        });
        // SAFETY: the hook is called once and takes the box back.
        check_status!(unsafe {
            sys::napi_add_async_cleanup_hook(
                self.env,
                Some(on_tear_down),
                Box::into_raw(data).cast(),
                ptr::null_mut(),
            )
        })
    }

    fn shut_down(&self, hook: sys::napi_async_cleanup_hook_handle) {
        self.waiting.set(hook);
        self.shut_down.set(true);
        let watches = std::mem::take(&mut *self.watches.borrow_mut());
        drop(watches);
        self.ready.borrow_mut().clear();
        self.end_delivery();
        self.finish_shut_down();
    }

    fn finish_shut_down(&self) {
        if self.open.get() == 0 {
            let hook = self.waiting.replace(ptr::null_mut());
            if !hook.is_null() {
                // SAFETY: the hook is of this environment and is removed once.
                unsafe { sys::napi_remove_async_cleanup_hook(hook) };
            }
        }
    }

    fn closed(&self) {
        self.open.set(self.open.get() - 1);
        self.finish_shut_down();
    }
}

/// What a tear-down needs.
struct TearDown {
    first: Box<dyn FnOnce()>,
    event_loop: Rc<EventLoop>,
}

unsafe extern "C" fn on_tear_down(hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: the data was given away by `EventLoop::on_tear_down`; this is called once.
    let TearDown { first, event_loop } = *unsafe { Box::from_raw(data.cast::<TearDown>()) };
    // Whatever `first` does, the environment must not wait for ever.
    let _ = catch_unwind(AssertUnwindSafe(first));
    event_loop.shut_down(hook);
}

/// A watched descriptor; dropping it ends the watching. It shares the state, for the handle may be
/// closed before, when no more will arrive.
struct Watch(Rc<State>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What the callbacks of one handle need.
struct State {
    event_loop: Rc<EventLoop>,
    key: Key,
    source: Rc<dyn Source>,
    handle: RefCell<PollHandle>,
    /// It is watched for room as well, until there is some.
    writable: Cell<bool>,
    closing: Cell<bool>,
}

impl State {
    /// Calls `on_poll` while there is something to receive, or room.
    fn start(&self) -> io::Result<()> {
        // SAFETY: the handle is initialised, and not closed by those who call this.
        let outcome = unsafe { self.handle.borrow_mut().watch(on_poll, self.writable.get()) };
        outcome.map_err(|status| io::Error::from_raw_os_error(-status))
    }

    /// Receives, and delivers what has come. libuv has `stopped` watching a socket that was reset,
    /// but what came before is still to be read.
    fn arrived(&self, stopped: bool) {
        let had_room = self.writable.replace(false);
        let next = self.source.arrived();
        if next == Next::UnpackAndStop {
            self.event_loop.end(self);
        }
        if next != Next::Wait {
            self.event_loop.unpack_later(Rc::clone(&self.source));
            if matches!(self.key, Key::Target(_)) && self.event_loop.has_one_connection() {
                self.event_loop.deliver();
            } else {
                self.event_loop.deliver_together();
            }
        }
        // JavaScript may have closed the handle, or asked for room.
        if (had_room || stopped)
            && !self.closing.get()
            && let Err(error) = self.start()
        {
            self.give_up(error);
        }
    }

    /// Ends the watching and tells those who wait for what would arrive.
    fn give_up(&self, error: io::Error) {
        self.event_loop.end(self);
        // The source may be what failed.
        let told = || self.source.abandoned(error);
        let _ = catch_unwind(AssertUnwindSafe(told));
    }

    fn close(&self) {
        if !self.closing.replace(true) {
            // SAFETY: the handle is initialised, and closed here alone.
            unsafe { self.handle.borrow_mut().close(on_closed) };
        }
    }
}

unsafe extern "C" fn on_poll(handle: *mut c_void, status: c_int, _events: c_int) {
    // SAFETY: the data is the state, which lives until `on_closed`.
    let state = unsafe { &*uv::data(handle).cast::<State>() };
    if state.closing.get() {
        return;
    }
    // JavaScript may close this very handle; the state stays, since `on_closed` comes later.
    let outcome = catch_unwind(AssertUnwindSafe(|| state.arrived(status != 0)));
    if outcome.is_err() {
        // A bug; without the handle it cannot repeat itself for ever.
        state.give_up(io::Error::other("an internal error"));
    }
}

unsafe extern "C" fn on_closed(handle: *mut c_void) {
    // SAFETY: the data is libuv's share of the state, which it gives back here, once.
    let state = unsafe { Rc::from_raw(uv::data(handle).cast::<State>()) };
    let event_loop = Rc::clone(&state.event_loop);
    drop(state);
    event_loop.closed();
}
