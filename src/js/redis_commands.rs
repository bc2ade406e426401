//! What JavaScript may ask about a command.

use napi_derive::napi;

use super::redis_lane::RedisLane;
use crate::redis::endpoint::{blocking, changes_state};
use crate::redis::meta::Meta;

#[napi]
impl RedisLane {
    /// Whether a command waits on the server, if its name is that of one that may. The name comes
    /// first.
    #[napi(catch_unwind)]
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the border hands over vectors"
    )]
    pub fn waits(arguments: Vec<String>) -> bool {
        let arguments: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
        blocking::wait(&arguments).is_some()
    }

    /// Whether a command with this meta word leaves its connection in another state. The name comes
    /// first.
    #[napi(catch_unwind)]
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "the border hands over vectors"
    )]
    pub fn changes_state(meta: u32, arguments: Vec<String>) -> bool {
        let arguments: Vec<&[u8]> = arguments.iter().map(String::as_bytes).collect();
        changes_state(Meta(meta), &arguments)
    }

    /// What follows for an entry's meta word from a command's name.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn command_meta(name: String) -> u32 {
        Meta::of(name.as_bytes()).0
    }
}
