//! The driver: signs, sends, retries and reads.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, Response};

use super::list::{S3ListObjectsOptions, S3ListObjectsResult};
use super::multipart::MultiPartUpload;
use super::sign::{Signer, UNSIGNED_PAYLOAD, amz_date};
use super::types::{
    ByteRange, PresignOptions, PutOptions, S3Body, S3DeleteResult, S3DownloadResult, S3StatResult,
    S3UploadResult,
};
use super::url::{Endpoint, Location, encode_into};
use super::{S3CredentialsWithOptions, retry, xml};
use crate::error::{Details, Error, ErrorKind, Result};
use crate::net::http::HttpClient;

const MAX_DOCUMENT: usize = 16 * 1024 * 1024;

/// An S3 client. Cloning is cheap and shares the connections.
#[derive(Clone)]
pub struct S3Client(Arc<Inner>);

struct Inner {
    config: S3CredentialsWithOptions,
    endpoint: Result<Endpoint>,
    signer: Signer,
    http: HttpClient,
}

pub(crate) struct Call<'a> {
    pub method: &'static str,
    pub location: &'a Location,
    pub query: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
    pub retry: bool,
}

impl S3Client {
    /// A client; bad settings surface at the first call.
    #[must_use]
    pub fn new(config: S3CredentialsWithOptions) -> Self {
        let credentials = &config.credentials;
        let endpoint = Endpoint::new(credentials, config.options.virtual_hosted_style);
        let region = endpoint.as_ref().map_or("", |endpoint| &endpoint.region);
        let signer = Signer::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            region,
        );
        let http = HttpClient::new(config.options.tls.clone());
        Self(Arc::new(Inner {
            config,
            endpoint,
            signer,
            http,
        }))
    }

    /// Opens an object for reading. An empty `range` is an error of the caller.
    pub async fn get(&self, path: &str, range: Option<ByteRange>) -> Result<S3Body> {
        let location = self.locate(path)?;
        let headers = range
            .map(|range| ("range", range.header()))
            .into_iter()
            .collect();
        let response = self
            .send(
                path,
                Call {
                    headers,
                    ..Call::new("GET", &location)
                },
                &[200, 204, 206],
            )
            .await?;
        let metadata = S3StatResult::read(response.headers());
        let length = response
            .headers()
            .contains_key("content-length")
            .then_some(metadata.size);
        Ok(S3Body::new(metadata, length, response.into_body()))
    }

    /// Reads an object into one buffer. An empty range makes no request.
    pub async fn download(&self, path: &str, range: Option<ByteRange>) -> Result<S3DownloadResult> {
        if range.is_some_and(ByteRange::is_empty) {
            return Ok(S3DownloadResult::default());
        }
        let mut stream = self.get(path, range).await?;
        // The announced length is the peer's word: past 1 GiB the buffer grows as bytes arrive.
        let announced = stream.metadata.size.min(1 << 30);
        let mut body = Vec::with_capacity(usize::try_from(announced).unwrap_or_default());
        while let Some(chunk) = stream.next_chunk().await {
            body.extend_from_slice(&chunk?);
        }
        Ok(S3DownloadResult {
            body,
            metadata: stream.metadata.clone(),
        })
    }

    /// Asks for an object's metadata (HEAD).
    pub async fn stat(&self, path: &str) -> Result<S3StatResult> {
        let location = self.locate(path)?;
        let response = self
            .send(path, Call::new("HEAD", &location), &[200])
            .await?;
        Ok(S3StatResult::read(response.headers()))
    }

    /// Whether the object exists: `false` on 404; any other failure is an error.
    pub async fn exists(&self, path: &str) -> Result<bool> {
        match self.stat(path).await {
            Ok(_) => Ok(true),
            Err(error) if error.details().status == Some(404) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Stores `body` with one PUT.
    pub async fn put(
        &self,
        path: &str,
        body: Bytes,
        options: &PutOptions,
    ) -> Result<S3UploadResult> {
        let location = self.locate(path)?;
        let call = Call {
            headers: options.headers(),
            body,
            ..Call::new("PUT", &location)
        };
        let response = self.send(path, call, &[200]).await?;
        Ok(S3UploadResult {
            etag: S3StatResult::read(response.headers()).etag,
        })
    }

    /// Deletes an object.
    pub async fn delete(&self, path: &str) -> Result<S3DeleteResult> {
        let location = self.locate(path)?;
        self.send(path, Call::new("DELETE", &location), &[200, 204])
            .await?;
        Ok(S3DeleteResult { success: true })
    }

    /// One page of `ListObjectsV2`.
    pub async fn list_objects(
        &self,
        options: &S3ListObjectsOptions,
    ) -> Result<S3ListObjectsResult> {
        let location = self.endpoint()?.bucket(&self.0.config.credentials.bucket)?;
        let query = options.query();
        let call = Call {
            query: &query,
            ..Call::new("GET", &location)
        };
        let response = self.send("", call, &[200]).await?;
        S3ListObjectsResult::read(&collect(response.into_body()).await?)
    }

    /// A signed address that works without credentials until it expires.
    pub fn presign(&self, path: &str, options: &PresignOptions) -> Result<String> {
        self.presign_at(path, options, now())
    }

    /// [`presign`](Self::presign) at a time in seconds since 1970.
    pub fn presign_at(&self, path: &str, options: &PresignOptions, unix: u64) -> Result<String> {
        let location = self.locate(path)?;
        let mut signed = String::with_capacity(512);
        let mut push = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                if !signed.is_empty() {
                    signed.push('&');
                }
                signed.push_str(name);
                signed.push('=');
                encode_into(&mut signed, value, false);
            }
        };
        push("X-Amz-Acl", options.acl.map(super::Acl::as_str));
        push("X-Amz-Algorithm", Some("AWS4-HMAC-SHA256"));
        push("X-Amz-Credential", Some(&self.0.signer.credential(unix)));
        push("X-Amz-Date", Some(&amz_date(unix)));
        push("X-Amz-Expires", Some(&options.expires_in.to_string()));
        push(
            "X-Amz-Security-Token",
            self.0.config.credentials.session_token.as_deref(),
        );
        push("X-Amz-SignedHeaders", Some("host"));
        push(
            "response-content-disposition",
            options.content_disposition.as_deref(),
        );
        push("response-content-type", options.content_type.as_deref());
        push(
            "x-amz-request-payer",
            options.request_payer.then_some("requester"),
        );
        push(
            "x-amz-storage-class",
            options.storage_class.map(super::StorageClass::as_str),
        );
        let signature = self.0.signer.signature(
            options.method.as_str(),
            &location.path,
            &signed,
            &[("host", &location.host)],
            "host",
            UNSIGNED_PAYLOAD,
            unix,
        );
        let query = signed.replacen(
            "&X-Amz-SignedHeaders=",
            &format!("&X-Amz-Signature={signature}&X-Amz-SignedHeaders="),
            1,
        );
        Ok(format!(
            "{}://{}{}?{query}",
            self.endpoint()?.scheme,
            location.host,
            location.path
        ))
    }

    /// An upload of unknown length.
    #[must_use]
    pub fn multipart(&self, path: &str, options: PutOptions) -> MultiPartUpload {
        let sizes = &self.0.config.options;
        let part_size = usize::try_from(sizes.part_size.max(1)).unwrap_or(usize::MAX);
        MultiPartUpload::new(
            self.clone(),
            path,
            options,
            part_size,
            sizes.queue_size.clamp(1, 255),
        )
    }

    fn endpoint(&self) -> Result<&Endpoint> {
        self.0.endpoint.as_ref().map_err(Clone::clone)
    }

    pub(crate) fn locate(&self, path: &str) -> Result<Location> {
        let credentials = &self.0.config.credentials;
        if credentials.access_key_id.is_empty() || credentials.secret_access_key.is_empty() {
            return Err(Error::new(
                ErrorKind::Credentials,
                "ERR_S3_MISSING_CREDENTIALS",
                "Missing S3 credentials. 'accessKeyId', 'secretAccessKey', 'bucket', and 'endpoint' are required",
            ));
        }
        self.endpoint()?.object(&credentials.bucket, path)
    }

    pub(crate) async fn send(
        &self,
        path: &str,
        call: Call<'_>,
        success: &[u16],
    ) -> Result<Response<Incoming>> {
        let retries = if call.retry {
            u32::from(self.0.config.options.retry)
        } else {
            0
        };
        for attempt in 0.. {
            let outcome = self.0.http.send(self.build(&call)?).await;
            let (again, throttled, after) = match &outcome {
                Ok(response) => {
                    let status = response.status().as_u16();
                    if success.contains(&status) {
                        return outcome;
                    }
                    let after = response.headers().get("retry-after");
                    let after = after.and_then(|value| value.to_str().ok()?.parse().ok());
                    (retry::retryable(status), matches!(status, 429 | 503), after)
                }
                Err(error) => {
                    let kind = error.kind();
                    (
                        matches!(kind, ErrorKind::Connection | ErrorKind::Timeout),
                        false,
                        None,
                    )
                }
            };
            if again && attempt < retries {
                drop(outcome);
                let after = after.map(Duration::from_secs);
                tokio::time::sleep(retry::delay(attempt, throttled, random(), after)).await;
                continue;
            }
            return Err(failure(path, &call, outcome?).await);
        }
        unreachable!("the loop returns at its last attempt")
    }

    fn build(&self, call: &Call<'_>) -> Result<Request<Full<Bytes>>> {
        let unix = now();
        let date = amz_date(unix);
        let mut headers: Vec<(&str, &str)> = call
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        headers.push(("host", &call.location.host));
        headers.push(("x-amz-content-sha256", UNSIGNED_PAYLOAD));
        headers.push(("x-amz-date", &date));
        let options = &self.0.config.options;
        if options.request_payer
            && !headers
                .iter()
                .any(|(name, _)| *name == "x-amz-request-payer")
        {
            headers.push(("x-amz-request-payer", "requester"));
        }
        if let Some(token) = &self.0.config.credentials.session_token {
            headers.push(("x-amz-security-token", token));
        }
        headers.sort_unstable();
        let path = &call.location.path;
        let authorization = self.0.signer.authorization(
            call.method,
            path,
            call.query,
            &headers,
            UNSIGNED_PAYLOAD,
            unix,
        );
        let scheme = self.endpoint()?.scheme;
        let mark = if call.query.is_empty() { "" } else { "?" };
        let uri = format!(
            "{scheme}://{}{path}{mark}{}",
            call.location.host, call.query
        );
        let mut request = Request::builder().method(call.method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request = request.header("authorization", authorization);
        if matches!(call.method, "PUT" | "POST") {
            request = request.header("content-length", call.body.len());
        }
        // A line break in a header's value ends here: it could smuggle a second header.
        request.body(Full::new(call.body.clone())).map_err(|error| {
            Error::new(
                ErrorKind::InvalidInput,
                "ERR_S3_INVALID_SIGNATURE",
                "Failed to retrieve S3 content. Are the credentials correct?",
            )
            .with_source(error)
        })
    }
}

impl<'a> Call<'a> {
    pub(crate) fn new(method: &'static str, location: &'a Location) -> Self {
        let (query, headers, body) = ("", Vec::new(), Bytes::new());
        Self {
            method,
            location,
            query,
            headers,
            body,
            retry: true,
        }
    }
}

/// Reads a document of bounded size.
pub(crate) async fn collect(body: Incoming) -> Result<Bytes> {
    let limited = http_body_util::Limited::new(body, MAX_DOCUMENT);
    limited
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|_| {
            Error::new(
                ErrorKind::Connection,
                "ConnectionClosed",
                "the response was cut short",
            )
        })
}

async fn failure(path: &str, call: &Call<'_>, response: Response<Incoming>) -> Error {
    let status = response.status().as_u16();
    let details = Details {
        status: Some(status),
        request_id: header(response.headers(), "x-amz-request-id"),
        bucket: Some(call.location.bucket.clone()),
        path: Some(path.to_owned()),
    };
    let body = collect(response.into_body()).await.unwrap_or_default();
    from_document(&body, status).with_details(details)
}

pub(crate) fn from_document(body: &[u8], status: u16) -> Error {
    let (code, message) = if let Some(code) = xml::field(body, "Error", "Code") {
        (
            code,
            xml::field(body, "Error", "Message").unwrap_or_default(),
        )
    } else if body.is_empty() && status == 404 {
        (
            "NoSuchKey".into(),
            "The specified key does not exist.".into(),
        )
    } else if body.is_empty() {
        (
            "UnknownError".into(),
            "an unexpected error has occurred".into(),
        )
    } else {
        (
            "UnknownError".into(),
            String::from_utf8_lossy(body).into_owned(),
        )
    };
    Error::new(ErrorKind::Server, code, message)
}

pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

fn random() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    f64::from(u32::try_from(RandomState::new().hash_one(0u8) >> 32).unwrap_or_default())
        / f64::from(u32::MAX)
}
