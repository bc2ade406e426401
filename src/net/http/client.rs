//! Sending a request and receiving its response.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioTimer;

use super::connector::Connector;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::net::tls::TlsOptions;

/// Stores close idle connections after some seconds; close them earlier, so that no request meets
/// a connection that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);
/// Idle connections that are kept for each host.
const IDLE_CONNECTIONS: usize = 64;

/// A client with its pool. Clones share it.
#[derive(Clone)]
pub struct HttpClient {
    inner: Client<Connector, Full<Bytes>>,
}

/// A response whose body is still to be read. Dropping it early closes its connection.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    body: Incoming,
}

impl HttpClient {
    /// A client; nothing is dialled.
    #[must_use]
    pub fn new(tls: TlsOptions) -> Self {
        let inner = Client::builder(SharedRuntime)
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .http1_title_case_headers(false)
            .build(Connector::new(tls));
        Self { inner }
    }

    /// Sends a request and waits for the head of the response.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response> {
        let response = self.inner.request(request).await.map_err(|source| {
            own_error(&source).unwrap_or_else(|| closed("the request failed", source))
        })?;
        let (head, body) = response.into_parts();
        Ok(Response {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}

impl Response {
    /// A header's value as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// How many bytes of the body are left to come, when that was announced.
    #[must_use]
    pub fn announced(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    /// The next piece of the body; `None` at its end. A body that is shorter than announced is an
    /// error.
    pub async fn chunk(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|context| self.poll_chunk(context)).await
    }

    /// [`chunk`](Self::chunk) for those that poll.
    pub fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                None => return Poll::Ready(None),
                Some(Err(source)) => {
                    return Poll::Ready(Some(Err(closed("the body broke off", source))));
                }
                Some(Ok(frame)) => frame,
            };
            // Trailers are of no interest.
            if let Ok(data) = frame.into_data() {
                return Poll::Ready(Some(Ok(data)));
            }
        }
    }

    /// The whole body, at most `limit` bytes.
    pub async fn collect(&mut self, limit: usize) -> Result<Vec<u8>> {
        let announced = usize::try_from(self.announced().unwrap_or(0)).unwrap_or(usize::MAX);
        // The peer chose the number: take its word for a part, and grow as bytes arrive.
        let mut bytes = Vec::with_capacity(announced.min(limit).min(TRUSTED_LENGTH));
        while let Some(chunk) = self.chunk().await {
            let chunk = chunk?;
            if bytes.len() + chunk.len() > limit {
                return Err(Error::new(
                    ErrorKind::Protocol,
                    "InvalidResponse",
                    format!("the response is longer than {limit} bytes"),
                ));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Memory that is set aside by an announced length alone.
const TRUSTED_LENGTH: usize = 256 * 1024 * 1024;

/// Runs the pool's tasks where its sockets live.
#[derive(Clone, Copy)]
struct SharedRuntime;

impl<F> hyper::rt::Executor<F> for SharedRuntime
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        runtime::shared().spawn(future);
    }
}

/// The connector's own error, when that is what went wrong.
fn own_error(error: &hyper_util::client::legacy::Error) -> Option<Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(own) = error.downcast_ref::<Error>() {
            return Some(own.clone());
        }
        source = error.source();
    }
    None
}

fn closed(what: &str, source: impl StdError + Send + Sync + 'static) -> Error {
    let reason = source
        .source()
        .map_or_else(|| source.to_string(), ToString::to_string);
    Error::new(
        ErrorKind::Connection,
        "ConnectionClosed",
        format!("{what}: {reason}"),
    )
    .with_source(source)
}
