//! The parts of an upload: sent several at once, each by a task of the runtime.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;

use super::{MultiPartUpload, Upload};
use crate::error::{Error, ErrorKind, Result};
use crate::net::runtime;
use crate::s3::lender::Reading;
use crate::s3::op::multipart::{self, MAX_PARTS, Part};

impl MultiPartUpload {
    pub(super) async fn send_part(&mut self, body: Vec<Bytes>) -> Result<()> {
        if self.next_part > MAX_PARTS {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_S3_TOO_MANY_PARTS",
                "the upload has more than 10,000 parts: choose a larger partSize",
            ));
        }
        let upload = self.begin().await?;
        self.drain(self.queue_size - 1).await?;
        let (client, number) = (self.client.clone(), self.next_part);
        let (payer, algorithm) = (self.options.request_payer, self.options.checksum);
        let (sent, given_up) = (Arc::<AtomicBool>::default(), Arc::clone(&self.given_up));
        let straggler = Arc::clone(&sent);
        self.next_part += 1;
        let work = async move {
            let lender = client.lender.as_deref();
            let mut reading = Reading::begin(lender)?;
            // The part is all here, so that its sum can go ahead of it: no trailer is needed,
            // which many stores refuse.
            let checksum = algorithm.map(|algorithm| algorithm.of(&body));
            let sum = algorithm.zip(checksum.as_ref());
            let request = multipart::part(&upload.location, &upload.id, number, body, sum, payer);
            let sending = (client.transport).send_part(&request, &sent, &given_up, lender);
            let response = reading.run(pin!(client.limited(sending))).await?;
            match response.header("etag") {
                Some(etag) => Ok(Part {
                    number,
                    etag: etag.to_owned(),
                    checksum,
                }),
                None => Err(Error::new(
                    ErrorKind::Protocol,
                    "UnknownError",
                    "the store answered a part without an ETag",
                )),
            }
        };
        let task = self.in_flight.spawn_on(work, runtime::shared().handle());
        self.stragglers.retain(|(task, _)| !task.is_finished());
        self.stragglers.push((task, straggler));
        Ok(())
    }

    /// Whether what was sent is what was written.
    pub(super) async fn check_lender(&self) -> Result<()> {
        match &self.client.lender {
            Some(lender) => lender.check().await,
            None => Ok(()),
        }
    }

    async fn begin(&mut self) -> Result<Upload> {
        if let Some(upload) = &self.upload {
            return Ok(upload.clone());
        }
        let location = self.client.locate(&self.path)?;
        let request = multipart::create(&location, &self.options)?;
        let document = self.client.transport.send_for_document(&request).await?;
        let id = multipart::upload_id(&document)?;
        let upload = Upload { location, id };
        self.upload = Some(upload.clone());
        Ok(upload)
    }

    /// Waits until at most `left` parts are in flight.
    pub(super) async fn drain(&mut self, left: usize) -> Result<()> {
        while self.in_flight.len() > left {
            match self.in_flight.join_next().await {
                Some(Ok(part)) => self.parts.push(part?),
                Some(Err(source)) => {
                    return Err(Error::new(
                        ErrorKind::Cancelled,
                        "ERR_S3_PART_CANCELLED",
                        "a part was cancelled",
                    )
                    .with_source(source));
                }
                None => break,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::{MultiPartUploadOptions, S3Client, S3CredentialsWithOptions};

    #[tokio::test]
    async fn there_is_no_part_behind_the_last_number() {
        let client = S3Client::new(S3CredentialsWithOptions::default());
        let options = MultiPartUploadOptions {
            part_size: Some(1),
            ..MultiPartUploadOptions::default()
        };
        let mut upload = MultiPartUpload::new(client, "b/key", options);
        upload.next_part = MAX_PARTS + 1;
        for _ in 0..2 {
            let error = upload.write(vec![0].into()).await.err();
            let code = error.as_ref().map(Error::code);
            assert_eq!(code, Some("ERR_S3_TOO_MANY_PARTS"));
        }
    }
}
