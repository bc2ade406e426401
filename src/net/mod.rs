//! Bytes over sockets. Knows nothing of S3 or Redis.

pub mod runtime;
pub mod tls;
