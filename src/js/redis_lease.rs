//! Connections of one's own, for JavaScript.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Error as JsError, Result};
use napi_derive::napi;

use super::redis_lane::{Kind, RedisLane, thrown};
use crate::redis::lifecycle;
use crate::redis::pool::state::Counts;

/// Connections to one server.
#[napi(object, object_from_js = false)]
pub struct LaneCounts {
    /// Taken by commands that block and by leases, being opened, or with commands that wait.
    pub in_use: u32,
    /// Free.
    pub idle: u32,
    /// Callers that wait for one.
    pub waiting: u32,
}

#[napi]
impl RedisLane {
    /// Asks for a connection of one's own, for at most so many milliseconds, 0 for any time. When
    /// the call of this id is fulfilled, `fetch` gives the connection.
    #[napi(catch_unwind)]
    pub fn acquire(&self, env: Env, id: u32, timeout: u32) -> Result<(), String> {
        let (Kind::Endpoint(_, granted) | Kind::Lease(_, granted)) = &self.kind else {
            return Err(thrown(&lifecycle::no_lease()));
        };
        self.port.begin(&env).map_err(|error| {
            JsError::new("ERR_REDIS_INVALID_STATE".to_owned(), error.reason.clone())
        })?;
        let limit = (timeout > 0).then(|| Duration::from_millis(timeout.into()));
        let granted = Arc::clone(granted);
        let port = self.port.clone();
        let grant = move |outcome: crate::Result<_>| {
            let outcome = outcome.map(|lease| {
                let mut granted = granted.lock().unwrap_or_else(PoisonError::into_inner);
                granted.insert(id, lease);
                Box::new(()) as _
            });
            port.complete(id, outcome);
        };
        match &self.kind {
            Kind::Link | Kind::Cluster(_) => {}
            Kind::Endpoint(endpoint, _) => endpoint.acquire(Some(id), limit, Box::new(grant)),
            Kind::Lease(lease, _) => lease.acquire(Some(id), limit, Box::new(grant)),
        }
        Ok(())
    }

    /// The connection that `acquire` of this id has found. To be called once, and always: it is
    /// kept until then.
    #[napi(catch_unwind)]
    pub fn fetch(&self, id: u32) -> Result<RedisLane> {
        let lease = match &self.kind {
            Kind::Endpoint(_, granted) | Kind::Lease(_, granted) => granted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&id),
            Kind::Link | Kind::Cluster(_) => None,
        };
        let lease = lease.ok_or_else(|| JsError::from_reason("no connection was granted"))?;
        Ok(self.leased(lease))
    }

    /// Gives a leased connection back.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        if let Kind::Lease(lease, _) = &self.kind {
            lease.release();
        }
    }

    /// The number under which events are told.
    #[napi(getter, catch_unwind)]
    pub fn target(&self) -> u32 {
        self.target
    }

    /// How many connections there are.
    #[napi(getter, catch_unwind)]
    pub fn counts(&self) -> LaneCounts {
        let counts = match &self.kind {
            Kind::Endpoint(endpoint, _) => endpoint.counts(),
            Kind::Link | Kind::Lease(..) | Kind::Cluster(_) => Counts::default(),
        };
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        LaneCounts {
            in_use: number(counts.in_use),
            idle: number(counts.idle),
            waiting: number(counts.waiting),
        }
    }
}
