//! Several connections to one server.

mod client;
mod leased;
pub mod state;

pub use client::{PoolOptions, RedisPool};
pub use leased::LeasedConnection;
pub(in crate::redis) use leased::Lender;
