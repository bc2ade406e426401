//! The port as other threads use it: they push parcels, and wake JavaScript if nobody has yet.

use std::collections::VecDeque;
#[cfg(unix)]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use napi::bindgen_prelude::{Result, check_status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};

use super::settle::{Outcome, Settled};
use crate::js::cancel::{Cancellation, Cancellations};
use crate::js::holds::Holds;
use crate::js::tape::Tape;
#[cfg(unix)]
use crate::js::tasks::Tasks;
#[cfg(unix)]
use crate::net::http;

pub(super) type Wake = ThreadsafeFunction<(), (), (), Status, false, true>;

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

/// A port as other threads hold it.
#[derive(Clone)]
pub struct PortHandle(pub(super) Arc<Shared>);

/// What all threads use.
pub struct Shared {
    queue: Mutex<Queue>,
    wake: Wake,
    /// Calls that are not settled yet; while there are any, the event loop is kept alive. Calls
    /// that JavaScript has given up are released early and retained again behind their end, so
    /// this is below zero for moments. Only the JavaScript thread changes it.
    pending: AtomicI64,
    pub(super) native_calls: AtomicU32,
    /// The environment's thread can read connections itself.
    pub(super) reads: AtomicBool,
    pub(super) cancellations: Arc<Cancellations>,
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
    pub(in crate::js) fn of(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }

    /// The calls that are made on the environment's thread.
    #[cfg(unix)]
    pub(in crate::js) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// The number of the environment, never 0.
    #[cfg(unix)]
    pub(in crate::js) fn id(&self) -> u64 {
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
    pub(in crate::js) fn cancellation(&self) -> Option<Cancellation> {
        self.0.cancellations.begin()
    }

    /// What keeps the memory of the environment.
    pub(in crate::js) fn holds(&self) -> &Holds {
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
    /// Of the environment whose thread this is.
    pub(super) fn new(wake: Wake) -> Self {
        Self {
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
        }
    }

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
    pub(super) fn awake(&self) {
        self.lock().woken = false;
    }

    pub(super) fn wake_again(&self) {
        if !std::mem::replace(&mut self.lock().woken, true) {
            self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Takes parcels one by one, so that other threads can push meanwhile. Returns whether nothing
    /// is left.
    pub(super) fn unpack(&self, tape: &mut Tape<'_>) -> Result<bool> {
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

    pub(super) fn begun(&self, env: &Env, count: u32) -> Result<()> {
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

    pub(super) fn die(&self) {
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
