//! RESP, the Redis serialization protocol, versions 2 and 3. Pure: bytes in, bytes out.
//!
//! Replies are handled in two passes. [`scan`] runs where bytes arrive: it finds where each reply
//! ends and refuses what is malformed, without building anything. [`decode`] runs where the value
//! is wanted and reads a frame that is known to be whole and valid.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/protocol-spec/>

pub mod decode;
pub mod encode;
pub mod scan;
