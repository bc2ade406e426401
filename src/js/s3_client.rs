//! The native S3 client: one handle for each resolved set of options, one call for each operation.

use bytes::Bytes;
use napi::bindgen_prelude::{Error as JsError, Result as JsResult, Uint8ArraySlice};
use napi::{Env, Status};
use napi_derive::napi;

use super::caller::Caller;
use super::loans::COPY_LIMIT;
use super::port::Port;
use super::s3_inits::{HandleInit, ListInit, ListVersionsInit, PutInit};
use super::s3_listing::Listing;
use super::s3_stream::S3Download;
use super::s3_upload::S3Upload;
use super::s3_values::{
    Ascii, Stat, list_options, presign_method, put_options, range, version_options, whole,
};
use super::s3_versions;
use crate::error::Error;
use crate::net::runtime;
use crate::s3::{MultiPartUploadOptions, PresignOptions, S3Client};

/// A client with one set of options; `lib/s3/config.js` keeps one for each.
#[napi]
pub struct S3Handle {
    client: S3Client,
    caller: Caller,
    request_payer: bool,
}

#[napi]
impl S3Handle {
    /// Makes no connection.
    #[napi(constructor, catch_unwind)]
    pub fn new(port: &Port, init: HandleInit) -> std::result::Result<Self, JsError<String>> {
        Ok(Self {
            caller: Caller::new(port),
            request_payer: init.request_payer.unwrap_or_default(),
            client: S3Client::new(init.try_into().map_err(coded)?),
        })
    }

    /// Settles with the object's bytes.
    #[napi(
        catch_unwind,
        ts_args_type = "id: number, path: string, start?: number, end?: number, suffix?: number, version?: string"
    )]
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would cost more than the call"
    )]
    pub fn get(
        &self,
        env: Env,
        id: u32,
        path: String,
        start: Option<f64>,
        end: Option<f64>,
        suffix: Option<f64>,
        version: Option<String>,
    ) -> JsResult<()> {
        let client = self.at(version);
        let range = range(start, end, suffix);
        self.caller.start_small(&self.client, env, id, async move {
            client
                .download_into(&path, range)
                .await
                .map(|(body, _)| body)
        })
    }

    /// Stores `data`, which must neither be changed nor detached before the call settles: it is
    /// sent from where it lies.
    #[napi(
        catch_unwind,
        ts_args_type = "id: number, path: string, data: Uint8Array, contentType?: string, contentDisposition?: string, contentEncoding?: string, acl?: string, storageClass?: string, metadata?: Array<string>"
    )]
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would cost more than the call"
    )]
    pub fn put(
        &self,
        env: Env,
        id: u32,
        path: String,
        data: Uint8ArraySlice<'_>,
        content_type: Option<String>,
        content_disposition: Option<String>,
        content_encoding: Option<String>,
        acl: Option<String>,
        storage_class: Option<String>,
        metadata: Option<Vec<String>>,
    ) -> JsResult<()> {
        let is_small = data.len() <= COPY_LIMIT;
        let (client, body) = if is_small {
            (self.client.clone(), Bytes::copy_from_slice(&data))
        } else {
            let loans = self.caller.loans();
            (self.client.lent_by(&loans), loans.lend(&env, data)?)
        };
        let options = PutInit {
            content_type,
            content_disposition,
            content_encoding,
            acl,
            storage_class,
            metadata,
        };
        let options = put_options(options, self.client.options()).map_err(to_js)?;
        let work = async move { client.put(&path, body, &options).await.map(|_| ()) };
        if is_small {
            self.caller.start_small(&self.client, env, id, work)
        } else {
            self.caller.start(env, id, work)
        }
    }

    /// Copies the object `source` of `from`, which must be of the same store, or a version of it.
    /// Settles with its length.
    #[napi(
        catch_unwind,
        ts_args_type = "id: number, from: S3Handle, source: string, path: string, options: PutInit, version?: string"
    )]
    #[allow(
        clippy::too_many_arguments,
        clippy::cast_precision_loss,
        reason = "an object would cost more than the call; objects are shorter than 2^53 bytes"
    )]
    pub fn copy(
        &self,
        env: Env,
        id: u32,
        from: &S3Handle,
        source: String,
        path: String,
        options: PutInit,
        version: Option<String>,
    ) -> JsResult<()> {
        let (client, from) = (self.client.clone(), from.at(version));
        let options = put_options(options, self.client.options()).map_err(to_js)?;
        self.caller.start(env, id, async move {
            let length = client.copy(&from, &source, &path, &options).await?;
            Ok(length as f64)
        })
    }

    /// Settles with `[size, etag, lastModified, type, versionId, …metadata]`.
    #[napi(
        catch_unwind,
        ts_args_type = "id: number, path: string, version?: string"
    )]
    pub fn stat(&self, env: Env, id: u32, path: String, version: Option<String>) -> JsResult<()> {
        let client = self.at(version);
        self.caller.start_small(&self.client, env, id, async move {
            client.stat(&path).await.map(Stat)
        })
    }

    /// Settles with a boolean.
    #[napi(
        catch_unwind,
        ts_args_type = "id: number, path: string, version?: string"
    )]
    pub fn exists(&self, env: Env, id: u32, path: String, version: Option<String>) -> JsResult<()> {
        let client = self.at(version);
        self.caller.start_small(
            &self.client,
            env,
            id,
            async move { client.exists(&path).await },
        )
    }

    /// Settles with `true`.
    #[napi(
        catch_unwind,
        ts_args_type = "id: number, path: string, version?: string"
    )]
    pub fn delete(&self, env: Env, id: u32, path: String, version: Option<String>) -> JsResult<()> {
        let client = self.at(version);
        self.caller.start_small(&self.client, env, id, async move {
            client.delete(&path).await.map(|_| true)
        })
    }

    /// Settles with the page as JSON.
    #[napi(catch_unwind)]
    pub fn list(&self, env: Env, id: u32, input: ListInit) -> JsResult<()> {
        let client = self.client.clone();
        let options = list_options(input, self.request_payer);
        self.caller.start_small(&self.client, env, id, async move {
            Listing::new(&client.list_document(&options).await?)
        })
    }

    /// Settles with the page of versions as JSON.
    #[napi(catch_unwind)]
    pub fn list_versions(&self, env: Env, id: u32, input: ListVersionsInit) -> JsResult<()> {
        let client = self.client.clone();
        let options = version_options(input, self.request_payer);
        self.caller.start_small(&self.client, env, id, async move {
            s3_versions::listing(&client.list_versions(&options).await?)
        })
    }

    /// The region that requests are signed for.
    #[napi(getter, catch_unwind)]
    pub fn region(&self) -> String {
        self.client.region().into_owned()
    }

    /// A presigned URL. `method` is the place among GET, PUT, HEAD, DELETE and POST; `expiresIn` is
    /// in seconds.
    #[napi(
        catch_unwind,
        ts_args_type = "path: string, method: number, expiresIn: number, acl?: string, storageClass?: string, contentType?: string, contentDisposition?: string, version?: string",
        ts_return_type = "string"
    )]
    #[allow(
        clippy::too_many_arguments,
        reason = "an object would cost more than the call"
    )]
    pub fn presign(
        &self,
        path: String,
        method: u32,
        expires_in: u32,
        acl: Option<String>,
        storage_class: Option<String>,
        content_type: Option<String>,
        content_disposition: Option<String>,
        version: Option<String>,
    ) -> std::result::Result<Ascii, JsError<String>> {
        let options = PresignOptions {
            method: presign_method(method),
            expires_in,
            acl: acl.as_deref().map(str::parse).transpose().map_err(coded)?,
            storage_class: storage_class
                .as_deref()
                .map(str::parse)
                .transpose()
                .map_err(coded)?,
            content_type,
            content_disposition,
            request_payer: self.request_payer,
        };
        self.at(version)
            .presign(&path, &options)
            .map(Ascii)
            .map_err(coded)
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
        S3Download::new(
            self.caller.clone(),
            self.at(version),
            path,
            range(start, end, suffix),
        )
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
        let loans = self.caller.loans();
        let upload = self.client.lent_by(&loans).multipart(&path, options);
        Ok(S3Upload::new(self.caller.clone(), upload, loans))
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

fn to_js(error: Error) -> JsError {
    JsError::new(Status::InvalidArg, error.message().to_owned())
}

fn coded(error: Error) -> JsError<String> {
    JsError::new(error.code().to_owned(), error.message().to_owned())
}
