//! Uploads of unknown length.

use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::client::{Call, S3Client, collect, from_document, header};
use super::types::PutOptions;
use super::url::encode_into;
use super::xml;
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;

/// An upload that becomes one PUT below a part's size, else a multipart upload of equal parts.
pub struct MultiPartUpload {
    client: S3Client,
    path: String,
    options: PutOptions,
    part_size: usize,
    queue_size: usize,
    buffer: BytesMut,
    upload_id: Option<String>,
    parts: JoinSet<Result<(usize, String)>>,
    etags: Vec<String>,
    total: u64,
    failed: Option<Error>,
}

impl MultiPartUpload {
    pub(crate) fn new(
        client: S3Client,
        path: &str,
        options: PutOptions,
        part_size: usize,
        queue_size: usize,
    ) -> Self {
        Self {
            client,
            path: path.to_owned(),
            options,
            part_size,
            queue_size,
            buffer: BytesMut::new(),
            upload_id: None,
            parts: JoinSet::new(),
            etags: Vec::new(),
            total: 0,
            failed: None,
        }
    }

    /// Adds bytes; waits while `queue_size` parts are in flight.
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.total += chunk.len() as u64;
        self.buffer.extend_from_slice(&chunk);
        while self.buffer.len() >= self.part_size {
            let part = self.buffer.split_to(self.part_size).freeze();
            let sent = self.send_part(part).await;
            self.remember(sent)?;
        }
        Ok(())
    }

    /// Waits until the parts in flight are stored; returns the bytes written so far.
    pub async fn flush(&mut self) -> Result<u64> {
        while !self.parts.is_empty() {
            let settled = self.settle_one().await;
            self.remember(settled)?;
        }
        self.failed.clone().map_or(Ok(self.total), Err)
    }

    /// Completes the object; on failure nothing is left on the server.
    pub async fn finish(mut self) -> Result<u64> {
        let result = self.complete().await;
        if let Err(error) = result {
            let _ = self.abort().await;
            return Err(error);
        }
        Ok(self.total)
    }

    /// Gives up: waits for parts in flight, then aborts the upload.
    pub async fn abort(mut self) -> Result<()> {
        // A part that lands after the abort would stay on the server.
        while self.parts.join_next().await.is_some() {}
        let Some(query) = self.upload_query("") else {
            return Ok(());
        };
        let location = self.client.locate(&self.path)?;
        let call = Call {
            query: &query,
            ..Call::new("DELETE", &location)
        };
        self.client
            .send(&self.path, call, &[200, 204, 404])
            .await
            .map(drop)
    }

    fn remember<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            self.failed.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn upload_query(&self, before: &str) -> Option<String> {
        let mut query = format!("{before}uploadId=");
        encode_into(&mut query, self.upload_id.as_deref()?, false);
        Some(query)
    }

    async fn complete(&mut self) -> Result<()> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let rest = self.buffer.split().freeze();
        if self.upload_id.is_none() {
            return self
                .client
                .put(&self.path, rest, &self.options)
                .await
                .map(drop);
        }
        if !rest.is_empty() {
            self.send_part(rest).await?;
        }
        self.flush().await?;
        let location = self.client.locate(&self.path)?;
        let query = self.upload_query("").unwrap_or_default();
        let body = Bytes::from(xml::complete_multipart(&self.etags));
        let call = Call {
            query: &query,
            body,
            ..Call::new("POST", &location)
        };
        let response = self.client.send(&self.path, call, &[200]).await?;
        let answer = collect(response.into_body()).await?;
        // The status is sent before the work is done: a failure arrives as a body.
        match xml::field(&answer, "Error", "Code") {
            Some(_) => Err(from_document(&answer, 200)),
            None => Ok(()),
        }
    }

    async fn settle_one(&mut self) -> Result<()> {
        let Some(joined) = self.parts.join_next().await else {
            return Ok(());
        };
        let (index, etag) = joined.map_err(|error| {
            Error::new(ErrorKind::Cancelled, "UnknownError", "a part's task ended")
                .with_source(error)
        })??;
        self.etags[index] = etag;
        Ok(())
    }

    async fn create(&mut self) -> Result<()> {
        let location = self.client.locate(&self.path)?;
        let headers = self.options.headers();
        let call = Call {
            query: "uploads=",
            headers,
            retry: false,
            ..Call::new("POST", &location)
        };
        let response = self.client.send(&self.path, call, &[200]).await?;
        let answer = collect(response.into_body()).await?;
        self.upload_id = xml::field(&answer, "InitiateMultipartUploadResult", "UploadId")
            .filter(|id| !id.is_empty() && id.len() <= 2000);
        if self.upload_id.is_none() {
            return Err(unknown("Failed to initiate multipart upload"));
        }
        Ok(())
    }

    async fn send_part(&mut self, body: Bytes) -> Result<()> {
        if self.upload_id.is_none() {
            self.create().await?;
        }
        if self.etags.len() >= 10_000 {
            return Err(unknown(
                "the object needs more than 10,000 parts; raise partSize",
            ));
        }
        while self.parts.len() >= self.queue_size {
            self.settle_one().await?;
        }
        let index = self.etags.len();
        self.etags.push(String::new());
        let query = self
            .upload_query(&format!("partNumber={}&", index + 1))
            .unwrap_or_default();
        let query = format!("{query}&x-id=UploadPart");
        let (client, path) = (self.client.clone(), self.path.clone());
        let task = async move {
            let location = client.locate(&path)?;
            let call = Call {
                query: &query,
                body,
                ..Call::new("PUT", &location)
            };
            let response = client.send(&path, call, &[200]).await?;
            let etag = header(response.headers(), "etag")
                .ok_or_else(|| unknown("the server stored a part without an ETag"))?;
            Ok((index, etag))
        };
        self.parts.spawn_on(task, runtime::shared().handle());
        Ok(())
    }
}

fn unknown(message: &'static str) -> Error {
    Error::new(ErrorKind::Server, "UnknownError", message)
}
