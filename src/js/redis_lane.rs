//! A Redis connection for JavaScript.

use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use napi::Env;
use napi::bindgen_prelude::{Error as JsError, Result, Uint8ArraySlice, Uint32ArraySlice};
use napi_derive::napi;

#[cfg(unix)]
use super::event_loop::{EventLoop, Key};
use super::exchange::Exchange;
use super::port::{Port, PortHandle, Resource};
use super::questions::Asker;
use super::redis_options::LaneOptions;
use super::redis_sink::{Failed, LaneSink};
use crate::redis::cluster::Cluster;
use crate::redis::config::{Address, Config, Options, Status};
use crate::redis::credentials::{Credentials, CredentialsSource};
use crate::redis::endpoint::{Endpoint, Lease, blocking, changes_state};
use crate::redis::inflight::Entry;
use crate::redis::lane::Delivery;
use crate::redis::lifecycle;
use crate::redis::link::Link;
use crate::redis::location::LocationSource;
use crate::redis::meta::Meta;
use crate::redis::overrides::Overrides;
use crate::redis::pool::PoolOptions;
use crate::redis::url;

/// What an event's payload says.
#[napi]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LaneEvent {
    /// The handshake was accepted; the argument is the HELLO reply.
    Connected = 0,
    /// The connection is gone, another attempt follows.
    Reconnecting = 1,
    /// Closed or failed; the argument describes the error.
    Closed = 2,
    /// A push of the server, such as a message; the argument is its array.
    Push = 3,
    /// A login needs credentials; the argument is text: the number to answer to.
    Credentials = 4,
    /// One of several connections is gone, with subscriptions, which must be made again.
    SubscriptionsLost = 5,
    /// Where does an address lead from here? The argument is text: the number to answer to, the port
    /// and the host.
    Address = 6,
    /// One of several connections is gone, whose server told of changed keys.
    TrackingLost = 8,
}

/// One connection. `lib/redis/client.js` encodes commands and calls `submit` once for each flush.
#[napi]
pub struct RedisLane {
    link: Arc<dyn Link>,
    pub(super) kind: Kind,
    /// Between `hold` and `connect`.
    held: Cell<bool>,
    pub(super) port: PortHandle,
    push_bytes: Arc<AtomicBool>,
    exchange: Rc<Exchange>,
    pub(super) target: u32,
    credentials: Asker<Credentials>,
    addresses: Asker<Address>,
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
    /// The nodes of a cluster.
    Cluster(Arc<Cluster>),
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

    /// Whether a command waits on the server, if its name is that of one that may. The name comes
    /// first.
    #[napi(catch_unwind)]
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the border hands over vectors"
    )]
    pub fn waits(arguments: Vec<String>) -> bool {
        let arguments: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
        blocking::wait(&arguments).is_some()
    }

    /// Whether a command with this meta word leaves its connection in another state. The name comes
    /// first.
    #[napi(catch_unwind)]
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the border hands over vectors"
    )]
    pub fn changes_state(meta: u32, arguments: Vec<String>) -> bool {
        let arguments: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
        changes_state(Meta(meta), &arguments)
    }

    /// What follows for an entry's meta word from a command's name.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn command_meta(name: String) -> u32 {
        Meta::of(name.as_bytes()).0
    }

    /// Answers a `Credentials` event.
    #[napi(catch_unwind)]
    pub fn credentials(&self, asked: u32, username: String, password: String) {
        self.credentials
            .answer(asked, Ok(Credentials { username, password }));
    }

    /// Answers a `Credentials` event with why there are none.
    #[napi(catch_unwind)]
    pub fn no_credentials(&self, asked: u32, code: String, message: String) {
        let error = crate::Error::new(crate::ErrorKind::Credentials, code, message);
        self.credentials.answer(asked, Err(error));
    }

    /// Answers an `Address` event.
    #[napi(catch_unwind)]
    pub fn address_found(&self, asked: u32, host: String, port: u16) {
        self.addresses
            .answer(asked, Ok(Address::Host { host, port }));
    }

    /// Answers an `Address` event with why there is none.
    #[napi(catch_unwind)]
    pub fn no_address(&self, asked: u32, code: String, message: String) {
        let error = crate::Error::new(crate::ErrorKind::Connection, code, message);
        self.addresses.answer(asked, Err(error));
    }

    /// Whether the handshake of the current connection was accepted.
    #[napi(getter, catch_unwind)]
    pub fn connected(&self) -> bool {
        self.link.status() == Status::Connected
    }

    /// Whether there is a connection, or one is being made.
    #[napi(getter, catch_unwind)]
    pub fn active(&self) -> bool {
        self.link.is_active()
    }

    /// Bytes of commands that the socket has not taken yet.
    #[napi(getter, catch_unwind)]
    pub fn buffered(&self) -> u32 {
        u32::try_from(self.link.buffered()).unwrap_or(u32::MAX)
    }

    /// The URL in force, with `***` for the password.
    #[napi(getter, catch_unwind)]
    pub fn url(&self) -> String {
        self.link.target().to_string()
    }

    /// `host:port`, or the path of the Unix socket.
    #[napi(getter, catch_unwind)]
    pub fn address(&self) -> String {
        self.link.target().address.to_string()
    }

    /// The database that is selected after each connect.
    #[napi(getter, catch_unwind)]
    pub fn database(&self) -> u32 {
        self.link.config().target.database
    }

    /// Bytes that wait to be sent, with or without a connection.
    #[napi(getter, catch_unwind)]
    pub fn backlog_bytes(&self) -> f64 {
        count(self.link.backlog().bytes)
    }

    /// Commands of which nothing was sent yet.
    #[napi(getter, catch_unwind)]
    pub fn backlog_commands(&self) -> f64 {
        count(self.link.backlog().commands)
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

/// A count as a JavaScript number.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

impl Drop for RedisLane {
    fn drop(&mut self) {
        // Collected while connected: nobody can use the connection any more.
        self.shut();
    }
}

/// Closes the lane when its environment goes away.
struct Closer(Arc<dyn Link>);

impl Closer {
    fn attached(link: &Arc<dyn Link>, port: &PortHandle) -> Arc<Self> {
        let closer = Arc::new(Self(Arc::clone(link)));
        port.attach(Arc::downgrade(&closer) as Weak<dyn Resource>);
        closer
    }
}

impl Resource for Closer {
    fn shut_down(&self) {
        self.0.close();
    }
}
