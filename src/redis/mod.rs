//! The Redis/Valkey client.
//!
//! [`ValkeyClient`] is the face for Rust. Below it, [`lane`] is one connection with its
//! driver; everything else is pure: [`url`], [`handshake`], [`inflight`], [`outbox`],
//! [`lifecycle`], [`watchdog`], [`state`] and [`resp`].

pub mod callers;
pub mod client;
pub mod command_table;
pub mod config;
mod connect;
pub mod credentials;
mod driver;
pub mod handshake;
pub mod inflight;
#[cfg(unix)]
pub mod inlet;
pub mod keys;
pub mod lane;
pub mod lifecycle;
pub mod meta;
pub mod outbox;
mod receiver;
mod reply;
pub mod resp;
pub mod state;
pub mod url;
pub mod watchdog;

pub use callers::{Message, Subscription};
pub use client::{SetOptions, ValkeyClient};
pub use config::{Address, Config, Library, Options, Protocol, Status, Target, Tls};
pub use credentials::{Credentials, CredentialsProvider, CredentialsSource};
pub use resp::decode::Value;
pub use state::{ConnectionFlags, State};
