//! The end of an event loop: its environment waits until all handles are closed.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;

use napi::bindgen_prelude::{Result, check_status};
use napi::sys;

use super::EventLoop;

impl EventLoop {
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

    pub(super) fn closed(&self) {
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
