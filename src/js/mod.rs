//! The border to JavaScript: the only room that names napi and the only one with `unsafe`.
//!
//! All asynchronous work crosses through one [`port`]: JavaScript makes the promise and an id,
//! a synchronous native call starts the work, and finished ids are collected by one `drain` for
//! each wake-up. [`tape`] is the form in which results cross.

#![allow(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "the shapes of arguments are those that napi hands over"
)]

mod caller;
mod cancel;
mod closer;
#[cfg(unix)]
mod event_loop;
mod exchange;
mod holds;
mod loans;
#[cfg(unix)]
mod long_string;
mod port;
mod questions;
mod recycled;
mod redis_answers;
mod redis_commands;
mod redis_events;
mod redis_facts;
mod redis_lane;
mod redis_lease;
mod redis_nodes;
mod redis_options;
#[cfg(unix)]
mod redis_reader;
mod redis_reply;
mod redis_sentinel;
mod redis_sink;
mod redis_target;
mod s3_client;
mod s3_inits;
mod s3_listing;
mod s3_stream;
mod s3_upload;
mod s3_values;
mod s3_versions;
#[cfg(unix)]
mod sockets;
mod tape;
#[cfg(unix)]
mod tasks;
#[cfg(unix)]
mod uv;
mod value;
