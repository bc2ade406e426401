//! Bytes over sockets. Knows nothing of S3 or Redis.

pub mod dial;
pub mod http;
pub mod runtime;
pub mod stream;
pub mod tls;
