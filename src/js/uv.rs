//! The few functions of libuv that watch a descriptor.
//!
//! They are looked up in the running process. Where they are missing (other runtimes than Node.js)
//! nothing is watched, and connections are read by their drivers.

use std::ffi::{c_int, c_void};
use std::os::fd::RawFd;
use std::sync::OnceLock;

use libloading::os::unix::Library;

/// `uv_handle_type`: `UV_CHECK` and `UV_POLL`.
const CHECK: c_int = 2;
const POLL: c_int = 8;
/// `uv_poll_event`: `UV_READABLE` and `UV_WRITABLE`.
const READABLE: c_int = 1;
const WRITABLE: c_int = 2;

/// `void (*)(uv_poll_t* handle, int status, int events)`.
pub type PollCallback = unsafe extern "C" fn(*mut c_void, c_int, c_int);
/// `void (*)(uv_check_t* handle)`.
pub type CheckCallback = unsafe extern "C" fn(*mut c_void);
/// `void (*)(uv_handle_t* handle)`.
pub type CloseCallback = unsafe extern "C" fn(*mut c_void);

/// The functions, as declared in `uv.h`.
pub struct Uv {
    poll_init: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
    poll_start: unsafe extern "C" fn(*mut c_void, c_int, PollCallback) -> c_int,
    check_init: unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int,
    check_start: unsafe extern "C" fn(*mut c_void, CheckCallback) -> c_int,
    check_stop: unsafe extern "C" fn(*mut c_void) -> c_int,
    close: unsafe extern "C" fn(*mut c_void, CloseCallback),
    unref: unsafe extern "C" fn(*mut c_void),
    get_data: unsafe extern "C" fn(*const c_void) -> *mut c_void,
    set_data: unsafe extern "C" fn(*mut c_void, *mut c_void),
    /// Of a `uv_poll_t` and a `uv_check_t`, in bytes.
    poll_size: usize,
    check_size: usize,
}

/// The functions of this process, if it has them all.
pub fn functions() -> Option<&'static Uv> {
    static UV: OnceLock<Option<Uv>> = OnceLock::new();
    UV.get_or_init(|| {
        let process = Library::this();
        macro_rules! find {
            ($name:literal) => {
                // SAFETY: the type of the field or variable is the declaration in `uv.h`, which
                // is stable within libuv 1.
                *unsafe { process.get($name.as_bytes()) }.ok()?
            };
        }
        let size: unsafe extern "C" fn(c_int) -> usize = find!("uv_handle_size");
        Some(Uv {
            poll_init: find!("uv_poll_init"),
            poll_start: find!("uv_poll_start"),
            check_init: find!("uv_check_init"),
            check_start: find!("uv_check_start"),
            check_stop: find!("uv_check_stop"),
            close: find!("uv_close"),
            unref: find!("uv_unref"),
            get_data: find!("uv_handle_get_data"),
            set_data: find!("uv_handle_set_data"),
            // SAFETY: it only looks the type up.
            poll_size: unsafe { size(POLL) },
            // SAFETY: as above.
            check_size: unsafe { size(CHECK) },
        })
    })
    .as_ref()
}

/// Memory of a `uv_poll_t`.
pub struct PollHandle {
    uv: &'static Uv,
    memory: Box<[u64]>,
}

impl PollHandle {
    /// Ties the handle to `descriptor`; it does not keep the loop alive.
    ///
    /// # Safety
    /// `event_loop` is the live loop of this thread. `data` is valid until the handle is closed.
    /// On success the handle must not move or go away before the callback of `close` is called.
    pub unsafe fn init(
        &mut self,
        event_loop: *mut c_void,
        descriptor: RawFd,
        data: *mut c_void,
    ) -> Result<(), c_int> {
        let handle = self.raw();
        // SAFETY: the memory is large enough and aligned, the loop is live.
        let status = unsafe { (self.uv.poll_init)(event_loop, handle, descriptor) };
        if status != 0 {
            return Err(status);
        }
        // SAFETY: the handle is initialised.
        unsafe {
            (self.uv.set_data)(handle, data);
            (self.uv.unref)(handle);
        }
        Ok(())
    }

    /// Calls `callback` while there is something to receive, and if `writable` also while there
    /// is room for bytes. It may be called again to change that.
    ///
    /// # Safety
    /// The handle is initialised and not closed.
    pub unsafe fn watch(&mut self, callback: PollCallback, writable: bool) -> Result<(), c_int> {
        let events = if writable {
            READABLE | WRITABLE
        } else {
            READABLE
        };
        // SAFETY: by contract.
        match unsafe { (self.uv.poll_start)(self.raw(), events, callback) } {
            0 => Ok(()),
            status => Err(status),
        }
    }

    /// An unused handle.
    pub fn new(uv: &'static Uv) -> Self {
        Self {
            uv,
            memory: memory(uv.poll_size),
        }
    }

    /// Stops watching; `closed` is called in a later turn of the loop.
    ///
    /// # Safety
    /// The handle is initialised and not closed.
    pub unsafe fn close(&mut self, closed: CloseCallback) {
        // SAFETY: by contract.
        unsafe { (self.uv.close)(self.raw(), closed) };
    }

    fn raw(&mut self) -> *mut c_void {
        self.memory.as_mut_ptr().cast()
    }
}

/// Memory of a `uv_check_t`, whose callback is called behind those of descriptors.
pub struct CheckHandle {
    uv: &'static Uv,
    memory: Box<[u64]>,
}

impl CheckHandle {
    /// A handle of the loop; it does not keep the loop alive.
    ///
    /// # Safety
    /// `event_loop` is the live loop of this thread. `data` is valid until the handle is closed,
    /// and the handle does not go away before the callback of `close` is called.
    pub unsafe fn new(
        uv: &'static Uv,
        event_loop: *mut c_void,
        data: *mut c_void,
    ) -> Result<Self, c_int> {
        let mut handle = Self {
            uv,
            memory: memory(uv.check_size),
        };
        let raw = handle.memory.as_mut_ptr().cast();
        // SAFETY: the memory is large enough and stays where it is, the loop is live.
        match unsafe { (uv.check_init)(event_loop, raw) } {
            0 => {}
            status => return Err(status),
        }
        // SAFETY: the handle is initialised.
        unsafe {
            (uv.set_data)(raw, data);
            (uv.unref)(raw);
        }
        Ok(handle)
    }

    /// Has `callback` called in each turn of the loop.
    ///
    /// # Safety
    /// The handle is not closed.
    pub unsafe fn start(&mut self, callback: CheckCallback) {
        // SAFETY: by contract. It fails only without a callback.
        unsafe { (self.uv.check_start)(self.memory.as_mut_ptr().cast(), callback) };
    }

    /// Ends that.
    ///
    /// # Safety
    /// The handle is not closed.
    pub unsafe fn stop(&mut self) {
        // SAFETY: by contract. It never fails.
        unsafe { (self.uv.check_stop)(self.memory.as_mut_ptr().cast()) };
    }

    /// Closes the handle; `closed` is called in a later turn of the loop.
    ///
    /// # Safety
    /// The handle is not closed.
    pub unsafe fn close(&mut self, closed: CloseCallback) {
        // SAFETY: by contract.
        unsafe { (self.uv.close)(self.memory.as_mut_ptr().cast(), closed) };
    }
}

fn memory(size: usize) -> Box<[u64]> {
    vec![0; size.div_ceil(size_of::<u64>())].into_boxed_slice()
}

/// What `init` was given for this handle.
///
/// # Safety
/// `handle` is the argument of a callback of libuv.
pub unsafe fn data(handle: *const c_void) -> *mut c_void {
    match functions() {
        // SAFETY: by contract.
        Some(uv) => unsafe { (uv.get_data)(handle) },
        None => std::ptr::null_mut(),
    }
}
