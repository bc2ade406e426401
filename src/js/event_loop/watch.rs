//! Watching descriptors.

use std::cell::{Cell, RefCell};
use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::RawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use super::{EventLoop, Key, Next, Source};
use crate::js::uv::{self, PollHandle};

impl EventLoop {
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
}

/// A watched descriptor; dropping it ends the watching. It shares the state, for the handle may be
/// closed before, when no more will arrive.
pub(super) struct Watch(Rc<State>);

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
