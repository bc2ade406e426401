//! Many nodes as one.
pub mod config;
pub mod merge;
pub mod redirect;
pub mod request;
pub mod route;
pub mod slot;
pub mod split;
pub mod topology;
pub mod vocabulary;
