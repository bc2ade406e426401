//! The client: one method for each operation.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use bytes::BytesMut;

use super::body::S3Body;
use super::config::{S3Credentials, S3CredentialsWithOptions, S3Options};
use super::lender::Lender;
use super::multipart::{MultiPartUpload, MultiPartUploadOptions};
use super::op::delete::{self, S3DeleteResult};
use super::op::get::{self, ByteRange, S3StatResult};
use super::op::list::{self, S3ListObjectsOptions, S3ListObjectsResult};
use super::op::versions::{self, S3ListVersionsOptions, S3ListVersionsResult};
use super::place::region;
use super::transport::Transport;
use super::url::{Location, invalid_path};
use crate::error::{Error, ErrorKind, Result};
use crate::net::http::LONG;
use crate::net::runtime;

mod presign;
mod put;

/// An object that was downloaded whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3DownloadResult {
    /// The bytes as they are stored.
    pub body: Vec<u8>,
    /// What the store says about them.
    pub metadata: S3StatResult,
}

/// An S3 client. Clones share credentials and connections.
///
/// ```
/// # mod support { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/s3_doc.rs")); }
/// # support::run(async |client| {
/// # let given = client.credentials().clone();
/// use s3_valkey::s3::{PutOptions, S3Client, S3Credentials, S3CredentialsWithOptions};
/// let credentials = S3Credentials::from_env(|name| std::env::var(name).ok());
/// # let credentials = given;
/// let client = S3Client::new(S3CredentialsWithOptions {
///     credentials,
///     ..S3CredentialsWithOptions::default()
/// });
/// client.put("hello.txt", "hello".into(), &PutOptions::default()).await?;
/// assert_eq!(client.download("hello.txt", None).await?.body, b"hello");
/// # Ok(()) });
/// ```
#[derive(Clone)]
pub struct S3Client {
    pub(super) transport: Arc<Transport>,
    /// Which version of objects is meant, if not the current one.
    version: Option<Arc<str>>,
    /// Who can take back what is uploaded.
    pub(super) lender: Option<Arc<dyn Lender>>,
}

async fn collect(mut body: S3Body) -> Result<(BytesMut, S3StatResult)> {
    let bytes = body.collect_bytes().await?;
    Ok((bytes, body.metadata))
}

impl S3Client {
    /// A client. Nothing is dialled or checked: what is missing is an error of each call.
    #[must_use]
    pub fn new(config: S3CredentialsWithOptions) -> Self {
        Self {
            transport: Arc::new(Transport::new(config)),
            version: None,
            lender: None,
        }
    }

    /// The same client for one version of an object, in a bucket that keeps versions: what is read,
    /// looked at, deleted, presigned or copied from is that version. Writing makes a new one.
    ///
    /// ```no_run
    /// # async fn example(client: s3_valkey::s3::S3Client) -> s3_valkey::Result<()> {
    /// use s3_valkey::s3::S3ListVersionsOptions;
    /// let all = client.list_versions(&S3ListVersionsOptions::default()).await?;
    /// for version in all.versions {
    ///     let id = version.version_id.unwrap_or_default();
    ///     println!("{} {}", version.key, client.at_version(&id).stat(&version.key).await?.size);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn at_version(&self, id: &str) -> Self {
        Self {
            version: Some(id.into()),
            ..self.clone()
        }
    }

    /// The same client for one upload, whose memory can be taken back meanwhile.
    #[cfg(feature = "js")]
    pub(crate) fn lent_by(&self, lender: &(impl Lender + Clone + 'static)) -> Self {
        Self {
            lender: Some(Arc::new(lender.clone())),
            ..self.clone()
        }
    }

    /// Which version is meant, if not the current one.
    pub(super) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The options that the client was made with.
    #[must_use]
    pub fn options(&self) -> &S3Options {
        &self.transport.config.options
    }

    /// The region that requests are signed for: as configured, else by the endpoint.
    #[must_use]
    pub fn region(&self) -> Cow<'_, str> {
        region(&self.transport.config)
    }

    /// The credentials that the client was made with.
    #[must_use]
    pub fn credentials(&self) -> &S3Credentials {
        &self.transport.config.credentials
    }

    /// Opens an object, or a range of it, for reading piece by piece.
    pub async fn get(&self, path: &str, range: Option<ByteRange>) -> Result<S3Body> {
        self.limited(self.open(path, range)).await
    }

    async fn open(&self, path: &str, range: Option<ByteRange>) -> Result<S3Body> {
        let location = self.locate(path)?;
        if range.is_some_and(ByteRange::is_empty) {
            return Ok(S3Body::empty());
        }
        S3Body::open(self.clone(), location, range).await
    }

    /// Reads an object, or a range of it, into memory.
    pub async fn download(&self, path: &str, range: Option<ByteRange>) -> Result<S3DownloadResult> {
        let (body, metadata) = self.download_into(path, range).await?;
        Ok(S3DownloadResult {
            body: body.into(),
            metadata,
        })
    }

    /// [`download`](Self::download) without a last copy.
    pub(crate) async fn download_into(
        &self,
        path: &str,
        range: Option<ByteRange>,
    ) -> Result<(BytesMut, S3StatResult)> {
        self.limited(async {
            let body = self.open(path, range).await?;
            match body.left() {
                Some(left) if left >= LONG => runtime::away_from_reactor(collect(body)).await,
                _ => collect(body).await,
            }
        })
        .await
    }

    /// What the store says about an object. 404 is `NoSuchKey`.
    pub async fn stat(&self, path: &str) -> Result<S3StatResult> {
        let location = self.locate(path)?;
        let mut request = get::head_request(&location, self.options().request_payer);
        request.version(self.version());
        let response = self.limited(self.transport.send(&request)).await?;
        Ok(S3StatResult::from_headers(&response.headers))
    }

    /// Whether an object exists. Any answer but success and 404 is an error.
    pub async fn exists(&self, path: &str) -> Result<bool> {
        match self.stat(path).await {
            Ok(_) => Ok(true),
            Err(error) if error.details().status == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes an object. Deleting what does not exist succeeds on most stores.
    pub async fn delete(&self, path: &str) -> Result<S3DeleteResult> {
        let location = self.locate(path)?;
        let mut request = delete::request(&location, self.options().request_payer);
        request.version(self.version());
        self.limited(self.transport.send(&request)).await?;
        Ok(S3DeleteResult { success: true })
    }

    /// One page of the bucket's objects.
    pub async fn list_objects(
        &self,
        options: &S3ListObjectsOptions,
    ) -> Result<S3ListObjectsResult> {
        list::response(&self.list_document(options).await?)
    }

    /// [`list_objects`](Self::list_objects), as the store sends it.
    pub(crate) async fn list_document(&self, options: &S3ListObjectsOptions) -> Result<BytesMut> {
        let bucket = self.bucket()?;
        let request = list::request(&bucket, options);
        self.limited(self.transport.send_for_document(&request))
            .await
    }

    /// One page of all versions of the bucket's objects, and of the marks that deletions left.
    pub async fn list_versions(
        &self,
        options: &S3ListVersionsOptions,
    ) -> Result<S3ListVersionsResult> {
        let bucket = self.bucket()?;
        let request = versions::request(&bucket, options);
        let document = self
            .limited(self.transport.send_for_document(&request))
            .await?;
        versions::response(&document)
    }

    /// The bucket of requests that are about no object.
    fn bucket(&self) -> Result<String> {
        self.transport.check_credentials()?;
        let bucket = &self.transport.config.credentials.bucket;
        let bucket = bucket.trim_matches(['/', '\\']).replace('\\', "/");
        if bucket.is_empty() && !self.options().virtual_hosted_style {
            return Err(invalid_path());
        }
        Ok(bucket)
    }

    /// An upload of unknown length: one request while it is shorter than a part, else parts.
    #[must_use]
    pub fn multipart(
        &self,
        path: &str,
        options: impl Into<MultiPartUploadOptions>,
    ) -> MultiPartUpload {
        MultiPartUpload::new(self.clone(), path, options.into())
    }

    /// Whether requests are not encrypted, as far as it is known before they are made.
    #[cfg(all(feature = "js", unix))]
    pub(crate) fn is_plain(&self) -> bool {
        self.transport.places.are_plain()
    }

    pub(super) fn locate(&self, path: &str) -> Result<Location> {
        self.transport.check_credentials()?;
        let bucket = &self.transport.config.credentials.bucket;
        if bucket.is_empty() && self.options().virtual_hosted_style {
            return Location::in_host(path);
        }
        Location::resolve(path, bucket)
    }

    /// Runs work within the time that a whole call may take.
    pub(super) fn limited<'a, T: 'a>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'a,
    ) -> impl Future<Output = Result<T>> + Send + 'a {
        // What sends a request is large: here it is moved for the last time.
        let work = Box::pin(work);
        let limit = self.options().timeout;
        async move {
            match limit {
                None => work.await,
                Some(limit) => tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
                    let message = "the call took too long (timeout)";
                    Err(Error::new(ErrorKind::Timeout, "Timeout", message))
                }),
            }
        }
    }
}
