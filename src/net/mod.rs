//! Bytes over sockets. Knows nothing of S3 or Redis.

pub mod http;
pub mod runtime;
pub mod tls;
