//! The Redis/Valkey client.
//!
//! [`ValkeyClient`] is the face for Rust. Below it, [`endpoint`] is one server with a shared
//! connection and spare ones, and [`lane`] is one connection with its driver; everything else is pure: [`url`], [`overrides`], [`handshake`], [`inflight`], [`outbox`],
//! [`lifecycle`], [`watchdog`] and [`resp`].

mod batch;
mod cache;
mod callers;
mod client;
pub mod cluster;
pub mod command_table;
mod commands;
pub mod config;
mod connect;
mod consumer;
pub mod credentials;
mod driver;
pub mod endpoint;
mod handle;
pub mod handshake;
pub mod inflight;
#[cfg(unix)]
pub mod inlet;
pub mod introduction;
mod iterator;
pub mod keys;
pub mod lane;
pub mod lifecycle;
pub mod link;
mod listeners;
pub mod location;
pub mod meta;
pub mod outbox;
pub mod overrides;
pub mod pool;
mod receiver;
mod redacted;
mod reply;
mod resolve;
pub mod resp;
pub mod retention;
pub mod role;
mod script;
pub mod sentinel;
mod state;
mod subscription;
pub mod tracking;
pub mod url;
pub mod watchdog;

pub use batch::{Pipeline, RefusedCommand, RefusedCommands, Transaction, Watched};
pub use cache::{CacheOptions, CacheStats, ClientCache};
pub use client::ValkeyClient;
pub use cluster::{ClusterClient, ClusterConfig};
pub use commands::SetOptions;
pub use config::{Address, Config, Library, Options, Protocol, Status, Target, Tls};
pub use consumer::{ConsumerOptions, ConsumerStop, StreamConsumer, StreamMessage};
pub use credentials::{Credentials, CredentialsProvider, CredentialsSource};
pub use handle::ConnectionLike;
pub use iterator::{ElementOptions, ScanIter, ScanOptions};
pub use listeners::Message;
pub use location::{LocationSource, Locator};
pub use pool::{LeasedConnection, PoolOptions, RedisPool};
pub use resp::decode::Value;
pub use script::{Function, FunctionLibrary, Invocation, Script};
pub use sentinel::{ReadFrom, SentinelOptions};
pub use state::{ConnectionFlags, State};
pub use subscription::Subscription;
pub use tracking::Tracking;

pub use crate::net::tls::TlsOptions;
