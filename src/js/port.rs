//! The completion port: how finished work reaches the JavaScript thread.
//!
//! There is one port in each environment (main thread or worker). Any thread pushes parcels; the
//! first push since the last drain wakes JavaScript, which drains as much as fits on one
//! [`Tape`]. One wake-up and one native call serve any number of results.

mod handle;
mod settle;

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use handle::Wake;
pub use handle::{Parcel, PortHandle, Resource, Shared};
use napi::Env;
use napi::bindgen_prelude::{Function, JsValue, Result, Uint8Array, Uint32Array, Unknown};
use napi_derive::napi;
pub use settle::{Outcome, Settle};
pub(super) use settle::{cannot_represent, ended_without_result, settle_on};

#[cfg(unix)]
use super::event_loop::EventLoop;
use super::exchange::{Exchange, Memory};
use super::tape::{ENTRY, Tape};

/// Tapes that one wake-up fills; what is left follows in another, so that a flood starves nobody.
const TAPES: usize = 16;

/// The port of this environment. `lib/port.js` makes the only one.
#[napi]
pub struct Port {
    shared: Arc<Shared>,
    exchange: Rc<Exchange>,
    #[cfg(unix)]
    event_loop: Option<Rc<EventLoop>>,
}

#[napi]
impl Port {
    /// `onWake` must call `drain`. `settle` is called with the words used of `tape` and the values
    /// that belong to them; `makeServerError` with the text of each error that is part of a larger
    /// reply. `slab` and `entries` are where commands are found.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: Env,
        on_wake: Function<'_, (), ()>,
        #[napi(ts_arg_type = "(end: number, ...values: any[]) => void")] settle: Function<
            '_,
            (),
            (),
        >,
        make_server_error: Function<'_, String, Unknown<'static>>,
        tape: Uint32Array,
        slab: Uint8Array,
        entries: Uint32Array,
    ) -> Result<Self> {
        let wake: Wake = on_wake
            .build_threadsafe_function::<()>()
            .callee_handled::<false>()
            .weak::<true>()
            .build()?;
        let shared = Arc::new(Shared::new(wake));
        let memory = Memory {
            tape: tape.into(),
            slab,
            entries,
        };
        let make_server_error = make_server_error.create_ref()?;
        let of_exchange = Arc::clone(&shared);
        // SAFETY: both are of this call.
        let exchange = Rc::new(unsafe {
            Exchange::new(
                env.raw(),
                of_exchange,
                memory,
                settle.raw(),
                make_server_error,
            )
        }?);
        let of_hook = Arc::clone(&shared);
        #[cfg(unix)]
        {
            // SAFETY: the environment is live, and this is its thread.
            let event_loop = unsafe { EventLoop::new(env.raw(), Rc::clone(&exchange)) }?;
            if let Some(event_loop) = &event_loop {
                shared.reads.store(true, Ordering::Relaxed);
                // SAFETY: as above.
                unsafe { event_loop.on_tear_down(Box::new(move || of_hook.die())) }?;
            } else {
                env.add_env_cleanup_hook(of_hook, |shared| shared.die())?;
            }
            Ok(Self {
                shared,
                exchange,
                event_loop,
            })
        }
        #[cfg(not(unix))]
        {
            env.add_env_cleanup_hook(of_hook, |shared| shared.die())?;
            Ok(Self { shared, exchange })
        }
    }

    /// Lets `settle` settle what has gathered.
    #[napi(catch_unwind)]
    pub fn drain(&self) -> Result<()> {
        self.shared.count_call();
        self.shared.awake();
        let all = self.exchange.deliver(
            #[cfg(unix)]
            self.event_loop.as_ref(),
            TAPES,
            |tape| self.unpack(tape),
        )?;
        if !all {
            self.shared.wake_again();
        }
        Ok(())
    }

    /// Keeps the event loop alive until `release`; for subscriptions and reconnecting clients.
    #[napi(catch_unwind)]
    pub fn retain(&self, env: Env) -> Result<()> {
        self.shared.begun(&env, 1)
    }

    /// Undoes one `retain`.
    #[napi(catch_unwind)]
    pub fn release(&self, env: Env) -> Result<()> {
        self.shared.settled(&env, 1)
    }

    /// Lets the next call be cancelled; returns the token that `cancel` takes.
    #[napi(catch_unwind)]
    pub fn make_cancellable(&self) -> u32 {
        self.shared.cancellations.announce()
    }

    /// Ends a call that has not settled yet: it frees its connection and rejects.
    #[napi(catch_unwind)]
    pub fn cancel(&self, token: u32) {
        self.shared.cancellations.cancel(token);
    }

    /// Native calls that carried commands or results, for tests of the batching.
    #[napi(getter, catch_unwind)]
    pub fn native_calls(&self) -> u32 {
        self.shared.native_calls.load(Ordering::Relaxed)
    }
}

impl Port {
    /// The port as other threads hold it.
    pub fn handle(&self) -> PortHandle {
        PortHandle(Arc::clone(&self.shared))
    }

    /// The event loop, where it can watch connections.
    #[cfg(unix)]
    pub fn event_loop(&self) -> Option<Rc<EventLoop>> {
        self.event_loop.clone()
    }

    /// The memory that JavaScript shares.
    pub fn exchange(&self) -> Rc<Exchange> {
        Rc::clone(&self.exchange)
    }

    /// What this thread has read comes before what other threads have pushed: it is older.
    fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool> {
        #[cfg(unix)]
        if let Some(event_loop) = &self.event_loop {
            return Ok(event_loop.unpack(tape)?
                && self.shared.unpack(tape)?
                // A parcel may have brought a connection that has been read already.
                && event_loop.unpack(tape)?);
        }
        self.shared.unpack(tape)
    }
}

/// A tape must hold at least one entry, or nothing would ever be drained.
const _: () = assert!(ENTRY > 0);
