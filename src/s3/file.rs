//! An object as a file.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::body::S3Body;
use super::client::S3Client;
use super::multipart::MultiPartUpload;
use super::op::get::{ByteRange, S3StatResult};
use super::op::presign::PresignOptions;
use super::op::put::PutOptions;
use crate::error::{Error, ErrorKind, Result};

/// An object of a store, or a range of one; nothing is requested until it is used.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/s3_doc.rs")); }
/// # support::run(async |client| {
/// use s3_valkey::s3::S3File;
/// let file = S3File::new(client, "settings.json");
/// file.write(br#"{"theme":"dark"}"#).await?;
/// let settings: std::collections::HashMap<String, String> = file.json().await?;
/// assert_eq!(settings["theme"], "dark");
/// assert_eq!(file.slice(2, 7).text().await?, "theme");
/// file.delete().await?;
/// assert!(!file.exists().await?);
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct S3File {
    client: S3Client,
    key: String,
    range: Option<ByteRange>,
}

impl S3File {
    /// A reference to an object.
    #[must_use]
    pub fn new(client: S3Client, key: impl Into<String>) -> Self {
        Self {
            client,
            key: key.into(),
            range: None,
        }
    }

    /// The bytes from `start` up to, not including, `end`.
    #[must_use]
    pub fn slice(&self, start: u64, end: u64) -> Self {
        Self {
            range: Some(ByteRange::Bounded {
                start,
                end_exclusive: end,
            }),
            ..self.clone()
        }
    }

    /// The content as text; invalid UTF-8 is replaced.
    pub async fn text(&self) -> Result<String> {
        let bytes = self.bytes().await?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// The content, decoded from JSON.
    pub async fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.bytes().await?).map_err(|source| {
            Error::new(
                ErrorKind::Protocol,
                "ERR_S3_INVALID_JSON",
                "the object is not valid JSON",
            )
            .with_source(source)
        })
    }

    /// The content.
    pub async fn bytes(&self) -> Result<Vec<u8>> {
        self.array_buffer().await
    }

    /// The content, by the name that JavaScript has for it.
    pub async fn array_buffer(&self) -> Result<Vec<u8>> {
        Ok(self.client.download(&self.key, self.range).await?.body)
    }

    /// The content, piece by piece.
    pub async fn stream(&self) -> Result<S3Body> {
        self.client.get(&self.key, self.range).await
    }

    /// Replaces the whole object.
    pub async fn write(&self, data: &[u8]) -> Result<()> {
        let options = PutOptions::from(self.client.options());
        self.client
            .put(&self.key, Bytes::copy_from_slice(data), &options)
            .await
            .map(drop)
    }

    /// Replaces the object piece by piece.
    #[must_use]
    pub fn writer(&self) -> MultiPartUpload {
        let options = PutOptions::from(self.client.options());
        self.client.multipart(&self.key, options)
    }

    /// A URL by which anyone can do one thing with the object for a while.
    pub fn presign(&self, options: &PresignOptions) -> Result<String> {
        self.client.presign(&self.key, options)
    }

    /// Whether the object exists.
    pub async fn exists(&self) -> Result<bool> {
        self.client.exists(&self.key).await
    }

    /// What the store says about the object.
    pub async fn stat(&self) -> Result<S3StatResult> {
        self.client.stat(&self.key).await
    }

    /// Deletes the object.
    pub async fn delete(&self) -> Result<()> {
        self.client.delete(&self.key).await.map(drop)
    }
}

impl From<&super::config::S3Options> for PutOptions {
    fn from(options: &super::config::S3Options) -> Self {
        Self {
            content_type: options.content_type.clone(),
            content_disposition: options.content_disposition.clone(),
            content_encoding: options.content_encoding.clone(),
            acl: options.acl,
            metadata: options.metadata.clone(),
            checksum: options.checksum,
            storage_class: options.storage_class,
            request_payer: options.request_payer,
        }
    }
}
