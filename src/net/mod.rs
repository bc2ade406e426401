//! Bytes over sockets. Knows nothing of S3 or Redis.

pub mod base64;
pub mod buffers;
pub mod chance;
pub mod dial;
pub mod http;
#[cfg(unix)]
mod quiet;
#[cfg(unix)]
pub mod reactor;
pub mod runtime;
pub mod stream;
pub mod tls;
mod verify;
