//! What JavaScript may ask about a lane.

use napi_derive::napi;

use super::redis_lane::RedisLane;
use crate::redis::config::Status;

#[napi]
impl RedisLane {
    /// Whether the handshake of the current connection was accepted.
    #[napi(getter, catch_unwind)]
    pub fn connected(&self) -> bool {
        self.link.status() == Status::Connected
    }

    /// Whether there is a connection, or one is being made.
    #[napi(getter, catch_unwind)]
    pub fn active(&self) -> bool {
        self.link.is_active()
    }

    /// Bytes of commands that the socket has not taken yet.
    #[napi(getter, catch_unwind)]
    pub fn buffered(&self) -> u32 {
        u32::try_from(self.link.buffered()).unwrap_or(u32::MAX)
    }

    /// The URL in force, with `***` for the password.
    #[napi(getter, catch_unwind)]
    pub fn url(&self) -> String {
        self.link.target().to_string()
    }

    /// `host:port`, or the path of the Unix socket.
    #[napi(getter, catch_unwind)]
    pub fn address(&self) -> String {
        self.link.target().address.to_string()
    }

    /// The database that is selected after each connect.
    #[napi(getter, catch_unwind)]
    pub fn database(&self) -> u32 {
        self.link.config().target.database
    }

    /// Bytes that wait to be sent, with or without a connection.
    #[napi(getter, catch_unwind)]
    pub fn backlog_bytes(&self) -> f64 {
        count(self.link.backlog().bytes)
    }

    /// Commands of which nothing was sent yet.
    #[napi(getter, catch_unwind)]
    pub fn backlog_commands(&self) -> f64 {
        count(self.link.backlog().commands)
    }
}

/// A count as a JavaScript number.
#[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}
