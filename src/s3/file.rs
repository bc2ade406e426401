//! One object as a file.

use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::{ByteRange, PresignOptions, PutOptions, S3Body, S3Client, S3StatResult};
use crate::error::{Error, ErrorKind, Result};

/// An object, or a range of one, that is read and written like a file. Each read is a new GET.
#[derive(Clone)]
pub struct S3File {
    client: S3Client,
    path: String,
    range: Option<ByteRange>,
}

impl S3File {
    /// The object at `path`; no request is made.
    #[must_use]
    pub fn new(client: S3Client, path: impl Into<String>) -> Self {
        Self {
            client,
            path: path.into(),
            range: None,
        }
    }

    /// The same object, read only in `range`, which replaces an earlier one.
    #[must_use]
    pub fn slice(&self, range: ByteRange) -> Self {
        Self {
            range: Some(range),
            ..self.clone()
        }
    }

    /// The bytes as stored.
    pub async fn bytes(&self) -> Result<Vec<u8>> {
        Ok(self.client.download(&self.path, self.range).await?.body)
    }

    /// The bytes as UTF-8; what is not UTF-8 becomes U+FFFD.
    pub async fn text(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&self.bytes().await?).into_owned())
    }

    /// The object read as JSON.
    pub async fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.bytes().await?).map_err(|error| {
            // The parser's text may quote the stored value, so it stays out of the message.
            Error::new(
                ErrorKind::InvalidInput,
                "SyntaxError",
                format!("invalid JSON at line {}", error.line()),
            )
        })
    }

    /// The object as a stream.
    pub async fn stream(&self) -> Result<S3Body> {
        self.client.get(&self.path, self.range).await
    }

    /// Replaces the whole object.
    pub async fn write(&self, data: impl Into<Bytes>) -> Result<()> {
        let options = PutOptions::default();
        self.client.put(&self.path, data.into(), &options).await?;
        Ok(())
    }

    /// Whether the object exists.
    pub async fn exists(&self) -> Result<bool> {
        self.client.exists(&self.path).await
    }

    /// Metadata of the whole object.
    pub async fn stat(&self) -> Result<S3StatResult> {
        self.client.stat(&self.path).await
    }

    /// Deletes the object.
    pub async fn delete(&self) -> Result<()> {
        self.client.delete(&self.path).await.map(drop)
    }

    /// A signed address of the whole object.
    pub fn presign(&self, options: &PresignOptions) -> Result<String> {
        self.client.presign(&self.path, options)
    }
}
