//! Copies within a store: no byte of the object passes through here.

use super::client::S3Client;
use super::op::copy::{self, CopySource};
use super::op::multipart;
use super::op::put::PutOptions;
use super::url::Location;
use crate::error::Result;

/// Objects up to this length are copied by one request, in bytes. Stores allow 5 GiB, but many
/// answer only when they are done, and that must not take longer than an answer may.
const MAX_WHOLE: u64 = 1024 * 1024 * 1024;
/// Bytes of a copied part; the largest object, 5 TiB, has half the parts that may be.
const PART: u64 = MAX_WHOLE;

impl S3Client {
    /// Copies an object that `from` can read to `path`, without its bytes coming here; both must be
    /// of one store. Returns the length in bytes. Headers and rights are those of `options`, none
    /// are taken from the source.
    ///
    /// ```no_run
    /// # async fn example(client: s3_valkey::s3::S3Client) -> s3_valkey::Result<()> {
    /// let length = client.copy(&client, "photo.jpg", "backup/photo.jpg", &Default::default()).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// Fails with `PreconditionFailed` if the object is overwritten meanwhile, and with
    /// `NotImplemented` on a store that cannot copy.
    pub async fn copy(
        &self,
        from: &Self,
        source: &str,
        path: &str,
        options: &PutOptions,
    ) -> Result<u64> {
        let location = self.locate(path)?;
        let source_location = from.locate(source)?;
        let found = from.stat(source).await?;
        let source = CopySource::new(&source_location, from.version(), &found.condition());
        if found.size > MAX_WHOLE {
            self.copy_parts(&location, &source, found.size, options)
                .await?;
        } else {
            let request = copy::request(&location, &source, options)?;
            self.limited(self.transport.send_for_document(&request))
                .await?;
        }
        Ok(found.size)
    }

    async fn copy_parts(
        &self,
        location: &Location,
        source: &CopySource,
        length: u64,
        options: &PutOptions,
    ) -> Result<()> {
        // The sums of parts that the store copies are not known here.
        let options = &PutOptions {
            checksum: None,
            ..options.clone()
        };
        let request = multipart::create(location, options)?;
        let id = multipart::upload_id(&self.transport.send_for_document(&request).await?)?;
        let outcome = self.fill(location, &id, source, length, options).await;
        if outcome.is_err() {
            let request = multipart::abort(location, &id, options.request_payer);
            // What went wrong first is what is told.
            let _ = self.transport.send(&request).await;
        }
        outcome
    }

    async fn fill(
        &self,
        location: &Location,
        id: &str,
        source: &CopySource,
        length: u64,
        options: &PutOptions,
    ) -> Result<()> {
        let payer = options.request_payer;
        let mut parts = Vec::new();
        let mut start = 0;
        for number in 1.. {
            let end = length.min(start + PART);
            let request = copy::part(location, id, number, source, (start, end), payer)?;
            let answer = self
                .limited(self.transport.send_for_document(&request))
                .await?;
            parts.push(multipart::Part::new(number, copy::part_etag(&answer)?));
            if end == length {
                break;
            }
            start = end;
        }
        let request = multipart::complete(location, id, &parts, None, payer);
        self.transport.send_for_document(&request).await?;
        Ok(())
    }
}
