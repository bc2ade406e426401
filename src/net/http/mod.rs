//! HTTP/1.1 with a keep-alive pool.

mod client;

pub use client::HttpClient;
