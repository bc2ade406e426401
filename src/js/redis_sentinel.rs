//! A group of servers that sentinels watch, for JavaScript.

use std::sync::Arc;

use napi::bindgen_prelude::Result;
use napi_derive::napi;

use super::port::Port;
use super::redis_lane::{Granted, Kind, RedisLane, thrown};
use super::redis_options::{LaneOptions, LaneTls};
use super::redis_sink::LaneSink;
use crate::redis::config::Tls;
use crate::redis::credentials::Credentials;
use crate::redis::link::Link;
use crate::redis::sentinel::link::SentinelLink;
use crate::redis::sentinel::{ReadFrom, SentinelOptions};

/// A group of servers, checked by `lib/redis/sentinel/options.js`.
#[napi(object, object_to_js = false)]
pub struct LaneSentinel {
    /// By which the sentinels know the group.
    pub name: String,
    /// URLs or `host:port`.
    pub sentinels: Vec<String>,
    /// Login at the sentinels; absent for that of the URLs.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<String>,
    /// TLS of the sentinels; absent for none.
    pub tls: Option<LaneTls>,
    /// `primary`, `replica` or `preferReplica`.
    pub read_from: String,
}

#[napi]
impl RedisLane {
    /// A lane to a group of servers; nothing is dialled. Events are reported under the number
    /// `target`.
    ///
    /// Throws an error whose code is that of the core's error.
    #[napi(factory, catch_unwind)]
    pub fn to_group(
        port: &Port,
        target: u32,
        group: LaneSentinel,
        mut options: LaneOptions,
    ) -> Result<Self, String> {
        let server = options.target.take().unwrap_or_default();
        let mut group = group.into_options().map_err(|error| thrown(&error))?;
        group.credentials = Credentials {
            username: server.username.unwrap_or_default(),
            password: server.password.unwrap_or_default(),
        };
        group.database = server.database.unwrap_or_default();
        let further = LaneSink::maker(port.handle());
        let mut made = None;
        let mut lane = Self::open(port, target, options, |options, sink| {
            let link = SentinelLink::new(group, options, sink, further)?;
            made = Some(Arc::clone(link.primary()));
            Ok(link as Arc<dyn Link>)
        })?;
        if let Some(endpoint) = made {
            lane.kind = Kind::Endpoint(endpoint, Granted::default());
        }
        Ok(lane)
    }
}

impl LaneSentinel {
    fn into_options(self) -> crate::Result<SentinelOptions> {
        let sentinels: Vec<&str> = self.sentinels.iter().map(String::as_str).collect();
        let mut options = SentinelOptions::new(&self.name, &sentinels)?;
        if let Some(username) = self.username {
            options.sentinel_credentials.username = username;
        }
        if let Some(password) = self.password {
            options.sentinel_credentials.password = password;
        }
        options.sentinel_tls = self
            .tls
            .map_or(Tls::None, |tls| Tls::Custom(Box::new(tls.into())));
        options.read_from = match self.read_from.as_str() {
            "replica" => ReadFrom::Replica,
            "preferReplica" => ReadFrom::PreferReplica,
            _ => ReadFrom::Primary,
        };
        Ok(options)
    }
}
