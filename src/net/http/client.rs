//! Sending a request and receiving the head of its response.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use hyper::StatusCode;

use super::connection::{Home, RUNTIME};
use super::connector::Connector;
use super::head::RequestHead;
use super::pool::Pool;
use super::proxy::Route;
use super::response::Response;
use super::{Timeouts, malformed};
use crate::error::Result;
#[cfg(unix)]
use crate::net::reactor;
use crate::net::tls::TlsOptions;

/// A client with its connections. Clones share them.
#[derive(Clone)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

/// All there are, so that those with the same TLS settings are the same.
static KNOWN: Mutex<Vec<Weak<Inner>>> = Mutex::new(Vec::new());

struct Inner {
    connector: Arc<Connector>,
    pool: Arc<Pool>,
}

/// A request to be sent.
pub struct Outgoing<'a> {
    /// Makes its head, for each time that it is sent.
    pub head: &'a (dyn Fn() -> Result<RequestHead> + Sync),
    /// Its body, in pieces.
    pub body: &'a [Bytes],
    /// Set when all of it was handed to the system.
    pub sent: Option<&'a AtomicBool>,
    /// Set when it had to be sent a second time.
    pub repeated: Option<&'a AtomicBool>,
}

impl HttpClient {
    /// A client; nothing is dialled. All that have the same TLS settings share connections.
    #[must_use]
    pub fn new(tls: &TlsOptions) -> Self {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|client| client.strong_count() > 0);
        let shared = known
            .iter()
            .filter_map(Weak::upgrade)
            .find(|client| client.connector.options() == tls);
        let inner = shared.unwrap_or_else(|| {
            let inner = Arc::new(Inner {
                connector: Arc::new(Connector::new(tls.clone())),
                pool: Arc::default(),
            });
            known.push(Arc::downgrade(&inner));
            inner
        });
        Self { inner }
    }

    /// Sends a request and waits for the head of the response.
    ///
    /// A kept connection may have been closed just now. When nothing at all comes back on one, the
    /// request is sent once more on a new one.
    pub async fn send(
        &self,
        route: &Arc<Route>,
        outgoing: Outgoing<'_>,
        timeouts: &Timeouts,
    ) -> Result<Response> {
        let Inner { connector, pool } = &*self.inner;
        let home = home(route);
        let mut head = Some((outgoing.head)()?);
        let (permit, mut kept) = pool.enter(route, home).await;
        loop {
            let reused = kept.is_some();
            let mut connection = match kept.take() {
                Some(connection) => connection,
                None => connector.connect(route, timeouts.connect, home).await?,
            };
            let head = match head.take() {
                Some(head) => head,
                None => (outgoing.head)()?,
            };
            match connection.exchange(head, &outgoing, timeouts).await {
                // No request asks to change the protocol.
                Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                    return Err(malformed("the peer sent an answer nobody asked for"));
                }
                Ok(response) => {
                    let home = (Arc::clone(pool), Arc::clone(route), permit);
                    return Ok(Response::new(response, connection, home, timeouts.stall));
                }
                Err(failure) if reused && failure.unanswered => {
                    if let Some(repeated) = outgoing.repeated {
                        repeated.store(true, Ordering::Relaxed);
                    }
                }
                Err(failure) => return Err(failure.error),
            }
        }
    }
}

/// Closes the idle connections of a reactor that is about to end.
#[cfg(unix)]
pub fn close_idle(reactor: u64) {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for client in known.iter().filter_map(Weak::upgrade) {
        client.pool.close(reactor);
    }
}

/// The event loop that is to watch the connection of a request. What is encrypted is decrypted by
/// the runtime's thread.
fn home(route: &Route) -> Home {
    #[cfg(unix)]
    if !route.origin.https
        && let Some(reactor) = reactor::current()
    {
        return reactor.id();
    }
    RUNTIME
}
