//! Several connections to one server.

mod leased;
pub mod state;

pub use leased::LeasedConnection;
