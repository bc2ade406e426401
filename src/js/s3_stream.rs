//! A download in pieces. A long one is read ahead by a task of the runtime, by as many pieces as
//! lie in its channel; JavaScript takes them. Cancelling frees the connection at once. One that is
//! not read for a while frees it too, and goes on over another when it is read again.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use napi::bindgen_prelude::{Result as JsResult, ToNapiValue};
use napi::{Env, sys};
use napi_derive::napi;
use tokio::sync::{Mutex, mpsc, watch};

use super::caller::Caller;
use super::port::Settle;
use super::recycled::Recycled;
use super::value;
use crate::error::{Error, ErrorKind, Result};
use crate::net::http::LONG;
use crate::net::runtime;
use crate::s3::{ByteRange, S3Body, S3Client};

/// A piece is at least this long, except for the last one, and longer if more has arrived.
const LEAST: usize = 256 * 1024;
const MOST: usize = 512 * 1024;
/// Pieces that wait to be taken, besides the one that is being received.
const AHEAD: usize = 2;

/// A download that is read piece by piece.
#[napi]
pub struct S3Download {
    caller: Caller,
    client: S3Client,
    state: Arc<Mutex<State>>,
    cancelled: watch::Sender<bool>,
}

enum State {
    Waiting(String, Option<ByteRange>),
    /// Short, or of unknown length: read where it was opened.
    Open(Box<S3Body>),
    /// Read ahead.
    Fed(mpsc::Receiver<Result<BytesMut>>),
    /// Not told yet.
    Failed(Error),
    Closed,
}

impl S3Download {
    pub(super) fn new(
        caller: Caller,
        client: S3Client,
        path: String,
        range: Option<ByteRange>,
    ) -> Self {
        Self {
            caller,
            client,
            state: Arc::new(Mutex::new(State::Waiting(path, range))),
            cancelled: watch::Sender::new(false),
        }
    }
}

#[napi]
impl S3Download {
    /// The next piece if it is there already, else `null`: then `read` it.
    #[napi(catch_unwind, ts_return_type = "Uint8Array<ArrayBuffer> | null")]
    pub fn take(&self) -> Taken {
        let Ok(mut state) = self.state.try_lock() else {
            return Taken(None);
        };
        let State::Fed(pieces) = &mut *state else {
            return Taken(None);
        };
        match pieces.try_recv() {
            Ok(Ok(piece)) => Taken(Some(piece)),
            Ok(Err(error)) => {
                *state = State::Failed(error);
                Taken(None)
            }
            Err(_) => Taken(None),
        }
    }

    /// Settles with the next piece, or with `undefined` at the end.
    #[napi(catch_unwind)]
    pub fn read(&self, env: Env, id: u32) -> JsResult<()> {
        let (client, state) = (self.client.clone(), Arc::clone(&self.state));
        let mut cancelled = self.cancelled.subscribe();
        let of_feed = cancelled.clone();
        self.caller.start_small(&self.client, env, id, async move {
            let mut state = state.lock().await;
            let outcome = tokio::select! {
                outcome = state.next_piece(&client, of_feed) => outcome,
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
            *state = State::Closed;
        }
    }
}

impl State {
    async fn next_piece(
        &mut self,
        client: &S3Client,
        mut cancelled: watch::Receiver<bool>,
    ) -> Result<Piece> {
        if let Self::Waiting(path, range) = self {
            let body = client.get(path, range.take()).await?;
            *self = if body.left().is_some_and(|left| left >= LONG) {
                let (sender, pieces) = mpsc::channel(AHEAD);
                // How long it may go unread with a connection.
                let patience = client.options().timeouts.stall;
                runtime::shared().spawn(async move {
                    tokio::select! {
                        () = feed(body, sender, patience) => {}
                        // A read that ends at the same moment leaves the channel open.
                        _ = cancelled.wait_for(|cancelled| *cancelled) => {}
                    }
                });
                Self::Fed(pieces)
            } else {
                Self::Open(Box::new(body))
            };
        }
        match self {
            Self::Open(body) => body.next_piece(LEAST, MOST).await.map(Piece),
            Self::Fed(pieces) => pieces.recv().await.transpose().map(Piece),
            Self::Failed(_) | Self::Waiting(..) | Self::Closed => {
                match std::mem::replace(self, Self::Closed) {
                    Self::Failed(error) => Err(error),
                    _ => Ok(Piece(None)),
                }
            }
        }
    }
}

/// Reads a body ahead of those who take its pieces.
async fn feed(
    mut body: S3Body,
    pieces: mpsc::Sender<Result<BytesMut>>,
    patience: Option<Duration>,
) {
    loop {
        let read = tokio::select! {
            read = body.next_piece(LEAST, MOST) => read,
            () = pieces.closed() => return,
        };
        let Some(piece) = read.transpose() else {
            return;
        };
        let ended = piece.is_err();
        let place = match (pieces.try_reserve(), patience) {
            (Ok(place), _) => Ok(place),
            (Err(_), None) => pieces.reserve().await,
            (Err(_), Some(patience)) => {
                let place = tokio::time::timeout(patience, pieces.reserve()).await;
                if place.is_err() {
                    body.pause();
                }
                match place {
                    Ok(place) => place,
                    Err(_) => pieces.reserve().await,
                }
            }
        };
        match place {
            Ok(place) if !ended => place.send(piece),
            Ok(place) => return place.send(piece),
            // Nobody takes them any more.
            Err(_) => return,
        }
    }
}

/// A piece that was there.
pub struct Taken(Option<BytesMut>);

impl ToNapiValue for Taken {
    unsafe fn to_napi_value(env: sys::napi_env, taken: Self) -> JsResult<sys::napi_value> {
        match taken.0 {
            Some(bytes) => value::bytes(env, Recycled::from(bytes)),
            None => value::null(env),
        }
    }
}

struct Piece(Option<BytesMut>);

impl Settle for Piece {
    fn settle(self: Box<Self>, env: &Env) -> JsResult<sys::napi_value> {
        match self.0 {
            Some(bytes) => value::bytes(env.raw(), Recycled::from(bytes)),
            None => value::undefined(env.raw()),
        }
    }
}
