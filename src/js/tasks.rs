//! Calls that are made on the JavaScript thread: their tasks are polled when a call begins, when
//! the event loop tells that something has arrived, and when the port is drained because of
//! something else, such as a timer.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, ThreadId};

use napi::bindgen_prelude::Result;

use super::event_loop::EventLoop;
use super::port::{Outcome, Parcel, PortHandle, ended_without_result, settle_on};
use super::tape::Tape;
use crate::net::{reactor, runtime};

type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// How often a call may go on at once when it begins.
const TURNS: usize = 8;

/// The tasks of one environment.
pub struct Tasks {
    thread: ThreadId,
    /// Whoever runs on the thread now will look at the queue before it returns.
    attended: AtomicBool,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    woken: VecDeque<Arc<Task>>,
    /// A parcel that runs them is on its way.
    announced: bool,
    /// By the id of their calls, so that they can be dropped with the environment.
    live: Vec<Option<Arc<Task>>>,
}

struct Task {
    id: u32,
    port: PortHandle,
    queued: AtomicBool,
    /// None when it has ended. Only the environment's thread uses it.
    work: Mutex<Option<Work>>,
}

impl Tasks {
    /// Of the environment whose thread this is.
    pub fn new() -> Self {
        Self {
            thread: thread::current().id(),
            attended: AtomicBool::new(false),
            queue: Mutex::default(),
        }
    }

    /// Begins a call, on the environment's thread, and goes on with it as far as it can.
    pub fn begin(&self, port: &PortHandle, event_loop: &Rc<EventLoop>, id: u32, work: Work) {
        let task = Arc::new(Task {
            id,
            port: port.clone(),
            queued: AtomicBool::new(false),
            work: Mutex::new(Some(work)),
        });
        let index = id as usize;
        let mut queue = self.lock();
        if queue.live.len() <= index {
            queue.live.resize(index + 1, None);
        }
        queue.live[index] = Some(Arc::clone(&task));
        queue.woken.push_front(task);
        drop(queue);
        self.attend(|| {
            for _ in 0..TURNS {
                let Some(task) = self.next() else { return };
                if let Some(outcome) = self.poll(&task, event_loop) {
                    port.complete(task.id, outcome);
                }
            }
        });
        self.announce(port);
    }

    /// Runs `work`, which may wake tasks, for one who will call [`run`](Self::run) behind it.
    pub fn attend(&self, work: impl FnOnce()) {
        let before = self.attended.swap(true, Ordering::Relaxed);
        work();
        self.attended.store(before, Ordering::Relaxed);
    }

    /// Whether a task can go on.
    pub fn are_woken(&self) -> bool {
        !self.lock().woken.is_empty()
    }

    /// Goes on with the tasks that were woken and settles what has ended; returns whether nothing
    /// is left.
    pub fn run(&self, tape: &mut Tape<'_>) -> Result<bool> {
        let Some(event_loop) = tape.event_loop else {
            return Ok(true);
        };
        let mut outcome = Ok(true);
        self.attend(|| {
            while let Some(task) = self.next() {
                if !tape.fits(0) {
                    self.lock().woken.push_front(task);
                    outcome = Ok(false);
                    return;
                }
                if let Some(result) = self.poll(&task, event_loop)
                    && let Err(error) = settle_on(tape, task.id, result)
                {
                    outcome = Err(error);
                    return;
                }
            }
        });
        outcome
    }

    /// Drops all tasks.
    pub fn die(&self) {
        let queue = std::mem::take(&mut *self.lock());
        for task in queue.live.iter().flatten() {
            // Its connections may wake others.
            let work = task.lock().take();
            drop(work);
        }
    }

    fn next(&self) -> Option<Arc<Task>> {
        self.lock().woken.pop_front()
    }

    fn poll(&self, task: &Arc<Task>, event_loop: &Rc<EventLoop>) -> Option<Outcome> {
        let mut place = task.lock();
        // What wakes it from now on wants another turn.
        task.queued.store(false, Ordering::Release);
        let waker = Waker::from(Arc::clone(task));
        let polled = catch_unwind(AssertUnwindSafe(|| {
            reactor::within(Rc::clone(event_loop) as _, || {
                // Timers and dials are the runtime's.
                let _runtime = runtime::shared().enter();
                let outcome = place
                    .as_mut()?
                    .as_mut()
                    .poll(&mut Context::from_waker(&waker));
                if outcome.is_ready() {
                    *place = None;
                }
                Some(outcome)
            })
        }));
        let outcome = match polled {
            Ok(None | Some(Poll::Pending)) => return None,
            Ok(Some(Poll::Ready(outcome))) => outcome,
            Err(_panic) => {
                *place = None;
                Err(ended_without_result())
            }
        };
        if let Some(place) = self.lock().live.get_mut(task.id as usize) {
            *place = None;
        }
        Some(outcome)
    }

    fn schedule(&self, task: Arc<Task>) {
        let port = task.port.clone();
        self.lock().woken.push_back(task);
        let attended =
            self.attended.load(Ordering::Relaxed) && thread::current().id() == self.thread;
        if !attended {
            self.announce(&port);
        }
    }

    /// Has the woken tasks run when the port is drained.
    fn announce(&self, port: &PortHandle) {
        let mut queue = self.lock();
        if !queue.woken.is_empty() && !std::mem::replace(&mut queue.announced, true) {
            drop(queue);
            port.push(Box::new(Run(port.clone())));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Task {
    fn lock(&self) -> MutexGuard<'_, Option<Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.port.tasks().schedule(Arc::clone(self));
        }
    }
}

/// Runs what was woken by another thread.
struct Run(PortHandle);

impl Parcel for Run {
    fn unpack(&mut self, tape: &mut Tape<'_>) -> Result<bool> {
        let tasks = self.0.tasks();
        // What is woken from now on has to be announced again.
        tasks.lock().announced = false;
        tasks.run(tape)
    }
}
