//! The Redis/Valkey client.

pub mod command_table;
pub mod keys;
