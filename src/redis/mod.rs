//! The Redis/Valkey client.
//!
//! [`ValkeyClient`] is the face for Rust. Below it, [`lane`] is one connection with its
//! driver; everything else is pure: [`url`], [`handshake`], [`inflight`], [`outbox`],
//! [`lifecycle`] and [`resp`].

pub mod callers;
pub mod client;
pub mod command_table;
pub mod config;
mod driver;
pub mod handshake;
pub mod inflight;
#[cfg(unix)]
pub mod inlet;
pub mod keys;
pub mod lane;
pub mod lifecycle;
pub mod outbox;
mod receiver;
mod reply;
pub mod resp;
pub mod url;

pub use callers::{Message, Subscription};
pub use client::{SetOptions, ValkeyClient};
pub use config::{Address, Config, Options, Protocol, Status, Target, Tls};
pub use resp::decode::Value;
