//! Storing whole objects.

use std::pin::pin;

use bytes::Bytes;

use super::S3Client;
use crate::error::Result;
use crate::s3::config::MAX_PART_SIZE;
use crate::s3::lender::Reading;
use crate::s3::multipart::MultiPartUploadOptions;
use crate::s3::op::put::{self, PutOptions, S3UploadResult};

impl S3Client {
    /// Stores an object with one request; with parts if it is longer than one may be, 5 GiB.
    pub async fn put(
        &self,
        path: &str,
        body: Bytes,
        options: &PutOptions,
    ) -> Result<S3UploadResult> {
        if body.len() as u64 > MAX_PART_SIZE {
            // Rare, and large: it must not make every call so.
            return Box::pin(self.put_in_parts(path, body, options)).await;
        }
        self.put_pieces(path, vec![body], options).await
    }

    async fn put_in_parts(
        &self,
        path: &str,
        body: Bytes,
        options: &PutOptions,
    ) -> Result<S3UploadResult> {
        let options = MultiPartUploadOptions {
            length: Some(body.len() as u64),
            ..options.clone().into()
        };
        let mut upload = self.multipart(path, options);
        upload.write(body).await?;
        upload.finish_with_result().await
    }

    pub(in crate::s3) async fn put_pieces(
        &self,
        path: &str,
        body: Vec<Bytes>,
        options: &PutOptions,
    ) -> Result<S3UploadResult> {
        let lender = self.lender.as_deref();
        let mut reading = Reading::begin(lender)?;
        let location = self.locate(path)?;
        let request = put::request(&location, body, options)?;
        let sending = pin!(self.limited(self.transport.send_lent(&request, lender)));
        let response = reading.run(sending).await?;
        Ok(S3UploadResult {
            etag: response.header("etag").unwrap_or_default().to_owned(),
        })
    }
}
