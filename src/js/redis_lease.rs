//! Connections of one's own, for JavaScript.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use napi::Env;
use napi::bindgen_prelude::{Error as JsError, Result};
use napi_derive::napi;

use super::redis_lane::{Kind, RedisLane, thrown};
use crate::redis::cluster::Place;
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

/// Where in a cluster a connection of one's own leads.
#[napi(object, object_to_js = false)]
#[derive(Default)]
pub struct LeasePlace {
    /// To the primary of this slot.
    pub slot: Option<u16>,
    /// To this node, as `node_number` names it.
    pub node: Option<u32>,
}

impl LeasePlace {
    fn resolved(&self) -> Place {
        self.node
            .map_or_else(|| Place::Slot(self.slot.unwrap_or_default()), Place::Node)
    }
}

/// An error in the place of a server's.
#[napi(object, object_from_js = false)]
pub struct Explained {
    /// What it is known by.
    pub code: String,
    /// What is told.
    pub message: String,
}

#[napi]
impl RedisLane {
    /// Asks for a connection of one's own, for at most so many milliseconds, 0 for any time. When
    /// the call of this id is fulfilled, `fetch` gives the connection.
    #[napi(catch_unwind)]
    pub fn acquire(
        &self,
        env: Env,
        id: u32,
        timeout: u32,
        place: Option<LeasePlace>,
    ) -> Result<(), String> {
        let (Kind::Endpoint(_, granted) | Kind::Lease(_, granted) | Kind::Cluster(_, granted)) =
            &self.kind
        else {
            return Err(thrown(&lifecycle::no_lease()));
        };
        let place = place.unwrap_or_default().resolved();
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
            Kind::Link => {}
            Kind::Cluster(cluster, _) => cluster.acquire(place, id, limit, Box::new(grant)),
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
            Kind::Endpoint(_, granted) | Kind::Lease(_, granted) | Kind::Cluster(_, granted) => {
                granted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .remove(&id)
            }
            Kind::Link => None,
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

    /// What the user of a leased connection is told of an error of the server that leads to another node; `null` for
    /// the error itself.
    #[napi(catch_unwind)]
    #[must_use]
    pub fn explain(&self, text: String) -> Option<Explained> {
        let Kind::Lease(lease, _) = &self.kind else {
            return None;
        };
        let error = lease.explain(&text)?;
        Some(Explained {
            code: error.code().to_owned(),
            message: error.message().to_owned(),
        })
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
            Kind::Cluster(cluster, _) => cluster.counts(),
            Kind::Link | Kind::Lease(..) => Counts::default(),
        };
        let number = |count| u32::try_from(count).unwrap_or(u32::MAX);
        LaneCounts {
            in_use: number(counts.in_use),
            idle: number(counts.idle),
            waiting: number(counts.waiting),
        }
    }
}
