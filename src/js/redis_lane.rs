//! A Redis connection for JavaScript.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use napi::Env;
use napi::bindgen_prelude::{Error as JsError, Result, Uint8ArraySlice, Uint32ArraySlice};
use napi_derive::napi;

use super::closer::Closer;
#[cfg(unix)]
use super::event_loop::{EventLoop, Key};
use super::exchange::Exchange;
use super::port::{Port, PortHandle};
use super::questions::Asker;
use super::redis_options::LaneOptions;
use super::redis_sink::{Failed, LaneSink};
use crate::redis::cluster::Cluster;
use crate::redis::config::{Address, Config, Options};
use crate::redis::credentials::{Credentials, CredentialsSource};
use crate::redis::endpoint::{Endpoint, Lease};
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::lifecycle;
use crate::redis::link::Link;
use crate::redis::location::LocationSource;
use crate::redis::meta::Meta;
use crate::redis::overrides::Overrides;
use crate::redis::pool::PoolOptions;
use crate::redis::url;

/// One connection. `lib/redis/client.js` encodes commands and calls `submit` once for each flush.
#[napi]
pub struct RedisLane {
    pub(super) link: Arc<dyn Link>,
    pub(super) kind: Kind,
    /// Between `hold` and `connect`.
    held: Cell<bool>,
    pub(super) port: PortHandle,
    push_bytes: Arc<AtomicBool>,
    exchange: Rc<Exchange>,
    pub(super) target: u32,
    pub(super) credentials: Asker<Credentials>,
    pub(super) addresses: Asker<Address>,
    #[cfg(unix)]
    event_loop: Option<Rc<EventLoop>>,
    // Keeps the weak reference that the environment holds alive.
    _closer: Arc<Closer>,
}

/// What is behind a [`RedisLane`].
pub(super) enum Kind {
    /// Whatever delivers like a lane.
    Link,
    /// A server, with the leases that were granted and are to be fetched, by the ids of their calls.
    Endpoint(Arc<Endpoint>, Granted),
    /// A connection of one's own, likewise.
    Lease(Arc<Lease>, Granted),
    /// The nodes of a cluster, likewise.
    Cluster(Arc<Cluster>, Granted),
}

/// Leases by the ids of the calls that asked for them.
pub(super) type Granted = Arc<Mutex<HashMap<u32, Lease>>>;

#[napi]
impl RedisLane {
    /// Parses the URL; nothing is dialled. Events are reported under the number `target`.
    ///
    /// Throws an error whose code is that of the core's error.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        port: &Port,
        target: u32,
        url: String,
        mut options: LaneOptions,
    ) -> Result<Self, String> {
        let overrides = options.target.take().unwrap_or_default();
        let address = url::parse(&url)
            .and_then(|parsed| Overrides::from(overrides).apply(parsed))
            .map_err(|error| thrown(&error))?;
        let further = LaneSink::maker(port.handle());
        let pool = options.pool.take().map(PoolOptions::from);
        let mut made = None;
        let mut lane = Self::open(port, target, options, |options, sink| {
            let config = Config {
                target: address,
                options,
            };
            let endpoint = match pool {
                None => Endpoint::new(config, sink, further),
                Some(pool) => {
                    pool.validate()?;
                    Endpoint::with_reserve(config, pool.reserve(), sink, further)
                }
            };
            made = Some(Arc::clone(&endpoint));
            Ok(endpoint)
        })?;
        if let Some(endpoint) = made {
            lane.kind = Kind::Endpoint(endpoint, Granted::default());
        }
        Ok(lane)
    }

    /// Sends the first `length` bytes of the slab: whole commands whose ids and meta words are the
    /// first `count` pairs of the entries.
    #[napi(catch_unwind)]
    pub fn submit(&self, env: Env, length: u32, count: u32) -> Result<()> {
        let (bytes, entries) = self.exchange.outgoing(length, count)?;
        self.send(&env, &[bytes], entries)
    }

    /// Like `submit`, for commands that are cut in pieces because some arguments are large. Those
    /// that are more than the shared memory holds bring `entries` of their own.
    #[napi(catch_unwind)]
    pub fn submit_pieces(
        &self,
        env: Env,
        pieces: Vec<Uint8ArraySlice<'_>>,
        count: u32,
        entries: Option<Uint32ArraySlice<'_>>,
    ) -> Result<()> {
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| &**piece).collect();
        match entries {
            Some(entries) => self.send(&env, &pieces, &entries),
            None => self.send(&env, &pieces, self.exchange.entries(count)?),
        }
    }

    /// Lets the next `submit` leave the start to `connect`, which must follow.
    #[napi(catch_unwind)]
    pub fn hold(&self) {
        self.held.set(true);
    }

    /// Connects; the id is settled with the HELLO reply.
    #[napi(catch_unwind)]
    pub fn connect(&self, env: Env, id: u32) -> Result<()> {
        self.held.set(false);
        self.port.begin(&env)?;
        self.link.connect(id);
        Ok(())
    }

    /// Closes, and fails the commands that were not submitted yet behind those that were; their
    /// ids are among the entries as for `submit`. Returns whether there was something to close.
    #[napi(catch_unwind)]
    pub fn close(&self, env: Env, count: u32) -> Result<bool> {
        let ids: Vec<u32> = self
            .exchange
            .entries(count)?
            .chunks_exact(2)
            .map(|pair| pair[0])
            .collect();
        self.port.begin_many(&env, count)?;
        let closed = self.shut();
        if !ids.is_empty() {
            self.port
                .push(Box::new(Failed::new(ids, lifecycle::closed())));
        }
        Ok(closed)
    }

    /// Gives up a command that blocks, or `acquire`, by its id; it is settled all the same. Returns
    /// whether it was one.
    #[napi(catch_unwind)]
    pub fn cancel(&self, id: u32) -> bool {
        self.link.cancel(id)
    }

    /// Whether strings in pushes, such as messages, are handed over as bytes. Holds for all that
    /// were not drained yet.
    #[napi(catch_unwind)]
    pub fn set_push_bytes(&self, wanted: bool) {
        self.push_bytes.store(wanted, Ordering::Relaxed);
    }
}

impl RedisLane {
    /// What `make` makes of the options: something that delivers to the sink. Events are reported
    /// under the number `target`.
    pub(super) fn open(
        port: &Port,
        target: u32,
        options: LaneOptions,
        make: impl FnOnce(Options, Arc<LaneSink>) -> crate::Result<Arc<dyn Link>>,
    ) -> Result<Self, String> {
        #[cfg(unix)]
        let event_loop = port.event_loop();
        let exchange = port.exchange();
        let port = port.handle();
        let credentials = Asker::new(port.clone(), target);
        let addresses = Asker::new(port.clone(), target);
        let translates = options.maps_addresses == Some(true);
        let asks = options.has_credentials;
        let options = Options {
            credentials: asks.then(|| CredentialsSource::new(credentials.clone())),
            location: translates.then(|| LocationSource::new(addresses.clone())),
            ..options.into()
        };
        options.validate().map_err(|error| thrown(&error))?;
        let sink = LaneSink::new(port.clone(), target);
        let push_bytes = sink.push_bytes();
        let link = make(options, Arc::new(sink)).map_err(|error| thrown(&error))?;
        let closer = Closer::attached(&link, &port);
        Ok(Self {
            link,
            kind: Kind::Link,
            held: Cell::new(false),
            port,
            push_bytes,
            exchange,
            target,
            credentials,
            addresses,
            #[cfg(unix)]
            event_loop,
            _closer: closer,
        })
    }

    /// A connection that was leased from this one's server, with the number of its events.
    pub(super) fn leased(&self, lease: Lease) -> Self {
        let lease = Arc::new(lease);
        let sink: &dyn Any = &**lease.sink();
        let sink = sink.downcast_ref::<LaneSink>();
        let link: Arc<dyn Link> = Arc::clone(&lease) as _;
        Self {
            kind: Kind::Lease(Arc::clone(&lease), Granted::default()),
            held: Cell::new(false),
            port: self.port.clone(),
            push_bytes: sink.map(LaneSink::push_bytes).unwrap_or_default(),
            exchange: Rc::clone(&self.exchange),
            target: sink.map_or(self.target, LaneSink::target),
            credentials: self.credentials.clone(),
            addresses: self.addresses.clone(),
            #[cfg(unix)]
            event_loop: self.event_loop.clone(),
            _closer: Closer::attached(&link, &self.port),
            link,
        }
    }

    fn shut(&self) -> bool {
        // Another user may read a connection that was given back.
        #[cfg(unix)]
        if !matches!(self.kind, Kind::Lease(..))
            && let Some(event_loop) = &self.event_loop
        {
            event_loop.unwatch(Key::Target(self.target));
        }
        self.link.close()
    }

    fn send(&self, env: &Env, pieces: &[&[u8]], entries: &[u32]) -> Result<()> {
        let entries: Vec<Entry> = entries
            .chunks_exact(2)
            .map(|pair| Entry {
                id: pair[0],
                meta: Meta(pair[1]),
            })
            .collect();
        self.port.count_call();
        let count = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.port.begin_many(env, count)?;
        let delivery = if self.held.get() {
            Delivery::Held
        } else {
            Delivery::Direct
        };
        self.link.submit(pieces, &entries, delivery);
        Ok(())
    }
}

/// An error as the constructors throw it, with the code of the core's.
pub(super) fn thrown(error: &crate::Error) -> JsError<String> {
    JsError::new(error.code().to_owned(), error.message().to_owned())
}

impl Drop for RedisLane {
    fn drop(&mut self) {
        // Collected while connected: nobody can use the connection any more.
        self.shut();
    }
}
