//! A download in pieces: JavaScript pulls, and cancelling frees the connection at once.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use napi::bindgen_prelude::Result as JsResult;
use napi::{Env, sys};
use napi_derive::napi;
use tokio::sync::{Mutex, watch};

use super::port::{Port, Settle};
use super::s3_client::start_call;
use super::value;
use crate::error::{Error, ErrorKind, Result};
use crate::s3::{ByteRange, S3Body, S3Client};

/// A piece is at least this long, except for the last one.
const PIECE: usize = 256 * 1024;

/// A download that is read piece by piece.
#[napi]
pub struct S3Download {
    state: Arc<Mutex<State>>,
    cancelled: watch::Sender<bool>,
}

enum State {
    Waiting(S3Client, String, Option<ByteRange>),
    Open(S3Body),
    Closed,
}

impl S3Download {
    pub(super) fn new(client: S3Client, path: String, range: Option<ByteRange>) -> Self {
        Self {
            state: Arc::new(Mutex::new(State::Waiting(client, path, range))),
            cancelled: watch::Sender::new(false),
        }
    }
}

#[napi]
impl S3Download {
    /// Settles with the next piece, or with `undefined` at the end.
    #[napi(catch_unwind)]
    pub fn read(&self, env: Env, port: &Port, id: u32) -> JsResult<()> {
        let state = Arc::clone(&self.state);
        let mut cancelled = self.cancelled.subscribe();
        start_call(env, port, id, async move {
            let mut state = state.lock().await;
            let outcome = tokio::select! {
                outcome = state.next_piece() => outcome,
                _ = cancelled.wait_for(|cancelled| *cancelled) => Err(Error::new(
                    ErrorKind::Cancelled,
                    "ERR_S3_CANCELLED",
                    "The download was cancelled",
                )),
            };
            if !matches!(outcome, Ok(Piece(Some(_)))) {
                *state = State::Closed;
            }
            outcome
        })
    }

    /// Drops the request and its connection.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
        // Whoever reads meanwhile sees the mark and closes the state itself.
        if let Ok(mut state) = self.state.try_lock() {
            // Dropping a connection needs the runtime.
            let _guard = crate::net::runtime::shared().enter();
            *state = State::Closed;
        }
    }
}

impl State {
    async fn next_piece(&mut self) -> Result<Piece> {
        if let Self::Waiting(client, path, range) = self {
            let body = client.get(path, range.take()).await?;
            *self = Self::Open(body);
        }
        let Self::Open(body) = self else {
            return Ok(Piece(None));
        };
        let left = body.left().and_then(|left| usize::try_from(left).ok());
        let room = left.unwrap_or(PIECE).min(PIECE);
        let mut piece = BytesMut::with_capacity(room).limit(room);
        while piece.has_remaining_mut() && body.read(&mut piece).await? > 0 {}
        let piece = piece.into_inner();
        Ok(Piece((!piece.is_empty()).then_some(piece)))
    }
}

struct Piece(Option<BytesMut>);

impl Settle for Piece {
    fn settle(self: Box<Self>, env: &Env) -> JsResult<sys::napi_value> {
        match self.0 {
            Some(bytes) => value::bytes(env.raw(), bytes),
            None => value::undefined(env.raw()),
        }
    }
}
