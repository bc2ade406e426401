//! The ways into JavaScript from the event loop.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi::{JsError, sys};

use super::EventLoop;
use crate::js::uv::{self, CheckHandle};

impl EventLoop {
    /// Delivers when all descriptors of this turn have been looked at: one entry into JavaScript
    /// serves all that has arrived on them.
    pub(super) fn deliver_together(self: &Rc<Self>) {
        let mut place = self.check.borrow_mut();
        if place.is_none()
            && let Some(functions) = uv::functions()
        {
            let data = Rc::into_raw(Rc::clone(self));
            // SAFETY: the loop is this thread's; its share of `self` is given back when the handle
            // is closed.
            match unsafe { CheckHandle::new(functions, self.uv_loop, data.cast_mut().cast()) } {
                Ok(check) => {
                    self.open.set(self.open.get() + 1);
                    *place = Some(check);
                }
                // SAFETY: the handle was not initialised, so libuv does not know its share.
                Err(_) => drop(unsafe { Rc::from_raw(data) }),
            }
        }
        let Some(check) = &mut *place else {
            drop(place);
            return self.deliver();
        };
        // SAFETY: it is closed only when the loop is shut down, and then nothing arrives.
        unsafe { check.start(on_check) };
    }

    /// Delivers as the event loop does: what JavaScript throws is an uncaught exception, and the
    /// jobs that it queued run before this returns.
    pub(super) fn deliver(self: &Rc<Self>) {
        let env = self.env;
        let (mut handles, mut callback) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: libuv's callbacks run on the environment's thread, inside its context.
        if unsafe { sys::napi_open_handle_scope(env, &raw mut handles) } != sys::Status::napi_ok {
            return;
        }
        let mut resource = ptr::null_mut();
        // SAFETY: the reference lives as long as the environment; the scope is open.
        let opened = unsafe {
            sys::napi_get_reference_value(env, self.resource, &raw mut resource);
            sys::napi_open_callback_scope(env, resource, self.context, &raw mut callback)
        };
        if opened == sys::Status::napi_ok {
            self.exchange.count_call();
            let outcome = self
                .exchange
                .deliver(Some(self), usize::MAX, |tape| self.unpack(tape));
            if let Err(error) = outcome {
                self.report(error);
            }
            // SAFETY: it was opened above.
            unsafe { sys::napi_close_callback_scope(env, callback) };
        }
        // SAFETY: it was opened above.
        unsafe { sys::napi_close_handle_scope(env, handles) };
    }

    /// Makes an uncaught exception of what JavaScript threw, or else of the error itself.
    fn report(&self, error: napi::Error) {
        let mut pending = false;
        let mut exception = ptr::null_mut();
        // SAFETY: a scope of this live environment is open.
        unsafe {
            sys::napi_is_exception_pending(self.env, &raw mut pending);
            if pending {
                sys::napi_get_and_clear_last_exception(self.env, &raw mut exception);
            } else {
                exception = JsError::from(error).into_value(self.env);
            }
            // Null while the environment is torn down.
            if !exception.is_null() {
                sys::napi_fatal_exception(self.env, exception);
            }
        }
    }

    /// Ends what [`deliver_together`](Self::deliver_together) has begun.
    pub(super) fn end_delivery(&self) {
        if let Some(check) = &mut *self.check.borrow_mut() {
            // SAFETY: the handle is closed here alone, and the event loop holds it until then.
            unsafe { check.close(on_check_closed) };
        }
    }
}

unsafe extern "C" fn on_check(handle: *mut c_void) {
    // SAFETY: the data is a share of the event loop, which lives until `on_check_closed`.
    let event_loop = unsafe { &*uv::data(handle).cast::<EventLoop>() };
    if let Some(check) = &mut *event_loop.check.borrow_mut() {
        // SAFETY: no callback is called when it is closed.
        unsafe { check.stop() };
    }
    // The port may have been drained meanwhile.
    let is_due = !event_loop.ready.borrow().is_empty();
    if let Some(event_loop) = event_loop.this.upgrade().filter(|_| is_due) {
        // A panic is a bug; what was not delivered then is delivered with the next arrival.
        let _ = catch_unwind(AssertUnwindSafe(|| event_loop.deliver()));
    }
}

unsafe extern "C" fn on_check_closed(handle: *mut c_void) {
    // SAFETY: the data is libuv's share of the event loop, which it gives back here, once.
    let event_loop = unsafe { Rc::from_raw(uv::data(handle).cast::<EventLoop>()) };
    event_loop.check.borrow_mut().take();
    event_loop.closed();
}
