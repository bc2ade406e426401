//! The Redis/Valkey client.
