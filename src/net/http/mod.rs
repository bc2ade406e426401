//! HTTP/1.1 with a pool of kept-alive connections.

mod client;
mod connector;

pub use client::{HttpClient, Response};
