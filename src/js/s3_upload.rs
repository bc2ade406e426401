//! An upload in pieces. `lib/s3/writer.js` calls one method at a time; a write settles when the
//! upload has room for more.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, MutexGuard, PoisonError};

use bytes::Bytes;
use napi::Env;
use napi::bindgen_prelude::{Result as JsResult, Uint8ArraySlice};
use napi_derive::napi;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::caller::Caller;
use super::loans::Loans;
use super::port::Settle;
use crate::error::{Error, ErrorKind, Result};
use crate::s3::MultiPartUpload;

/// An upload that is written piece by piece.
#[napi]
pub struct S3Upload {
    caller: Caller,
    upload: Arc<Mutex<Option<MultiPartUpload>>>,
    aborted: watch::Sender<bool>,
    loans: Loans,
    /// Bytes that were copied and not added yet.
    copies: std::sync::Mutex<VecDeque<Bytes>>,
}

impl S3Upload {
    pub(super) fn new(caller: Caller, upload: MultiPartUpload, loans: Loans) -> Self {
        Self {
            caller,
            upload: Arc::new(Mutex::new(Some(upload))),
            aborted: watch::Sender::new(false),
            loans,
            copies: std::sync::Mutex::default(),
        }
    }

    fn copies(&self) -> MutexGuard<'_, VecDeque<Bytes>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one step, which ends at once when the upload is aborted.
    fn step<T, W>(
        &self,
        env: Env,
        id: u32,
        work: impl FnOnce(OwnedMutexGuard<Option<MultiPartUpload>>) -> W + Send + 'static,
    ) -> JsResult<()>
    where
        T: Settle + 'static,
        W: Future<Output = Result<T>> + Send,
    {
        let upload = Arc::clone(&self.upload);
        let mut aborted = self.aborted.subscribe();
        self.caller.start(env, id, async move {
            let step = async { work(upload.lock_owned().await).await };
            tokio::select! {
                outcome = step => outcome,
                _ = aborted.wait_for(|aborted| *aborted) => Err(ended()),
            }
        })
    }
}

#[napi]
impl S3Upload {
    /// Adds bytes, which must neither be changed nor detached any more: they are sent from where
    /// they lie.
    #[napi(catch_unwind)]
    pub fn write(&self, env: Env, id: u32, data: Uint8ArraySlice<'_>) -> JsResult<()> {
        let bytes = self.loans.lend(&env, data)?;
        self.step(env, id, |mut upload| async move {
            open(upload.as_mut())?.write(bytes).await
        })
    }

    /// Keeps a copy of bytes, which JavaScript would free only when it collects its garbage.
    #[napi(catch_unwind)]
    pub fn copy(&self, data: Uint8ArraySlice<'_>) {
        self.copies().push_back(Bytes::copy_from_slice(&data));
    }

    /// Adds the bytes that were copied first.
    #[napi(catch_unwind)]
    pub fn write_copy(&self, env: Env, id: u32) -> JsResult<()> {
        let bytes = self.copies().pop_front().unwrap_or_default();
        self.step(env, id, |mut upload| async move {
            open(upload.as_mut())?.write(bytes).await
        })
    }

    /// Settles when all full parts are stored.
    #[napi(catch_unwind)]
    pub fn flush(&self, env: Env, id: u32) -> JsResult<()> {
        self.step(env, id, |mut upload| async move {
            open(upload.as_mut())?.flush().await.map(drop)
        })
    }

    /// Completes the object; settles with its length.
    #[napi(catch_unwind)]
    pub fn finish(&self, env: Env, id: u32) -> JsResult<()> {
        self.step(env, id, |mut upload| async move {
            let upload = open(upload.as_mut())?;
            upload.complete().await?;
            #[allow(
                clippy::cast_precision_loss,
                reason = "objects are shorter than 2^53 bytes"
            )]
            Ok(upload.written() as f64)
        })
    }

    /// Ends what is going on and drops what was stored so far.
    #[napi(catch_unwind)]
    pub fn abort(&self, env: Env, id: u32) -> JsResult<()> {
        let upload = Arc::clone(&self.upload);
        self.aborted.send_replace(true);
        self.copies().clear();
        self.caller.start(env, id, async move {
            match upload.lock().await.take() {
                Some(upload) => upload.abort().await,
                None => Ok(()),
            }
        })
    }
}

fn open<T>(upload: Option<T>) -> Result<T> {
    upload.ok_or_else(ended)
}

fn ended() -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        "ERR_S3_UPLOAD_ENDED",
        "The upload has ended",
    )
}
