//! A connection of one's own, for a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::spares::Spares;
use super::work::{Grant, released};
use super::{cut, stateful};
use crate::error::Error;
use crate::redis::inflight::Entry;
use crate::redis::lane::{Delivery, Lane, Sink};
use crate::redis::meta::{Answered, Meta};

/// A connection that nobody else uses, with [`Lane`]'s interface. It is in the database that the
/// shared one had selected, and in no other state. It does not outlive a lost connection: all that
/// was built up on the server, such as a `WATCH`, would be gone.
///
/// Dropping it gives it back, as [`release`](Self::release) does.
pub struct Lease {
    spares: Arc<Spares>,
    key: u64,
    lane: Arc<Lane>,
    sink: Arc<dyn Sink>,
    traces: Mutex<Traces>,
}

/// What commands have left behind.
#[derive(Debug, Default, Clone, Copy)]
struct Traces {
    /// The state of the connection is not known any more.
    spoilt: bool,
    watches: bool,
    released: bool,
}

impl Lease {
    pub(super) fn new(
        spares: Arc<Spares>,
        key: u64,
        lane: &Arc<Lane>,
        sink: &Arc<dyn Sink>,
    ) -> Self {
        Self {
            spares,
            key,
            lane: Arc::clone(lane),
            sink: Arc::clone(sink),
            traces: Mutex::default(),
        }
    }

    /// The connection. What is submitted past [`submit`](Self::submit) must leave no state behind.
    #[must_use]
    pub fn lane(&self) -> &Arc<Lane> {
        &self.lane
    }

    /// Where the connection delivers: what `make_sink` has made for it.
    #[must_use]
    pub fn sink(&self) -> &Arc<dyn Sink> {
        &self.sink
    }

    /// Submits whole commands, cut in pieces anywhere, and their entries in the same order. Behind
    /// the release they fail with `ERR_REDIS_CONNECTION_CLOSED`.
    pub fn submit(&self, pieces: &[&[u8]], entries: &[Entry], delivery: Delivery) {
        let mut traces = self.lock();
        if traces.released {
            drop(traces);
            self.refuse(entries, &released());
            return;
        }
        let bits = entries.iter().fold(0, |bits, entry| bits | entry.meta.0);
        let subscribes = entries
            .iter()
            .any(|entry| entry.meta.answered() != Answered::Reply);
        traces.spoilt |= subscribes;
        // Under the lock that the release takes: behind it the connection may be somebody else's.
        // The lane calls nobody from there.
        let outcome = if bits & Meta::STATE == 0 {
            self.lane.try_submit(pieces, entries, delivery)
        } else {
            let bytes = pieces.concat();
            let mut entries = entries.to_vec();
            for (entry, range) in entries.iter_mut().zip(cut::commands(&bytes)) {
                if entry.meta.0 & Meta::STATE != 0 {
                    traces.note(entry, &cut::arguments(&bytes[range]));
                }
            }
            self.lane.try_submit(&[&bytes], &entries, delivery)
        };
        drop(traces);
        if let Err(error) = outcome {
            self.refuse(entries, &error);
        }
    }

    fn refuse(&self, entries: &[Entry], error: &Error) {
        let ids = entries.iter().map(|entry| entry.id).collect();
        self.sink.failed(ids, error);
    }

    /// Gives the connection back. Commands that were submitted are still answered; one that blocks
    /// fails. It is closed unless its state is known to be that of a new one.
    pub fn release(&self) {
        let mut traces = self.lock();
        if std::mem::replace(&mut traces.released, true) {
            return;
        }
        let Traces {
            spoilt, watches, ..
        } = *traces;
        drop(traces);
        self.spares.release(self.key, spoilt, watches);
    }

    /// Closes the connection; what waits on it fails with "Connection closed". Returns whether it
    /// was not given back yet.
    pub fn close(&self) -> bool {
        let mut traces = self.lock();
        if std::mem::replace(&mut traces.released, true) {
            return false;
        }
        drop(traces);
        self.spares.release(self.key, true, false);
        true
    }

    /// Answers `id` with the HELLO reply of the connection, which is never made again.
    pub fn connect(&self, id: u32) {
        if self.is_over() {
            self.sink.failed(vec![id], &released());
        } else {
            self.lane.connect(id);
        }
    }

    /// Asks for another connection to the same server; see [`Endpoint::acquire`](super::Endpoint::acquire).
    pub fn acquire(&self, id: Option<u32>, limit: Option<Duration>, grant: Grant) {
        if self.is_over() {
            grant(Err(released()));
        } else {
            self.spares.lease(id, limit, grant);
        }
    }

    /// Gives up a command that blocks, and the connection with it, or an `acquire`. Other commands are
    /// left alone.
    /// Returns whether there was something to give up.
    #[must_use]
    pub fn cancel(&self, id: u32) -> bool {
        let mut traces = self.lock();
        let blocks = !traces.released && self.lane.holds(id);
        if blocks {
            // Before anybody else can block on it.
            self.spares.unblock(self.key);
            traces.released = true;
        }
        drop(traces);
        if blocks {
            self.spares.release(self.key, true, false);
        }
        blocks || self.spares.cancel(id)
    }

    /// What the user is told of an error of the server that leads to another one, as those of a cluster do; `None` for
    /// the error itself.
    #[must_use]
    pub fn explain(&self, text: &str) -> Option<Error> {
        self.spares.hub.explain(text)
    }

    /// Whether it was given back, or its connection is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.lock().released || !self.lane.is_active()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Traces> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.release();
    }
}

impl Traces {
    fn note(&mut self, entry: &mut Entry, arguments: &[&[u8]]) {
        match stateful::change(arguments) {
            stateful::Change::None => {}
            stateful::Change::Database(number) => entry.meta = entry.meta.selecting(number),
            stateful::Change::Watches => self.watches = true,
            stateful::Change::Other => self.spoilt = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Instant;

    use super::*;
    use crate::redis::config::{Config, Options};
    use crate::redis::endpoint::Endpoint;
    use crate::redis::lane::{Batch, Event};

    struct Nobody;

    impl Sink for Nobody {
        fn replies(&self, _: Batch) {}
        fn failed(&self, _: Vec<u32>, _: &Error) {}
        fn event(&self, _: Event) {}
    }

    /// A lease of a connection to a server that only shakes hands.
    fn lease() -> (Arc<Endpoint>, Lease) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let mut open = Vec::new();
            for mut socket in listener.incoming().flatten() {
                let _ = socket.read(&mut [0; 1024]);
                let _ = socket.write_all(b"%1\r\n$5\r\nproto\r\n:3\r\n");
                open.push(socket);
            }
        });
        let config = Config {
            target: crate::redis::url::parse(&url).unwrap(),
            options: Options::default(),
        };
        let endpoint = Endpoint::new(config, Arc::new(Nobody), || Arc::new(Nobody));
        let (granted, lease) = mpsc::channel();
        let grant = move |lease| granted.send(lease).unwrap();
        endpoint.acquire(None, None, Box::new(grant));
        (endpoint, lease.recv().unwrap().ok().unwrap())
    }

    #[test]
    fn a_release_waits_until_what_is_being_submitted_is_on_the_connection() {
        let (endpoint, lease) = lease();
        let ping: &[u8] = b"*1\r\n$4\r\nPING\r\n";
        let entry = Entry {
            id: 1,
            meta: Meta::default(),
        };
        lease.submit(&[ping], &[entry], Delivery::Direct);
        // Until the connection is ready, commands are queued elsewhere.
        while lease.lane.backlog().commands > 0 {
            thread::yield_now();
        }
        thread::scope(|scope| {
            // Whoever submits gets no further than to this.
            let inflight = lease.lane.inflight();
            let lease = &lease;
            let submit = move || lease.submit(&[ping], &[entry], Delivery::Direct);
            let submitter = scope.spawn(submit);
            let late = Instant::now() + Duration::from_secs(10);
            let mut refusals = 0;
            while refusals < 1000 && Instant::now() < late {
                let refused = lease.traces.try_lock().is_err();
                refusals = if refused { refusals + 1 } else { 0 };
                thread::yield_now();
            }
            drop(inflight);
            submitter.join().unwrap();
            assert_eq!(refusals, 1000, "the lock was free meanwhile");
        });
        assert_eq!(lease.lane.load(), 2);
        lease.release();
        endpoint.close();
    }

    #[test]
    fn nothing_is_given_up_on_a_connection_that_was_given_back() {
        let (endpoint, lease) = lease();
        let entry = Entry {
            id: 1,
            meta: Meta(Meta::HOLDS),
        };
        let blpop = b"*3\r\n$5\r\nBLPOP\r\n$1\r\na\r\n$1\r\n0\r\n";
        lease.submit(&[blpop], &[entry], Delivery::Direct);
        assert!(lease.cancel(1));
        assert!(lease.is_over());
        assert!(!lease.cancel(1));
        endpoint.close();
    }
}
