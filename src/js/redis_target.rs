//! Where a Redis connection leads, for JavaScript.

use napi_derive::napi;

use crate::redis::overrides::Overrides;

/// Parts of the address that win over the URL, checked by `lib/redis/address.js`.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct LaneTarget {
    /// Name or address of the server.
    pub host: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Path of a Unix socket.
    pub path: Option<String>,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Database that is selected after each connect.
    pub database: Option<u32>,
}

impl From<LaneTarget> for Overrides {
    fn from(target: LaneTarget) -> Self {
        Self {
            host: target.host,
            port: target.port,
            path: target.path,
            username: target.username,
            password: target.password,
            database: target.database,
        }
    }
}
