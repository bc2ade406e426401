//! An object as a file.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::body::S3Body;
use super::client::{S3Client, S3DownloadResult};
use super::config::{S3Credentials, S3CredentialsWithOptions};
use super::op::delete::S3DeleteResult;
use super::op::get::{ByteRange, S3StatResult};
use super::op::list::{S3ListObjectsOptions, S3ListObjectsResult};
use super::op::put::PutOptions;
use crate::error::{Error, ErrorKind, Result};

/// An object of a store, or a range of one; nothing is requested until it is used.
///
/// ```no_run
/// # async fn example(client: s3_valkey::s3::S3Client) -> s3_valkey::Result<()> {
/// use s3_valkey::s3::S3File;
/// let file = S3File::new(client, "settings.json");
/// file.write(br#"{"theme":"dark"}"#).await?;
/// let settings: std::collections::HashMap<String, String> = file.json().await?;
/// assert_eq!(settings["theme"], "dark");
/// # Ok(()) }
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
        let bytes = self.array_buffer().await?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// The content, decoded from JSON.
    pub async fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.array_buffer().await?).map_err(|source| {
            Error::new(
                ErrorKind::Protocol,
                "ERR_S3_INVALID_JSON",
                "the object is not valid JSON",
            )
            .with_source(source)
        })
    }

    /// The content.
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
            storage_class: options.storage_class,
            request_payer: options.request_payer,
        }
    }
}

/// The operations as the specification names them, for one call each. An [`S3Client`] keeps its
/// connections between calls.
impl S3Credentials {
    /// A client with these credentials and the default options.
    #[must_use]
    pub fn client(&self) -> S3Client {
        S3Client::new(S3CredentialsWithOptions {
            credentials: self.clone(),
            ..S3CredentialsWithOptions::default()
        })
    }

    /// See [`S3Client::stat`].
    pub async fn stat(&self, path: &str) -> Result<S3StatResult> {
        self.client().stat(path).await
    }

    /// See [`S3Client::download`].
    pub async fn download(&self, path: &str) -> Result<S3DownloadResult> {
        self.client().download(path, None).await
    }

    /// `size` bytes from `offset`, or all from there.
    pub async fn download_slice(
        &self,
        path: &str,
        offset: u64,
        size: Option<u64>,
    ) -> Result<S3DownloadResult> {
        let range = match size {
            None => ByteRange::From(offset),
            Some(size) => ByteRange::Bounded {
                start: offset,
                end_exclusive: offset.saturating_add(size),
            },
        };
        self.client().download(path, Some(range)).await
    }

    /// See [`S3Client::delete`].
    pub async fn delete(&self, path: &str) -> Result<S3DeleteResult> {
        self.client().delete(path).await
    }

    /// See [`S3Client::list_objects`].
    pub async fn list_objects(
        &self,
        options: &S3ListObjectsOptions,
    ) -> Result<S3ListObjectsResult> {
        self.client().list_objects(options).await
    }
}
