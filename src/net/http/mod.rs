//! HTTP/1.1 with a pool of kept-alive connections.
//!
//! hyper speaks HTTP, polled by the caller's own task: a small request crosses no other. `head` and
//! `proxy` are pure; `connection` owns a socket.

mod basic_auth;
mod body;
mod carrier;
mod client;
mod connection;
mod connector;
mod direct;
mod head;
mod pool;
mod proxy;
mod response;
mod stream;
mod tunnel;
mod watchdog;

use std::time::Duration;

#[cfg(unix)]
pub use client::close_idle;
pub use client::{HttpClient, Outgoing};
pub use head::{Headers, RequestHead};
pub use proxy::{Origin, ProxyServer, ProxySettings, Route};
pub(crate) use response::LONG;
pub use response::Response;

use crate::error::{Error, ErrorKind};

/// How long each stage of an exchange may take. `None`: as long as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name lookup, TCP, the proxy and TLS together. Default 10 s.
    pub connect: Option<Duration>,
    /// From the last byte of the request to the head of the response. Default 60 s.
    pub first_byte: Option<Duration>,
    /// Without a byte of a body sent or received. Default 30 s.
    pub stall: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Some(Duration::from_secs(10)),
            first_byte: Some(Duration::from_mins(1)),
            stall: Some(Duration::from_secs(30)),
        }
    }
}

fn timed_out(what: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, "Timeout", what)
}

fn malformed(what: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, "Malformed_HTTP_Response", what)
}

fn closed(what: &str, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::Connection,
        "ConnectionClosed",
        format!("{what}: {source}"),
    )
    .with_source(source)
}
