//! A Redis connection for JavaScript.

use std::rc::Rc;
use std::sync::{Arc, Weak};

use napi::Env;
use napi::bindgen_prelude::{Error as JsError, Result, Uint8Array, Uint8ArraySlice};
use napi_derive::napi;

#[cfg(unix)]
use super::event_loop::EventLoop;
use super::exchange::Exchange;
use super::port::{Port, PortHandle, Resource};
use super::redis_sink::{Failed, LaneSink};
use crate::net::tls::TlsOptions;
use crate::redis::config::{Config, Options, Status, Tls};
use crate::redis::inflight::{Entry, Meta};
use crate::redis::lane::{Delivery, Lane};
use crate::redis::lifecycle;
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
}

/// Connection options, checked by `lib/redis/options.js`.
#[napi(object, object_to_js = false)]
pub struct LaneOptions {
    /// Milliseconds, 0 is no limit.
    pub connection_timeout: u32,
    /// Milliseconds, 0 is no limit.
    pub idle_timeout: u32,
    /// Whether a lost connection is made again.
    pub auto_reconnect: bool,
    /// Consecutive failed attempts before giving up.
    pub max_retries: u32,
    /// Whether commands wait for a connection.
    pub enable_offline_queue: bool,
    /// TLS settings; absent for what the URL's scheme says.
    pub tls: Option<LaneTls>,
}

/// TLS settings; PEM texts as bytes.
#[napi(object, object_to_js = false)]
pub struct LaneTls {
    /// Replaces the platform's roots.
    pub ca: Option<Vec<Uint8Array>>,
    /// Added to the roots.
    pub extra_ca: Option<Vec<Uint8Array>>,
    /// Certificate chain for the server.
    pub cert: Option<Uint8Array>,
    /// Its private key.
    pub key: Option<Uint8Array>,
    /// `false` accepts any certificate.
    pub reject_unauthorized: Option<bool>,
    /// Name for SNI and verification.
    pub server_name: Option<String>,
}

/// One connection. `lib/redis/client.js` encodes commands and calls `submit` once for each flush.
#[napi]
pub struct RedisLane {
    lane: Arc<Lane>,
    port: PortHandle,
    exchange: Rc<Exchange>,
    target: u32,
    #[cfg(unix)]
    event_loop: Option<Rc<EventLoop>>,
    // Keeps the weak reference that the environment holds alive.
    _closer: Arc<Closer>,
}

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
        options: LaneOptions,
    ) -> Result<Self, String> {
        let parsed = url::parse(&url)
            .map_err(|error| JsError::new(error.code().to_owned(), error.message().to_owned()))?;
        let config = Config {
            target: parsed,
            options: options.into(),
        };
        #[cfg(unix)]
        let event_loop = port.event_loop();
        let exchange = port.exchange();
        let port = port.handle();
        let sink = LaneSink::new(port.clone(), target);
        let lane = Lane::new(config, Arc::new(sink));
        let closer = Arc::new(Closer(Arc::clone(&lane)));
        let weak: Weak<dyn Resource> = Arc::downgrade(&closer) as Weak<dyn Resource>;
        port.attach(weak);
        Ok(Self {
            lane,
            port,
            exchange,
            target,
            #[cfg(unix)]
            event_loop,
            _closer: closer,
        })
    }

    /// Sends the first `length` bytes of the slab: whole commands whose ids and meta words are the
    /// first `count` pairs of the entries.
    #[napi(catch_unwind)]
    pub fn submit(&self, env: Env, length: u32, count: u32) -> Result<()> {
        let (bytes, entries) = self.exchange.outgoing(length, count)?;
        self.send(&env, &[bytes], entries)
    }

    /// Like `submit`, for commands that are cut in pieces because some arguments are large.
    #[napi(catch_unwind)]
    pub fn submit_pieces(
        &self,
        env: Env,
        pieces: Vec<Uint8ArraySlice<'_>>,
        count: u32,
    ) -> Result<()> {
        let pieces: Vec<&[u8]> = pieces.iter().map(|piece| &**piece).collect();
        self.send(&env, &pieces, self.exchange.entries(count)?)
    }

    /// Connects; the id is settled with the HELLO reply.
    #[napi(catch_unwind)]
    pub fn connect(&self, env: Env, id: u32) -> Result<()> {
        self.port.begin(&env)?;
        self.lane.connect(id);
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

    /// Whether the handshake of the current connection was accepted.
    #[napi(getter, catch_unwind)]
    pub fn connected(&self) -> bool {
        self.lane.status() == Status::Connected
    }

    /// Bytes of commands that the socket has not taken yet.
    #[napi(getter, catch_unwind)]
    pub fn buffered(&self) -> u32 {
        u32::try_from(self.lane.buffered()).unwrap_or(u32::MAX)
    }
}

impl RedisLane {
    fn shut(&self) -> bool {
        #[cfg(unix)]
        if let Some(event_loop) = &self.event_loop {
            event_loop.unwatch(self.target);
        }
        self.lane.close()
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
        self.lane.submit(pieces, &entries, Delivery::Direct);
        Ok(())
    }
}

impl Drop for RedisLane {
    fn drop(&mut self) {
        // Collected while connected: nobody can use the connection any more.
        self.shut();
    }
}

/// Closes the lane when its environment goes away.
struct Closer(Arc<Lane>);

impl Resource for Closer {
    fn shut_down(&self) {
        self.0.close();
    }
}

impl From<LaneOptions> for Options {
    fn from(options: LaneOptions) -> Self {
        Self {
            idle_timeout_ms: options.idle_timeout,
            connection_timeout_ms: options.connection_timeout,
            enable_auto_reconnect: options.auto_reconnect,
            max_retries: options.max_retries,
            enable_offline_queue: options.enable_offline_queue,
            tls: options
                .tls
                .map_or(Tls::None, |tls| Tls::Custom(Box::new(tls.into()))),
            ..Self::default()
        }
    }
}

impl From<LaneTls> for TlsOptions {
    fn from(tls: LaneTls) -> Self {
        let texts = |texts: Option<Vec<Uint8Array>>| {
            texts
                .unwrap_or_default()
                .iter()
                .map(|text| text.to_vec())
                .collect()
        };
        Self {
            ca: texts(tls.ca),
            extra_ca: texts(tls.extra_ca),
            cert: tls.cert.map(|text| text.to_vec()),
            key: tls.key.map(|text| text.to_vec()),
            reject_unauthorized: tls.reject_unauthorized,
            server_name: tls.server_name,
        }
    }
}
