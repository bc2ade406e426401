//! The driver: signs, sends, tries again, and reads answers.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::Full;

use super::body::S3Body;
use super::config::{S3CredentialsWithOptions, S3Options};
use super::multipart::MultiPartUpload;
use super::op::delete::{self, S3DeleteResult};
use super::op::get::{self, ByteRange, S3StatResult};
use super::op::list::{self, S3ListObjectsOptions, S3ListObjectsResult};
use super::op::presign::PresignOptions;
use super::op::put::{self, PutOptions, S3UploadResult};
use super::op::{Request, Target, header_value, refused};
use super::retry;
use super::sign::{self, Signer, Timestamp, UNSIGNED_PAYLOAD};
use super::url::{Endpoint, Location, encode_path, infer_region, invalid_path};
use crate::error::{Error, ErrorKind, Result};
use crate::net::http::{HttpClient, Response};

/// Longest document (list, error, upload answer) that is read, in bytes.
pub(super) const MAX_DOCUMENT: usize = 64 * 1024 * 1024;
/// Longest session token, percent-encoded, in bytes.
const MAX_SESSION_TOKEN: usize = 2048;
const USER_AGENT: &str = concat!("s3-valkey/", env!("CARGO_PKG_VERSION"));

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
/// ```no_run
/// # async fn example() -> s3_valkey::Result<()> {
/// use s3_valkey::s3::{S3Client, S3Credentials, S3CredentialsWithOptions};
/// let client = S3Client::new(S3CredentialsWithOptions {
///     credentials: S3Credentials::from_env(|name| std::env::var(name).ok()),
///     ..S3CredentialsWithOptions::default()
/// });
/// client.put("hello.txt", "hello".into(), &Default::default()).await?;
/// assert_eq!(client.download("hello.txt", None).await?.body, b"hello");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct S3Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: S3CredentialsWithOptions,
    http: HttpClient,
    signer: Signer,
    /// Parsed once; the error of one that cannot be used is each call's error. None where the
    /// host depends on the bucket.
    endpoint: Option<Result<Endpoint>>,
}

impl S3Client {
    /// A client. Nothing is dialled or checked: what is missing is an error of each call.
    #[must_use]
    pub fn new(config: S3CredentialsWithOptions) -> Self {
        let http = HttpClient::new(config.options.tls.clone());
        Self::with_http(config, http)
    }

    /// A client that shares the connections of another.
    #[must_use]
    pub fn with_http(config: S3CredentialsWithOptions, http: HttpClient) -> Self {
        let credentials = &config.credentials;
        let region = if credentials.region.is_empty() {
            infer_region(credentials.endpoint.as_deref())
        } else {
            &credentials.region
        };
        let signer = Signer::new(
            credentials.access_key_id.clone(),
            credentials.secret_access_key.clone(),
            region.to_owned(),
        );
        let endpoint = match credentials.endpoint.as_deref() {
            Some(text) if !text.is_empty() => Some(Endpoint::parse(text)),
            _ if config.options.virtual_hosted_style => None,
            _ => Some(Endpoint::aws(region, None)),
        };
        Self {
            inner: Arc::new(Inner {
                config,
                http,
                signer,
                endpoint,
            }),
        }
    }

    /// The options that the client was made with.
    #[must_use]
    pub fn options(&self) -> &S3Options {
        &self.inner.config.options
    }

    /// The region that requests are signed for: as configured, else by the endpoint.
    #[must_use]
    pub fn region(&self) -> &str {
        self.inner.signer.region()
    }

    /// Opens an object, or a range of it, for reading piece by piece.
    pub async fn get(&self, path: &str, range: Option<ByteRange>) -> Result<S3Body> {
        if range.is_some_and(ByteRange::is_empty) {
            self.locate(path)?;
            return Ok(S3Body::empty());
        }
        let location = self.locate(path)?;
        let response = self
            .send(&get::request(
                &location,
                range,
                self.options().request_payer,
            ))
            .await?;
        Ok(S3Body::new(response))
    }

    /// Reads an object, or a range of it, into memory.
    pub async fn download(&self, path: &str, range: Option<ByteRange>) -> Result<S3DownloadResult> {
        let mut body = self.get(path, range).await?;
        Ok(S3DownloadResult {
            body: body.collect().await?,
            metadata: body.metadata,
        })
    }

    /// What the store says about an object. 404 is `NoSuchKey`.
    pub async fn stat(&self, path: &str) -> Result<S3StatResult> {
        let location = self.locate(path)?;
        let response = self
            .send(&get::head_request(&location, self.options().request_payer))
            .await?;
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

    /// Stores an object with one request.
    pub async fn put(
        &self,
        path: &str,
        body: Bytes,
        options: &PutOptions,
    ) -> Result<S3UploadResult> {
        let location = self.locate(path)?;
        let response = self.send(&put::request(&location, body, options)?).await?;
        Ok(S3UploadResult {
            etag: response.header("etag").unwrap_or_default().to_owned(),
        })
    }

    /// Deletes an object. Deleting what does not exist succeeds on most stores.
    pub async fn delete(&self, path: &str) -> Result<S3DeleteResult> {
        let location = self.locate(path)?;
        self.send(&delete::request(&location, self.options().request_payer))
            .await?;
        Ok(S3DeleteResult { success: true })
    }

    /// One page of the bucket's objects.
    pub async fn list_objects(
        &self,
        options: &S3ListObjectsOptions,
    ) -> Result<S3ListObjectsResult> {
        self.check_credentials()?;
        let bucket = self
            .inner
            .config
            .credentials
            .bucket
            .trim_matches(['/', '\\']);
        if bucket.is_empty() {
            return Err(invalid_path());
        }
        let mut response = self.send(&list::request(bucket, options)).await?;
        list::response(&response.collect(MAX_DOCUMENT).await?)
    }

    /// A URL by which anyone can do one thing with an object for a while.
    pub fn presign(&self, path: &str, options: &PresignOptions) -> Result<String> {
        self.presign_at(path, options, unix_now())
    }

    /// Like [`presign`](Self::presign), at a time in seconds since 1970.
    pub fn presign_at(&self, path: &str, options: &PresignOptions, time: u64) -> Result<String> {
        let location = self.locate(path)?;
        let (endpoint, path) = self.address(Target::Object(&location))?;
        let mut parameters = options.parameters()?;
        if let Some(token) = self.session_token()? {
            parameters.push(("X-Amz-Security-Token", token));
        }
        let request = sign::Request {
            method: options.method.as_str(),
            path: &path,
            query: "",
            headers: &[("host", &endpoint.authority)],
            payload: UNSIGNED_PAYLOAD,
        };
        let query = self.inner.signer.presigned_query(
            &request,
            &parameters,
            options.expires_in,
            Timestamp::from_unix(time),
        );
        let scheme = if endpoint.https { "https" } else { "http" };
        Ok(format!("{scheme}://{}{path}?{query}", endpoint.authority))
    }

    /// An upload of unknown length: one request while it is shorter than a part, else parts.
    #[must_use]
    pub fn multipart(&self, path: &str, options: PutOptions) -> MultiPartUpload {
        MultiPartUpload::new(self.clone(), path, options)
    }

    pub(super) fn locate(&self, path: &str) -> Result<Location> {
        self.check_credentials()?;
        Location::resolve(path, &self.inner.config.credentials.bucket)
    }

    fn check_credentials(&self) -> Result<()> {
        let credentials = &self.inner.config.credentials;
        if credentials.access_key_id.is_empty() || credentials.secret_access_key.is_empty() {
            return Err(Error::new(
                ErrorKind::Credentials,
                "ERR_S3_MISSING_CREDENTIALS",
                "Missing S3 credentials. 'accessKeyId', 'secretAccessKey', 'bucket', and 'endpoint' are required",
            ));
        }
        Ok(())
    }

    fn session_token(&self) -> Result<Option<&str>> {
        let token = self.inner.config.credentials.session_token.as_deref();
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        if super::url::encoded_bytes(token).count() > MAX_SESSION_TOKEN {
            return Err(Error::new(
                ErrorKind::InvalidInput,
                "ERR_S3_INVALID_SESSION_TOKEN",
                "Invalid session token",
            ));
        }
        Ok(Some(token))
    }

    /// The host and the encoded path of a request.
    fn address(&self, target: Target<'_>) -> Result<(Cow<'_, Endpoint>, String)> {
        let bucket = match target {
            Target::Object(location) => &location.bucket,
            Target::Bucket(bucket) => bucket,
        };
        let endpoint = match &self.inner.endpoint {
            Some(Ok(endpoint)) => Cow::Borrowed(endpoint),
            Some(Err(error)) => return Err(error.clone()),
            None => Cow::Owned(Endpoint::aws(self.inner.signer.region(), Some(bucket))?),
        };
        let mut path = String::with_capacity(128);
        path.push_str(&endpoint.prefix);
        if !self.options().virtual_hosted_style {
            path.push('/');
            encode_path(&mut path, bucket);
        }
        path.push('/');
        if let Target::Object(location) = target {
            encode_path(&mut path, &location.key);
        }
        Ok((endpoint, path))
    }

    /// Sends a request until it succeeds, is refused for good, or the attempts are spent.
    pub(super) async fn send(&self, request: &Request<'_>) -> Result<Response> {
        let mut attempt = 0;
        loop {
            let outcome = self.attempt(request).await;
            let (error, wait) = match outcome {
                Ok(response) => return Ok(response),
                Err(failed) => failed,
            };
            attempt += 1;
            if attempt > self.options().retry || !retry::is_retryable(&error) {
                return Err(error);
            }
            tokio::time::sleep(retry::delay(&error, attempt, wait, chance())).await;
        }
    }

    async fn attempt(&self, request: &Request<'_>) -> Result<Response, (Error, Option<Duration>)> {
        let signed = self
            .signed(request, Timestamp::from_unix(unix_now()))
            .map_err(|error| (error, None))?;
        let mut response = self
            .inner
            .http
            .send(signed)
            .await
            .map_err(|error| (error, None))?;
        if request.success.contains(&response.status) {
            return Ok(response);
        }
        let wait = response
            .header("retry-after")
            .and_then(|seconds| seconds.parse().ok())
            .map(Duration::from_secs);
        // A refusal whose reason is cut off is still a refusal.
        let body = response.collect(MAX_DOCUMENT).await.unwrap_or_default();
        let error = refused(
            request.method,
            request.target,
            response.status,
            &response.headers,
            &body,
        );
        Err((error, wait))
    }

    fn signed(
        &self,
        request: &Request<'_>,
        time: Timestamp,
    ) -> Result<hyper::Request<Full<Bytes>>> {
        let (endpoint, path) = self.address(request.target)?;
        let mut parameters: Vec<(&str, &str)> = request
            .query
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        sign::sort_parameters(&mut parameters);
        let query = sign::encoded_query(&parameters);

        let mut headers: Vec<(&str, Cow<'_, str>)> = vec![
            ("host", endpoint.authority.as_str().into()),
            ("x-amz-content-sha256", UNSIGNED_PAYLOAD.into()),
            ("x-amz-date", time.as_str().into()),
        ];
        for (name, value) in &request.headers {
            headers.push((name, sign::trim_all(&header_value(value)?).into()));
        }
        if let Some(token) = self.session_token()? {
            headers.push(("x-amz-security-token", header_value(token)?));
        }
        headers.sort_unstable_by_key(|(name, _)| *name);
        let signed: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        let authorization = self.inner.signer.authorization(
            &sign::Request {
                method: request.method,
                path: &path,
                query: &query,
                headers: &signed,
                payload: UNSIGNED_PAYLOAD,
            },
            time,
        );

        let scheme = if endpoint.https { "https" } else { "http" };
        let mark = if query.is_empty() { "" } else { "?" };
        let mut builder = hyper::Request::builder()
            .method(request.method)
            .uri(format!(
                "{scheme}://{}{path}{mark}{query}",
                endpoint.authority
            ))
            .header("authorization", authorization)
            .header("user-agent", USER_AGENT);
        for (name, value) in signed {
            builder = builder.header(name, value);
        }
        // Stores want a length even where there is no body.
        if matches!(request.method, "PUT" | "POST" | "DELETE") {
            builder = builder.header("content-length", request.body.len());
        }
        builder
            .body(Full::new(request.body.clone()))
            .map_err(|source| {
                Error::new(
                    ErrorKind::InvalidInput,
                    "ERR_INVALID_URL",
                    "the request cannot be made",
                )
                .with_source(source)
            })
    }
}

fn unix_now() -> u64 {
    // A clock before 1970 is refused by the store.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A number in 0..1; each `RandomState` has keys of its own.
fn chance() -> f64 {
    let number = RandomState::new().hash_one(0u8) >> 32;
    f64::from(u32::try_from(number).unwrap_or_default()) / f64::from(u32::MAX)
}
