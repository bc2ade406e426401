//! The spare connections of one server: opened for what needs one of its own, kept for a while.
//!
//! One lock over the books. Lanes are asked and given commands under it, for they never call back
//! from there; whatever may call anybody, such as ending a lane, is done behind it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::books::{Books, Later, Phase, Spare};
use super::hub::Hub;
use super::lease::Lease;
use super::sink::SpareSink;
use super::work::{Blocked, Grant, Task, Waiter, Work, too_many_wait};
use super::{Reserve, timers};
use crate::error::Error;
use crate::redis::config::Config;
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Lane, Sink};
use crate::redis::lifecycle;
use crate::redis::pool::state::{Counts, Taken};
use crate::redis::resolve::MakeResolver;

/// Makes where a further connection delivers.
pub(super) type MakeSink = Box<dyn Fn() -> Arc<dyn Sink> + Send + Sync>;

pub(in crate::redis) struct Spares {
    pub(super) hub: Arc<dyn Hub>,
    config: Config,
    make_sink: MakeSink,
    resolvers: Option<MakeResolver>,
    this: Weak<Self>,
    clock: Instant,
    books: Mutex<Books>,
}

impl Spares {
    pub(in crate::redis) fn new(
        hub: Arc<dyn Hub>,
        mut config: Config,
        reserve: Reserve,
        make_sink: MakeSink,
        resolvers: Option<MakeResolver>,
    ) -> Arc<Self> {
        // What blocks may be silent, and what is to be sent on a spare waits for it.
        config.options.idle_timeout_ms = 0;
        config.options.enable_offline_queue = true;
        // What is read here is in nobody's cache.
        config.options.tracking = None;
        Arc::new_cyclic(|this| Self {
            hub,
            config,
            make_sink,
            resolvers,
            this: this.clone(),
            clock: Instant::now(),
            books: Mutex::new(Books::new(reserve)),
        })
    }

    pub(super) fn this(&self) -> Weak<Self> {
        self.this.clone()
    }

    /// How long a connection stays idle; `None` for as long as the server lets it.
    pub(super) fn patience(&self) -> Option<u64> {
        let patience = self.config.options.idle_connection_timeout_ms;
        (patience > 0).then_some(patience.into())
    }

    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(in crate::redis) fn counts(&self) -> Counts {
        let books = self.lock();
        let mut counts = books.slots.counts();
        counts.waiting += books.held.len();
        counts
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the books, then does what follows.
    pub(super) fn with<R>(&self, change: impl FnOnce(&mut Books, &mut Later) -> R) -> R {
        let mut later = Later::new();
        let result = change(&mut self.lock(), &mut later);
        for act in later {
            act();
        }
        result
    }

    /// Runs a command that blocks.
    pub(super) fn run(&self, bytes: Bytes, entry: Entry, limit: Option<Duration>, database: u32) {
        let task = Task::Command(Blocked {
            bytes,
            entry,
            limit,
        });
        self.with(|books, later| self.admit(books, later, database, task));
    }

    /// Asks for a connection; `id` is what [`cancel`](Self::cancel) takes. Returns what
    /// [`give_up_waiting`](Self::give_up_waiting) takes.
    pub(in crate::redis) fn lease(
        &self,
        id: Option<u32>,
        limit: Option<Duration>,
        grant: Grant,
    ) -> u64 {
        let database = self.hub.database();
        let task = Task::Lease(Waiter { id, grant });
        let ticket = self.with(|books, later| self.admit(books, later, database, task));
        if let Some(limit) = limit {
            timers::give_up_after(self, ticket, limit);
        }
        ticket
    }

    /// Opens connections until there are as many as are kept.
    fn replenish(&self, books: &mut Books) {
        while books.slots.is_short() {
            if !self.grow(books) {
                return;
            }
        }
    }

    /// Opens one more connection. Returns whether there is room for it.
    pub(super) fn grow(&self, books: &mut Books) -> bool {
        let Some(key) = books.slots.open() else {
            return false;
        };
        let database = self.hub.database();
        let work = books.work(database, Task::Reserve);
        self.open(books, key, work);
        true
    }

    fn admit(&self, books: &mut Books, later: &mut Later, database: u32, task: Task) -> u64 {
        let work = books.work(database, task);
        let ticket = work.ticket;
        // Looked at under the lock that `resume` takes: nothing is held behind its back.
        if self.hub.is_greeted() {
            self.place(books, later, work);
        } else {
            self.hold(books, later, work);
        }
        ticket
    }

    /// Keeps work until the shared connection is there, unless that has ended: `give_up` has been
    /// called then, and nobody looks at what is held.
    pub(super) fn hold(&self, books: &mut Books, later: &mut Later, work: Work) {
        if self.hub.has_ended() {
            self.refuse(later, work, lifecycle::failed());
        } else {
            books.held.push(work);
        }
    }

    fn place(&self, books: &mut Books, later: &mut Later, work: Work) {
        let spares = &books.spares;
        let usable = |key: u64| spares.get(&key).is_some_and(|spare| spare.lane.load() == 0);
        match books.slots.take(work, usable) {
            Taken::Idle(key, work) => self.begin(books, later, key, work),
            Taken::Opened(key, work) => self.open(books, key, work),
            Taken::Waits => {}
            Taken::Refused(work) => self.refuse(later, work, too_many_wait()),
        }
    }

    /// Opens a connection for `work`.
    fn open(&self, books: &mut Books, key: u64, work: Work) {
        let user = (self.make_sink)();
        let sink = SpareSink::new(Arc::clone(&user), self.this(), key);
        let resolver = self.resolvers.as_ref().map(|make| make());
        let lane = Lane::make(self.config.clone(), Arc::new(sink), resolver);
        // Nothing is refused that is nothing.
        let _ = lane.try_submit(&[], &[], Delivery::Direct);
        let phase = Phase::Preparing {
            work,
            selecting: false,
        };
        let spare = Spare {
            lane,
            user,
            connected: false,
            client: None,
            phase,
        };
        books.spares.insert(key, spare);
    }

    pub(super) fn begin(&self, books: &mut Books, later: &mut Later, key: u64, work: Work) {
        if let Some(spare) = books.spares.get_mut(&key) {
            spare.phase = Phase::Preparing {
                work,
                selecting: false,
            };
            self.advance(books, later, key);
        }
    }

    /// A connection is free.
    pub(super) fn give_back(&self, books: &mut Books, later: &mut Later, key: u64) {
        if let Some(spare) = books.spares.get_mut(&key) {
            spare.phase = Phase::Idle;
            match books.slots.give_back(key, self.now()) {
                Some(work) => self.begin(books, later, key, work),
                None => timers::sweep(self, books),
            }
        }
    }

    /// Takes a connection out of the books; who waits gets another one.
    pub(super) fn lose(&self, books: &mut Books, key: u64) -> Option<Spare> {
        let spare = books.spares.remove(&key)?;
        if let Some((key, work)) = books.slots.lost(key) {
            self.open(books, key, work);
        }
        Some(spare)
    }

    /// The shared connection is there: what was held begins.
    pub(super) fn resume(&self) {
        self.with(|books, later| {
            for work in std::mem::take(&mut books.held) {
                self.place(books, later, work);
            }
            self.replenish(books);
        });
    }

    /// The shared connection has failed for good.
    pub(super) fn give_up(&self, error: &Error) {
        self.with(|books, later| {
            for work in std::mem::take(&mut books.held) {
                self.refuse(later, work, error.clone());
            }
        });
    }

    /// Ends everything.
    pub(in crate::redis) fn close(&self) {
        let error = lifecycle::closed();
        self.with(|books, later| {
            let mut work = std::mem::take(&mut books.held);
            work.extend(books.slots.clear());
            for (_, mut spare) in std::mem::take(&mut books.spares) {
                if let Phase::Preparing { work: begun, .. } =
                    std::mem::replace(&mut spare.phase, Phase::Idle)
                {
                    work.push(begun);
                }
                later.push(Box::new(spare.ending(error.clone())));
            }
            for work in work {
                self.refuse(later, work, error.clone());
            }
        });
    }

    /// Tells who needed a connection that there is none.
    pub(super) fn refuse(&self, later: &mut Later, work: Work, error: Error) {
        match work.task {
            Task::Command(blocked) => {
                let hub = Arc::clone(&self.hub);
                let id = blocked.entry.id;
                later.push(Box::new(move || hub.failed(vec![id], &error)));
            }
            Task::Lease(waiter) => later.push(Box::new(move || (waiter.grant)(Err(error)))),
            Task::Reserve => {}
        }
    }

    /// Hands a connection to who asked for it.
    pub(super) fn grant(&self, books: &mut Books, later: &mut Later, key: u64, waiter: Waiter) {
        let (Some(spare), Some(spares)) = (books.spares.get_mut(&key), self.this.upgrade()) else {
            return;
        };
        spare.phase = Phase::Leased;
        let lease = Lease::new(spares, key, &spare.lane, &spare.user);
        later.push(Box::new(move || (waiter.grant)(Ok(lease))));
    }
}

#[cfg(test)]
mod tests;
