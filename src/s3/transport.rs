//! The driver: signs, sends, tries again, and follows what the store says about itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::BytesMut;

use super::config::S3CredentialsWithOptions;
use super::lender::Lender;
use super::op::{Request, refused};
use super::place::{Place, Places};
use super::retry::{self, Attempts, Budget};
use super::sign::Timestamp;
use super::xml::Element;
use crate::error::{Error, Result};
use crate::net::chance::chance;
use crate::net::http::{HttpClient, Outgoing, Response};

/// Longest document (list, upload answer) that is read, in bytes.
const MAX_DOCUMENT: usize = 64 * 1024 * 1024;
/// Longest error document that is read, in bytes.
const MAX_REFUSAL: usize = 1024 * 1024;
/// A clock that is off by less is not the reason of a refusal.
const LEAST_SKEW_S: i64 = 60;

/// What all requests of a client share.
pub(super) struct Transport {
    pub config: Arc<S3CredentialsWithOptions>,
    http: HttpClient,
    pub places: Places,
    /// Seconds by which the store's clock is ahead of ours.
    clock_offset: AtomicI64,
    pub budget: Budget,
}

/// How a request is sent.
#[derive(Default, Clone, Copy)]
pub(super) struct Sending<'a> {
    /// The answer is a document, which may be an error behind a status of success.
    document: bool,
    /// Set when all of the request was handed to the system.
    sent: Option<&'a AtomicBool>,
    /// Once set, nothing is tried again.
    given_up: Option<&'a AtomicBool>,
    /// Set when the request was sent more than once.
    repeated: Option<&'a AtomicBool>,
    /// Who can take the body back.
    lender: Option<&'a dyn Lender>,
}

/// An attempt that failed.
struct Failed {
    error: Error,
    retry_after: Option<Duration>,
    /// Something was learned by which the same request may succeed at once.
    learned: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self {
            error,
            retry_after: None,
            learned: false,
        }
    }
}

impl Transport {
    pub(super) fn new(config: S3CredentialsWithOptions) -> Self {
        let config = Arc::new(config);
        Self {
            http: HttpClient::new(&config.options.tls),
            places: Places::new(Arc::clone(&config)),
            clock_offset: AtomicI64::new(0),
            budget: Budget::default(),
            config,
        }
    }

    /// Sends a request until it succeeds, is refused for good, or the attempts are spent.
    pub(super) async fn send(&self, request: &Request<'_>) -> Result<Response> {
        let (response, _) = self.run(request, Sending::default()).await?;
        Ok(response)
    }

    /// Like [`send`](Self::send), for a body that can be taken back.
    pub(super) async fn send_lent(
        &self,
        request: &Request<'_>,
        lender: Option<&dyn Lender>,
    ) -> Result<Response> {
        let sending = Sending {
            lender,
            ..Sending::default()
        };
        let (response, _) = self.run(request, sending).await?;
        Ok(response)
    }

    /// Sends a part of an upload. `sent` tells when the store may have it; once `given_up` is set
    /// nothing is tried again.
    pub(super) async fn send_part(
        &self,
        request: &Request<'_>,
        sent: &AtomicBool,
        given_up: &AtomicBool,
        lender: Option<&dyn Lender>,
    ) -> Result<Response> {
        let sending = Sending {
            sent: Some(sent),
            given_up: Some(given_up),
            lender,
            ..Sending::default()
        };
        let (response, _) = self.run(request, sending).await?;
        Ok(response)
    }

    /// Sends a request whose answer is a document. A store may begin with 200 before it knows the
    /// outcome: an error behind it counts as 503.
    pub(super) async fn send_for_document(&self, request: &Request<'_>) -> Result<BytesMut> {
        let sending = Sending {
            document: true,
            ..Sending::default()
        };
        let (_, document) = self.run(request, sending).await?;
        Ok(document)
    }

    /// Like [`send_for_document`](Self::send_for_document), and tells whether an attempt whose
    /// outcome is not known came before.
    pub(super) async fn complete_upload(
        &self,
        request: &Request<'_>,
        repeated: &AtomicBool,
    ) -> Result<BytesMut> {
        let sending = Sending {
            document: true,
            repeated: Some(repeated),
            ..Sending::default()
        };
        let (_, document) = self.run(request, sending).await?;
        Ok(document)
    }

    async fn run(
        &self,
        request: &Request<'_>,
        sending: Sending<'_>,
    ) -> Result<(Response, BytesMut)> {
        let mut attempts = Attempts::new(self.config.options.retry);
        let (mut learned, mut again) = (false, false);
        loop {
            if let (true, Some(lender)) = (std::mem::replace(&mut again, true), sending.lender) {
                lender.check().await?;
            }
            let failed = match self.attempt(request, sending).await {
                Ok(outcome) => {
                    attempts.succeeded(&self.budget);
                    return Ok(outcome);
                }
                Err(failed) => failed,
            };
            if failed.learned && !std::mem::replace(&mut learned, true) {
                continue;
            }
            let given_up = sending
                .given_up
                .is_some_and(|flag| flag.load(Ordering::Acquire));
            let wait = attempts.failed(&failed.error, failed.retry_after, &self.budget, chance());
            match wait {
                Some(wait) if !given_up => tokio::time::sleep(wait).await,
                _ => return Err(failed.error),
            }
            if let Some(repeated) = sending.repeated {
                repeated.store(true, Ordering::Relaxed);
            }
        }
    }

    async fn attempt(
        &self,
        request: &Request<'_>,
        sending: Sending<'_>,
    ) -> Result<(Response, BytesMut), Failed> {
        let place = self.places.of(request.target.bucket())?;
        let offset = self.clock_offset.load(Ordering::Relaxed);
        let time = unix_now().saturating_add_signed(offset);
        let outgoing = Outgoing {
            head: &|| self.signed(&place, request, Timestamp::from_unix(time)),
            body: &request.body,
            sent: sending.sent,
            repeated: sending.repeated,
        };
        let options = &self.config.options;
        let mut response = self
            .http
            .send(&place.route, outgoing, &options.timeouts)
            .await?;
        if !request.success.contains(&response.status) {
            return Err(self.refusal(request, &place, &mut response, offset).await);
        }
        if !sending.document {
            return Ok((response, BytesMut::new()));
        }
        let body = response.collect(MAX_DOCUMENT).await?;
        if is_error(&body) {
            let error = refused(
                request.method,
                request.target,
                503,
                &response.headers,
                &body,
            );
            return Err(error.into());
        }
        Ok((response, body))
    }

    /// Reads a refusal, and learns from it.
    async fn refusal(
        &self,
        request: &Request<'_>,
        place: &Place,
        response: &mut Response,
        offset: i64,
    ) -> Failed {
        // A refusal whose reason is cut off is still a refusal.
        let body = response.collect(MAX_REFUSAL).await.unwrap_or_default();
        let status = response.status;
        let error = refused(
            request.method,
            request.target,
            status,
            &response.headers,
            &body,
        );
        let now = SystemTime::now();
        let region = matches!(status, 301 | 400)
            .then(|| response.header("x-amz-bucket-region"))
            .flatten();
        let moved =
            region.is_some_and(|region| self.places.moved(request.target.bucket(), place, region));
        let skewed = error.code() == "RequestTimeTooSkewed"
            && self.correct_clock(retry::clock_offset(response.header("date"), now), offset);
        Failed {
            error,
            retry_after: retry::retry_after(response.header("retry-after"), now),
            learned: moved || skewed,
        }
    }

    /// Remembers the store's time. Returns whether that changes what was signed with `tried`.
    fn correct_clock(&self, offset: Option<i64>, tried: i64) -> bool {
        let Some(offset) = offset.filter(|offset| offset.abs_diff(tried) >= LEAST_SKEW_S as u64)
        else {
            return false;
        };
        self.clock_offset.store(offset, Ordering::Relaxed);
        true
    }
}

/// Whether a document is an error. Only one that begins like one is parsed.
fn is_error(document: &[u8]) -> bool {
    memchr::memmem::find(document, b"<Error").is_some()
        && Element::parse(document).is_some_and(|root| root.name == "Error")
}

/// Seconds since 1970 by our clock.
pub(super) fn unix_now() -> u64 {
    // A clock before 1970 is refused by the store.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}
