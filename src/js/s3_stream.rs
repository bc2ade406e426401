//! A download in pieces: JavaScript pulls, and cancelling frees the connection at once. One that is
//! not read for a while frees it too, and goes on over another when it is read again.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::BytesMut;
use napi::bindgen_prelude::Result as JsResult;
use napi::{Env, sys};
use napi_derive::napi;
use tokio::sync::{Mutex, watch};

use super::port::{Port, Settle};
use super::s3_client::start_call;
use super::value;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::s3::{ByteRange, S3Body, S3Client};

/// A piece is at least this long, except for the last one.
const PIECE: usize = 256 * 1024;

/// A download that is read piece by piece.
#[napi]
pub struct S3Download {
    shared: Arc<Shared>,
    /// How long it may go unread with a connection.
    patience: Option<Duration>,
    cancelled: watch::Sender<bool>,
}

struct Shared {
    state: Mutex<State>,
    reads: AtomicU32,
    watched: AtomicBool,
}

enum State {
    Waiting(S3Client, String, Option<ByteRange>),
    Open(Box<S3Body>),
    Closed,
}

impl S3Download {
    pub(super) fn new(client: S3Client, path: String, range: Option<ByteRange>) -> Self {
        Self {
            patience: client.options().timeouts.stall,
            shared: Arc::new(Shared {
                state: Mutex::new(State::Waiting(client, path, range)),
                reads: AtomicU32::new(0),
                watched: AtomicBool::new(false),
            }),
            cancelled: watch::Sender::new(false),
        }
    }
}

#[napi]
impl S3Download {
    /// Settles with the next piece, or with `undefined` at the end.
    #[napi(catch_unwind)]
    pub fn read(&self, env: Env, port: &Port, id: u32) -> JsResult<()> {
        let (shared, patience) = (Arc::clone(&self.shared), self.patience);
        let mut cancelled = self.cancelled.subscribe();
        start_call(env, port, id, async move {
            shared.reads.fetch_add(1, Ordering::Relaxed);
            let mut state = shared.state.lock().await;
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
            if let (Some(patience), true) = (patience, state.has_more())
                && !shared.watched.swap(true, Ordering::Relaxed)
            {
                runtime::shared().spawn(watch_over(Arc::downgrade(&shared), patience));
            }
            outcome
        })
    }

    /// Drops the request and its connection.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.cancelled.send_replace(true);
        // Whoever reads meanwhile sees the mark and closes the state itself.
        if let Ok(mut state) = self.shared.state.try_lock() {
            *state = State::Closed;
        }
    }
}

/// Frees the connection of a download that is not read any more.
async fn watch_over(shared: Weak<Shared>, patience: Duration) {
    loop {
        let reads = || Some(shared.upgrade()?.reads.load(Ordering::Relaxed));
        let before = reads();
        tokio::time::sleep(patience).await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let unread = before == Some(shared.reads.load(Ordering::Relaxed));
        if let (true, Ok(mut state)) = (unread, shared.state.try_lock()) {
            if let State::Open(body) = &mut *state {
                body.pause();
            }
            // The next read begins to watch again.
            shared.watched.store(false, Ordering::Relaxed);
            return;
        }
    }
}

impl State {
    fn has_more(&self) -> bool {
        matches!(self, Self::Open(body) if body.left() != Some(0))
    }

    async fn next_piece(&mut self) -> Result<Piece> {
        if let Self::Waiting(client, path, range) = self {
            let body = client.get(path, range.take()).await?;
            *self = Self::Open(Box::new(body));
        }
        let Self::Open(body) = self else {
            return Ok(Piece(None));
        };
        body.next_piece(PIECE).await.map(Piece)
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
