//! A primary and its replicas, found by asking sentinels, and found again when they change.
//!
//! [`ValkeyClient::connect_sentinel`](super::ValkeyClient::connect_sentinel) is the face for Rust. Pure are [`roster`], [`answer`] and [`discovery`]: whom
//! to ask, what is answered, what to try; and [`split`], which tells the commands that a replica can
//! serve. `ask` speaks with one sentinel, `finder` runs a search for a lane, `watcher` listens for
//! the announcement of another primary, and `link` puts all of it together.
//!
//! Source: <https://redis.io/docs/latest/develop/reference/sentinel-clients/>

pub mod answer;
mod ask;
mod client;
pub mod discovery;
mod finder;
mod group;
pub mod link;
pub mod options;
mod preferred;
pub mod roster;
mod sink;
pub mod split;
mod watcher;

pub use options::{ReadFrom, SentinelOptions};
