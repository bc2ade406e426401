//! Single calls with nothing but credentials.

use super::client::{S3Client, S3DownloadResult};
use super::config::{S3Credentials, S3CredentialsWithOptions, S3Options};
use super::op::delete::S3DeleteResult;
use super::op::get::{ByteRange, S3StatResult};
use super::op::list::{S3ListObjectsOptions, S3ListObjectsResult};
use crate::error::Result;
use crate::net::http::ProxySettings;

/// How one call is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// `http://user:password@host:port` or `https://…` of a proxy. Default none.
    pub proxy_url: Option<String>,
    /// The caller pays instead of the bucket's owner. Default false.
    pub request_payer: bool,
}

/// Calls for once. They share connections with all others, but what an [`S3Client`] learns about
/// its store is forgotten after each.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/s3_doc.rs")); }
/// # support::run(async |client| {
/// # client.put("hello.txt", "Hello, world".into(), &Default::default()).await?;
/// # let credentials = client.credentials();
/// use s3_valkey::s3::{CallOptions, S3ListObjectsOptions};
/// let once = CallOptions::default();
/// assert_eq!(credentials.stat("hello.txt", &once).await?.size, 12);
/// assert_eq!(credentials.download("hello.txt", &once).await?.body, b"Hello, world");
/// let slice = credentials.download_slice("hello.txt", 7, Some(5), &once).await?;
/// assert_eq!(slice.body, b"world");
/// let all = S3ListObjectsOptions::default();
/// assert_eq!(credentials.list_objects(&all, &once).await?.contents[0].key, "hello.txt");
/// assert!(credentials.delete("hello.txt", &once).await?.success);
/// # Ok(()) });
/// ```
impl S3Credentials {
    /// A client with these credentials. Fails when the proxy is not a URL.
    pub fn client(&self, options: &CallOptions) -> Result<S3Client> {
        let proxy = match &options.proxy_url {
            Some(url) => ProxySettings::all(url)?,
            None => ProxySettings::default(),
        };
        Ok(S3Client::new(S3CredentialsWithOptions {
            credentials: self.clone(),
            options: S3Options {
                request_payer: options.request_payer,
                proxy,
                ..S3Options::default()
            },
        }))
    }

    /// See [`S3Client::stat`].
    pub async fn stat(&self, path: &str, options: &CallOptions) -> Result<S3StatResult> {
        self.client(options)?.stat(path).await
    }

    /// See [`S3Client::download`].
    pub async fn download(&self, path: &str, options: &CallOptions) -> Result<S3DownloadResult> {
        self.client(options)?.download(path, None).await
    }

    /// `size` bytes from `offset`, or all from there.
    pub async fn download_slice(
        &self,
        path: &str,
        offset: u64,
        size: Option<u64>,
        options: &CallOptions,
    ) -> Result<S3DownloadResult> {
        let range = match size {
            None => ByteRange::From(offset),
            Some(size) => ByteRange::Bounded {
                start: offset,
                end_exclusive: offset.saturating_add(size),
            },
        };
        self.client(options)?.download(path, Some(range)).await
    }

    /// See [`S3Client::delete`].
    pub async fn delete(&self, path: &str, options: &CallOptions) -> Result<S3DeleteResult> {
        self.client(options)?.delete(path).await
    }

    /// See [`S3Client::list_objects`].
    pub async fn list_objects(
        &self,
        list: &S3ListObjectsOptions,
        options: &CallOptions,
    ) -> Result<S3ListObjectsResult> {
        let list = S3ListObjectsOptions {
            request_payer: list.request_payer || options.request_payer,
            ..list.clone()
        };
        self.client(options)?.list_objects(&list).await
    }
}
