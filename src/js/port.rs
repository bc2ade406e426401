//! The completion port: how finished work reaches the JavaScript thread.
//!
//! There is one port in each environment (main thread or worker). Any thread pushes parcels; the
//! first push since the last drain wakes JavaScript, which drains as much as fits on one
//! [`Tape`]. One wake-up and one native call serve any number of results.

use std::collections::VecDeque;
use std::rc::Rc;
#[cfg(unix)]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use napi::bindgen_prelude::{
    Function, JsValue, Result, Uint8Array, Uint32Array, Unknown, check_status,
};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};
use napi_derive::napi;

use super::cancel::{Cancellation, Cancellations};
#[cfg(unix)]
use super::event_loop::EventLoop;
use super::exchange::{Exchange, Memory};
use super::holds::Holds;
use super::tape::{ENTRY, Tag, Tape};
#[cfg(unix)]
use super::tasks::Tasks;
#[cfg(unix)]
use crate::net::http;

/// Tapes that one wake-up fills; what is left follows in another, so that a flood starves nobody.
const TAPES: usize = 16;

type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

/// What a call comes to.
pub type Outcome = crate::Result<Box<dyn Settle>>;

/// Builds a result on the JavaScript thread.
pub trait Settle: Send {
    /// The value with which the promise is fulfilled.
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value>;
}

/// Results that wait to be written on the tape.
pub trait Parcel: Send {
    /// Writes as much as fits; returns whether nothing is left.
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool>;
}

/// Something that must stop when its environment goes away.
pub trait Resource: Send + Sync {
    /// Called on the environment's thread while it is torn down.
    fn shut_down(&self);
}

/// The port of this environment. `lib/port.js` makes the only one.
#[napi]
pub struct Port {
    shared: Arc<Shared>,
    exchange: Rc<Exchange>,
    #[cfg(unix)]
    event_loop: Option<Rc<EventLoop>>,
}

/// A port as other threads hold it.
#[derive(Clone)]
pub struct PortHandle(Arc<Shared>);

/// What all threads use.
pub struct Shared {
    queue: Mutex<Queue>,
    wake: Wake,
    /// Calls that are not settled yet; while there are any, the event loop is kept alive. Calls
    /// that JavaScript has given up are released early and retained again behind their end, so
    /// this is below zero for moments. Only the JavaScript thread changes it.
    pending: AtomicI64,
    native_calls: AtomicU32,
    /// The environment's thread can read connections itself.
    reads: AtomicBool,
    cancellations: Arc<Cancellations>,
    holds: Holds,
    #[cfg(unix)]
    tasks: Tasks,
    /// Different for each environment, and not 0.
    #[cfg(unix)]
    id: u64,
}

#[derive(Default)]
struct Queue {
    parcels: VecDeque<Box<dyn Parcel>>,
    /// A wake-up is on its way.
    woken: bool,
    /// The environment is gone.
    dead: bool,
    resources: Vec<Weak<dyn Resource>>,
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
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue::default()),
            wake,
            pending: AtomicI64::new(0),
            native_calls: AtomicU32::new(0),
            reads: AtomicBool::new(false),
            cancellations: Arc::default(),
            holds: Holds::new(),
            #[cfg(unix)]
            tasks: Tasks::new(),
            #[cfg(unix)]
            id: {
                static LAST: AtomicU64 = AtomicU64::new(0);
                LAST.fetch_add(1, Ordering::Relaxed) + 1
            },
        });
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

impl PortHandle {
    /// Tells that a call has begun whose id will be settled exactly once. On the JavaScript
    /// thread.
    pub fn begin(&self, env: &Env) -> Result<()> {
        self.begin_many(env, 1)
    }

    /// Tells that so many calls have begun.
    pub fn begin_many(&self, env: &Env, count: u32) -> Result<()> {
        self.0.begun(env, count)
    }

    #[cfg(unix)]
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }

    /// The calls that are made on the environment's thread.
    #[cfg(unix)]
    pub(super) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// The number of the environment, never 0.
    #[cfg(unix)]
    pub(super) fn id(&self) -> u64 {
        self.0.id
    }

    /// Whether the environment's thread can read connections itself.
    pub fn reads(&self) -> bool {
        self.0.reads.load(Ordering::Relaxed)
    }

    /// Tells that it turned out not to be able to: drivers read from now on.
    #[cfg(unix)]
    pub fn give_up_reading(&self) {
        self.0.reads.store(false, Ordering::Relaxed);
    }

    /// Of the call that begins now, if it was announced as one that can be cancelled.
    pub(super) fn cancellation(&self) -> Option<Cancellation> {
        self.0.cancellations.begin()
    }

    /// What keeps the memory of the environment.
    pub(super) fn holds(&self) -> &Holds {
        &self.0.holds
    }

    /// Counts a native call that carried commands.
    pub fn count_call(&self) {
        self.0.count_call();
    }

    /// Settles a call, from any thread.
    pub fn complete(&self, id: u32, outcome: Outcome) {
        self.push(Box::new(Settled(Some((id, outcome)))));
    }

    /// Hands over results, from any thread.
    pub fn push(&self, parcel: Box<dyn Parcel>) {
        self.0.push(parcel);
    }

    /// Ties a resource to the environment.
    pub fn attach(&self, resource: Weak<dyn Resource>) {
        let mut queue = self.0.lock();
        queue
            .resources
            .retain(|resource| resource.strong_count() > 0);
        queue.resources.push(resource);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a native call that carried commands or results.
    pub fn count_call(&self) {
        self.native_calls.fetch_add(1, Ordering::Relaxed);
    }

    fn push(&self, parcel: Box<dyn Parcel>) {
        let mut queue = self.lock();
        if queue.dead {
            return;
        }
        queue.parcels.push_back(parcel);
        if !std::mem::replace(&mut queue.woken, true) {
            drop(queue);
            self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The mark is cleared before the queue is looked at: a push in between wakes once too often,
    /// never too seldom.
    fn awake(&self) {
        self.lock().woken = false;
    }

    fn wake_again(&self) {
        if !std::mem::replace(&mut self.lock().woken, true) {
            self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Takes parcels one by one, so that other threads can push meanwhile. Returns whether nothing
    /// is left.
    fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool> {
        loop {
            let Some(mut parcel) = self.lock().parcels.pop_front() else {
                return Ok(true);
            };
            if !parcel.unpack(tape)? {
                self.lock().parcels.push_front(parcel);
                return Ok(false);
            }
        }
    }

    fn begun(&self, env: &Env, count: u32) -> Result<()> {
        let count = i64::from(count);
        let before = self.pending.fetch_add(count, Ordering::Relaxed);
        if before <= 0 && before + count > 0 {
            // SAFETY: the function lives as long as its environment, whose thread this is.
            check_status!(unsafe {
                sys::napi_ref_threadsafe_function(env.raw(), self.wake.raw())
            })?;
        }
        Ok(())
    }

    /// Tells that calls are settled.
    pub fn settled(&self, env: &Env, count: u32) -> Result<()> {
        let count = i64::from(count);
        let before = self.pending.fetch_sub(count, Ordering::Relaxed);
        if before > 0 && before - count <= 0 {
            // SAFETY: as in `begun`.
            check_status!(unsafe {
                sys::napi_unref_threadsafe_function(env.raw(), self.wake.raw())
            })?;
        }
        Ok(())
    }

    fn die(&self) {
        let mut queue = self.lock();
        queue.dead = true;
        // What a parcel holds may have locks of its own.
        let parcels = std::mem::take(&mut queue.parcels);
        let resources = std::mem::take(&mut queue.resources);
        drop(queue);
        drop(parcels);
        #[cfg(unix)]
        {
            self.tasks.die();
            http::close_idle(self.id);
        }
        for resource in resources.iter().filter_map(Weak::upgrade) {
            resource.shut_down();
        }
        self.holds.end();
    }
}

/// One settled call.
struct Settled(Option<(u32, Outcome)>);

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
pub(super) fn settle_on(tape: &mut Tape<'_>, id: u32, outcome: Outcome) -> Result<()> {
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
pub(super) fn ended_without_result() -> crate::Error {
    crate::Error::new(
        crate::ErrorKind::Cancelled,
        "ERR_INTERNAL",
        "the operation ended without a result",
    )
}

/// The error of a result of which the engine makes no value, such as a string of 512 MiB.
pub(super) fn cannot_represent(error: &napi::Error) -> crate::Error {
    crate::Error::new(
        crate::ErrorKind::InvalidInput,
        "ERR_RESULT_TOO_LARGE",
        format!("JavaScript cannot hold the result: {error}"),
    )
}

/// A tape must hold at least one entry, or nothing would ever be drained.
const _: () = assert!(ENTRY > 0);

impl Settle for () {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        super::value::undefined(env.raw())
    }
}

impl Settle for bool {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        super::value::boolean(env.raw(), *self)
    }
}

impl Settle for f64 {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        super::value::double(env.raw(), *self)
    }
}

impl Settle for String {
    fn settle(self: Box<Self>, env: &Env) -> Result<sys::napi_value> {
        super::value::string(env.raw(), self.as_bytes())
    }
}
