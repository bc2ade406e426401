//! An upload in pieces. `lib/s3/writer.js` calls one method at a time; a write settles when the
//! upload has room for more.

use std::sync::Arc;

use bytes::Bytes;
use napi::Env;
use napi::bindgen_prelude::{Result as JsResult, Uint8Array};
use napi_derive::napi;
use tokio::sync::Mutex;

use super::port::Port;
use super::s3_client::start_call;
use crate::error::{Error, ErrorKind, Result};
use crate::s3::MultiPartUpload;

/// An upload that is written piece by piece.
#[napi]
pub struct S3Upload {
    upload: Arc<Mutex<Option<MultiPartUpload>>>,
}

impl S3Upload {
    pub(super) fn new(upload: MultiPartUpload) -> Self {
        Self {
            upload: Arc::new(Mutex::new(Some(upload))),
        }
    }
}

#[napi]
impl S3Upload {
    /// Adds a copy of the bytes; they may be changed as soon as the call returns.
    #[napi(catch_unwind)]
    pub fn write(&self, env: Env, port: &Port, id: u32, data: Uint8Array) -> JsResult<()> {
        let upload = Arc::clone(&self.upload);
        let bytes = Bytes::copy_from_slice(&data);
        start_call(env, port, id, async move {
            open(upload.lock().await.as_mut())?.write(bytes).await
        })
    }

    /// Settles when all full parts are stored.
    #[napi(catch_unwind)]
    pub fn flush(&self, env: Env, port: &Port, id: u32) -> JsResult<()> {
        let upload = Arc::clone(&self.upload);
        start_call(env, port, id, async move {
            open(upload.lock().await.as_mut())?.flush().await.map(drop)
        })
    }

    /// Completes the object; settles with its length.
    #[napi(catch_unwind)]
    pub fn finish(&self, env: Env, port: &Port, id: u32) -> JsResult<()> {
        let upload = Arc::clone(&self.upload);
        start_call(env, port, id, async move {
            let upload = open(upload.lock().await.take())?;
            #[allow(
                clippy::cast_precision_loss,
                reason = "objects are shorter than 2^53 bytes"
            )]
            upload.finish().await.map(|length| length as f64)
        })
    }

    /// Drops what was stored so far.
    #[napi(catch_unwind)]
    pub fn abort(&self, env: Env, port: &Port, id: u32) -> JsResult<()> {
        let upload = Arc::clone(&self.upload);
        start_call(env, port, id, async move {
            match upload.lock().await.take() {
                Some(upload) => upload.abort().await,
                None => Ok(()),
            }
        })
    }
}

fn open<T>(upload: Option<T>) -> Result<T> {
    upload.ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            "ERR_S3_UPLOAD_ENDED",
            "The upload has ended",
        )
    })
}
