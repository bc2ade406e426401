//! The native S3 client: one handle for each resolved set of options, one call for each operation.

use std::collections::HashMap;
use std::future::Future;

use napi::bindgen_prelude::{Error as JsError, Result as JsResult, Uint8ArraySlice};
use napi::{Env, Status};
use napi_derive::napi;

use super::port::{Port, PortHandle, Settle};
use super::redis_options::LaneTls;
use super::s3_listing::Listing;
use super::s3_stream::S3Download;
use super::s3_upload::S3Upload;
use super::s3_values::{
    Stat, list_options, payload, presign_options, put_options, range, version_options, whole,
};
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::s3::{MultiPartUploadOptions, S3Client};

/// Resolved options of a client.
#[napi(object, object_to_js = false)]
pub struct HandleInit {
    /// Absent: every operation fails with `ERR_S3_MISSING_CREDENTIALS`.
    pub access_key_id: Option<String>,
    /// As `access_key_id`.
    pub secret_access_key: Option<String>,
    /// Of temporary credentials.
    pub session_token: Option<String>,
    /// Guessed from the endpoint when absent.
    pub region: Option<String>,
    /// AWS when absent.
    pub endpoint: Option<String>,
    /// The first segment of each path when absent.
    pub bucket: Option<String>,
    /// Whether the host names the bucket.
    pub virtual_hosted_style: Option<bool>,
    /// Whether the requester pays.
    pub request_payer: Option<bool>,
    /// Bytes of a part of an upload.
    pub part_size: Option<f64>,
    /// Parts in flight.
    pub queue_size: Option<u32>,
    /// Sums of what is written and read.
    pub checksum_algorithm: Option<String>,
    /// Further attempts.
    pub retry: Option<u32>,
    /// Milliseconds to connect; 0 for no limit, here and below.
    pub connect_timeout: Option<f64>,
    /// Milliseconds until the head of an answer.
    pub response_timeout: Option<f64>,
    /// Milliseconds without progress of a body.
    pub stall_timeout: Option<f64>,
    /// Milliseconds of a whole call.
    pub timeout: Option<f64>,
    /// The URL of a proxy; empty for none. Absent: what `proxyVariables` say.
    pub proxy: Option<String>,
    /// Of the environment: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
    pub proxy_variables: Option<HashMap<String, String>>,
    /// TLS settings.
    pub tls: Option<LaneTls>,
}

/// How an object is stored.
#[napi(object, object_to_js = false)]
pub struct PutInit {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Encoding`.
    pub content_encoding: Option<String>,
    /// `x-amz-acl`.
    pub acl: Option<String>,
    /// `x-amz-storage-class`.
    pub storage_class: Option<String>,
    /// `x-amz-meta-`: names and values in turn.
    pub metadata: Option<Vec<String>>,
}

/// What a presigned URL allows.
#[napi(object, object_to_js = false)]
pub struct PresignInit {
    /// The HTTP method.
    pub method: String,
    /// Seconds for which the URL is valid.
    pub expires_in: u32,
    /// `X-Amz-Acl`.
    pub acl: Option<String>,
    /// `x-amz-storage-class`.
    pub storage_class: Option<String>,
    /// `response-content-type`.
    pub content_type: Option<String>,
    /// `response-content-disposition`.
    pub content_disposition: Option<String>,
    /// `versionId`.
    pub version_id: Option<String>,
}

/// Fields of a list request.
#[napi(object, object_to_js = false)]
pub struct ListInit {
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// From the page before.
    pub continuation_token: Option<String>,
    /// Groups keys up to it.
    pub delimiter: Option<String>,
    /// Keys in a page, as given.
    pub max_keys: Option<i64>,
    /// Only keys behind it.
    pub start_after: Option<String>,
    /// `url` for escaped keys.
    pub encoding_type: Option<String>,
    /// Whether owners are listed.
    pub fetch_owner: Option<bool>,
}

/// Fields of a request for versions.
#[napi(object, object_to_js = false)]
pub struct ListVersionsInit {
    /// Only keys that begin so.
    pub prefix: Option<String>,
    /// Groups keys up to it.
    pub delimiter: Option<String>,
    /// Versions in a page.
    pub max_keys: Option<i64>,
    /// Only keys behind it.
    pub key_marker: Option<String>,
    /// Only versions of that key behind it.
    pub version_id_marker: Option<String>,
    /// `url` for escaped keys.
    pub encoding_type: Option<String>,
}

/// A client with one set of options; `lib/s3/config.js` keeps one for each.
#[napi]
pub struct S3Handle {
    client: S3Client,
    request_payer: bool,
}

#[napi]
impl S3Handle {
    /// Makes no connection.
    #[napi(constructor, catch_unwind)]
    pub fn new(init: HandleInit) -> std::result::Result<Self, JsError<String>> {
        Ok(Self {
            request_payer: init.request_payer.unwrap_or_default(),
            client: S3Client::new(init.try_into().map_err(coded)?),
        })
    }

    /// Settles with the object's bytes.
    #[napi(
        catch_unwind,
        ts_args_type = "port: Port, id: number, path: string, start?: number, end?: number, suffix?: number, version?: string"
    )]
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would cost more than the call"
    )]
    pub fn get(
        &self,
        env: Env,
        port: &Port,
        id: u32,
        path: String,
        start: Option<f64>,
        end: Option<f64>,
        suffix: Option<f64>,
        version: Option<String>,
    ) -> JsResult<()> {
        let client = self.at(version);
        let range = range(start, end, suffix);
        start_call(env, port, id, async move {
            client
                .download_into(&path, range)
                .await
                .map(|(body, _)| body)
        })
    }

    /// Stores `data`, which must not be changed before the call settles: it is sent from where
    /// it lies.
    #[napi(catch_unwind)]
    pub fn put(
        &self,
        env: Env,
        port: &Port,
        id: u32,
        path: String,
        data: Uint8ArraySlice<'_>,
        options: PutInit,
    ) -> JsResult<()> {
        let client = self.client.clone();
        let body = payload(&env, data)?;
        let options = put_options(options, self.client.options()).map_err(to_js)?;
        start_call(env, port, id, async move {
            client.put(&path, body, &options).await.map(|_| ())
        })
    }

    /// Copies the object `source` of `from`, which must be of the same store, or a version of it.
    /// Settles with its length.
    #[napi(
        catch_unwind,
        ts_args_type = "port: Port, id: number, from: S3Handle, source: string, path: string, options: PutInit, version?: string"
    )]
    #[allow(
        clippy::too_many_arguments,
        clippy::cast_precision_loss,
        reason = "an object would cost more than the call; objects are shorter than 2^53 bytes"
    )]
    pub fn copy(
        &self,
        env: Env,
        port: &Port,
        id: u32,
        from: &S3Handle,
        source: String,
        path: String,
        options: PutInit,
        version: Option<String>,
    ) -> JsResult<()> {
        let (client, from) = (self.client.clone(), from.at(version));
        let options = put_options(options, self.client.options()).map_err(to_js)?;
        start_call(env, port, id, async move {
            let length = client.copy(&from, &source, &path, &options).await?;
            Ok(length as f64)
        })
    }

    /// Settles with `[size, etag, lastModified, type, versionId, …metadata]`.
    #[napi(
        catch_unwind,
        ts_args_type = "port: Port, id: number, path: string, version?: string"
    )]
    pub fn stat(
        &self,
        env: Env,
        port: &Port,
        id: u32,
        path: String,
        version: Option<String>,
    ) -> JsResult<()> {
        let client = self.at(version);
        start_call(
            env,
            port,
            id,
            async move { client.stat(&path).await.map(Stat) },
        )
    }

    /// Settles with a boolean.
    #[napi(
        catch_unwind,
        ts_args_type = "port: Port, id: number, path: string, version?: string"
    )]
    pub fn exists(
        &self,
        env: Env,
        port: &Port,
        id: u32,
        path: String,
        version: Option<String>,
    ) -> JsResult<()> {
        let client = self.at(version);
        start_call(env, port, id, async move { client.exists(&path).await })
    }

    /// Settles with `true`.
    #[napi(
        catch_unwind,
        ts_args_type = "port: Port, id: number, path: string, version?: string"
    )]
    pub fn delete(
        &self,
        env: Env,
        port: &Port,
        id: u32,
        path: String,
        version: Option<String>,
    ) -> JsResult<()> {
        let client = self.at(version);
        start_call(env, port, id, async move {
            client.delete(&path).await.map(|_| true)
        })
    }

    /// Settles with the page as JSON.
    #[napi(catch_unwind)]
    pub fn list(&self, env: Env, port: &Port, id: u32, input: ListInit) -> JsResult<()> {
        let client = self.client.clone();
        let options = list_options(input, self.request_payer);
        start_call(env, port, id, async move {
            Listing::new(&client.list_objects(&options).await?)
        })
    }

    /// Settles with the page of versions as JSON.
    #[napi(catch_unwind)]
    pub fn list_versions(
        &self,
        env: Env,
        port: &Port,
        id: u32,
        input: ListVersionsInit,
    ) -> JsResult<()> {
        let client = self.client.clone();
        let options = version_options(input, self.request_payer);
        start_call(env, port, id, async move {
            Listing::of_versions(&client.list_versions(&options).await?)
        })
    }

    /// The region that requests are signed for.
    #[napi(getter, catch_unwind)]
    pub fn region(&self) -> String {
        self.client.region().into_owned()
    }

    /// A presigned URL.
    #[napi(catch_unwind)]
    pub fn presign(
        &self,
        path: String,
        init: PresignInit,
    ) -> std::result::Result<String, JsError<String>> {
        let client = self.at(init.version_id.clone());
        let options = presign_options(init, self.request_payer).map_err(coded)?;
        client.presign(&path, &options).map_err(coded)
    }

    /// Begins a download in pieces; the request is made by the first `read`.
    #[napi(
        catch_unwind,
        ts_args_type = "path: string, start?: number, end?: number, suffix?: number, version?: string"
    )]
    pub fn download(
        &self,
        path: String,
        start: Option<f64>,
        end: Option<f64>,
        suffix: Option<f64>,
        version: Option<String>,
    ) -> S3Download {
        S3Download::new(self.at(version), path, range(start, end, suffix))
    }

    /// Begins an upload in pieces; nothing is sent before the first part is full. The parts are
    /// made so large that `length` bytes need no more than 10,000 of them.
    #[napi(catch_unwind)]
    pub fn upload(
        &self,
        path: String,
        options: PutInit,
        length: Option<f64>,
    ) -> JsResult<S3Upload> {
        let options = put_options(options, self.client.options()).map_err(to_js)?;
        // The upload may start tasks of its own.
        let _guard = runtime::shared().enter();
        let options = MultiPartUploadOptions {
            length: length.map(whole),
            ..options.into()
        };
        Ok(S3Upload::new(self.client.multipart(&path, options)))
    }
}

impl S3Handle {
    /// The client for a version of objects, if there is one.
    fn at(&self, version: Option<String>) -> S3Client {
        match version {
            None => self.client.clone(),
            Some(id) => self.client.at_version(&id),
        }
    }
}

/// Runs work on the shared runtime and settles the call with what comes of it.
pub(super) fn start_call<T: Settle + 'static>(
    env: Env,
    port: &Port,
    id: u32,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> JsResult<()> {
    let port = port.handle();
    let cancellation = port.cancellation();
    port.begin(&env)?;
    runtime::shared().spawn(async move {
        let mut guard = SettleOnce {
            port,
            id,
            done: false,
        };
        let outcome = match cancellation {
            None => work.await,
            Some(cancellation) => cancellation.limit(work).await,
        };
        guard.settle(outcome.map(|value| Box::new(value) as Box<dyn Settle>));
    });
    Ok(())
}

/// Settles the call even if the work panics.
struct SettleOnce {
    port: PortHandle,
    id: u32,
    done: bool,
}

impl SettleOnce {
    fn settle(&mut self, outcome: Result<Box<dyn Settle>>) {
        if !std::mem::replace(&mut self.done, true) {
            self.port.complete(self.id, outcome);
        }
    }
}

impl Drop for SettleOnce {
    fn drop(&mut self) {
        self.settle(Err(Error::new(
            ErrorKind::Cancelled,
            "ERR_INTERNAL",
            "the operation ended without a result",
        )));
    }
}

fn to_js(error: Error) -> JsError {
    JsError::new(Status::InvalidArg, error.message().to_owned())
}

fn coded(error: Error) -> JsError<String> {
    JsError::new(error.code().to_owned(), error.message().to_owned())
}
