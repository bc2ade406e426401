//! Several connections to one server.

pub mod state;
