//! S3 and Redis/Valkey clients with the API of Bun's built-in ones.
//!
//! ```text
//!            js            the border to JavaScript (feature "js"): the only room that names napi
//!           /  \
//!         s3    redis      the two protocols; neither knows of the other
//!           \  /
//!            net           bytes over sockets: runtime, dial, TLS, HTTP
//!             |
//!           error          one error type for all
//! ```
//!
//! Arrows point downwards only. Files that speak a protocol are pure: they own no socket and no
//! clock, so that they are tested by feeding bytes. One driver per protocol owns the socket.

pub mod error;
pub mod net;
pub mod redis;
pub mod s3;

#[cfg(feature = "js")]
mod js;

pub use error::{Error, ErrorKind, Result};
