//! Where the requests for a bucket go and for which region they are signed, as far as it is known.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::config::S3CredentialsWithOptions;
use super::sign::Signer;
use super::url::{Endpoint, infer_region};
use crate::error::Result;
use crate::net::http::{Origin, Route};

/// Buckets that are remembered.
const MAX_KNOWN: usize = 1000;
const AWS: &str = ".amazonaws.com";

/// An endpoint, the way to it and the signer for its region.
pub(super) struct Place {
    pub endpoint: Endpoint,
    pub route: Arc<Route>,
    pub signer: Signer,
}

/// The places of a client.
pub(super) struct Places {
    config: Arc<S3CredentialsWithOptions>,
    /// The place of all buckets; the error of an endpoint that cannot be used is each call's
    /// error. None where the host depends on the bucket.
    common: Option<Result<Arc<Place>>>,
    /// Buckets with a place of their own.
    known: Mutex<HashMap<String, Arc<Place>>>,
    any_known: AtomicBool,
}

impl Places {
    pub(super) fn new(config: Arc<S3CredentialsWithOptions>) -> Self {
        let credentials = &config.credentials;
        let endpoint = match credentials.endpoint.as_deref() {
            Some(text) if !text.is_empty() => Some(Endpoint::parse(text)),
            _ if config.options.virtual_hosted_style => None,
            _ => Some(Endpoint::aws(&region(&config), None)),
        };
        let common =
            endpoint.map(|endpoint| Ok(Arc::new(Place::new(&config, endpoint?, &region(&config)))));
        Self {
            common,
            known: Mutex::default(),
            any_known: AtomicBool::new(false),
            config,
        }
    }

    /// Whether all are reached without encryption.
    #[cfg(all(feature = "js", unix))]
    pub(super) fn are_plain(&self) -> bool {
        matches!(&self.common, Some(Ok(place)) if !place.endpoint.https)
    }

    /// The place of a bucket.
    pub(super) fn of(&self, bucket: &str) -> Result<Arc<Place>> {
        if self.any_known.load(Ordering::Acquire)
            && let Some(place) = self.lock().get(bucket)
        {
            return Ok(Arc::clone(place));
        }
        match &self.common {
            Some(place) => place.clone(),
            None => self.remember(bucket, &region(&self.config)),
        }
    }

    /// Learns that a bucket is in another region than `tried`. Returns whether that changes
    /// anything. Only hosts of AWS are left for another, also of AWS.
    pub(super) fn moved(&self, bucket: &str, tried: &Place, region: &str) -> bool {
        let is_name = region.len() <= 64
            && region
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_name && tried.signer.region() != region && self.remember(bucket, region).is_ok()
    }

    fn remember(&self, bucket: &str, region: &str) -> Result<Arc<Place>> {
        let options = &self.config.options;
        let endpoint = match &self.common {
            Some(Ok(place)) if !place.endpoint.authority.ends_with(AWS) => place.endpoint.clone(),
            _ => Endpoint::aws(
                region,
                Some(bucket).filter(|_| options.virtual_hosted_style),
            )?,
        };
        let place = Arc::new(Place::new(&self.config, endpoint, region));
        let mut known = self.lock();
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(bucket.to_owned(), Arc::clone(&place));
        self.any_known.store(true, Ordering::Release);
        Ok(place)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Place>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    fn new(config: &S3CredentialsWithOptions, endpoint: Endpoint, region: &str) -> Self {
        let origin = Origin {
            https: endpoint.https,
            authority: endpoint.authority.clone(),
        };
        Self {
            route: Arc::new(config.options.proxy.route(origin)),
            signer: Signer::new(
                config.credentials.access_key_id.clone(),
                config.credentials.secret_access_key.clone(),
                region.to_owned(),
            ),
            endpoint,
        }
    }
}

/// The region as configured, else as the endpoint tells it.
pub(super) fn region(config: &S3CredentialsWithOptions) -> Cow<'_, str> {
    let credentials = &config.credentials;
    if credentials.region.is_empty() {
        infer_region(credentials.endpoint.as_deref()).into()
    } else {
        Cow::Borrowed(&credentials.region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::config::{S3Credentials, S3Options};

    fn places(endpoint: Option<&str>, virtual_hosted_style: bool) -> Places {
        Places::new(Arc::new(S3CredentialsWithOptions {
            credentials: S3Credentials {
                endpoint: endpoint.map(Into::into),
                ..S3Credentials::default()
            },
            options: S3Options {
                virtual_hosted_style,
                ..S3Options::default()
            },
        }))
    }

    fn host(places: &Places, bucket: &str) -> String {
        let place = places.of(bucket).unwrap();
        format!("{} {}", place.endpoint.authority, place.signer.region())
    }

    #[test]
    fn a_bucket_that_moved_is_remembered() {
        let places = places(None, false);
        assert_eq!(host(&places, "a"), "s3.us-east-1.amazonaws.com us-east-1");
        let tried = places.of("a").unwrap();
        assert!(!places.moved("a", &tried, "us-east-1"));
        assert!(!places.moved("a", &tried, "x.evil.example/"));
        assert!(places.moved("a", &tried, "eu-west-1"));
        assert_eq!(host(&places, "a"), "s3.eu-west-1.amazonaws.com eu-west-1");
        assert_eq!(host(&places, "b"), "s3.us-east-1.amazonaws.com us-east-1");
    }

    #[test]
    fn only_hosts_of_aws_are_left() {
        let places = places(Some("http://localhost:9000/x"), false);
        let tried = places.of("a").unwrap();
        assert!(places.moved("a", &tried, "eu-west-1"));
        assert_eq!(host(&places, "a"), "localhost:9000 eu-west-1");
        assert_eq!(places.of("a").unwrap().endpoint.prefix, "/x");
    }

    #[test]
    fn the_host_may_name_the_bucket() {
        let places = places(None, true);
        assert_eq!(host(&places, "a"), "a.s3.us-east-1.amazonaws.com us-east-1");
        let tried = places.of("a").unwrap();
        assert!(places.moved("a", &tried, "eu-west-1"));
        assert_eq!(host(&places, "a"), "a.s3.eu-west-1.amazonaws.com eu-west-1");
        assert_eq!(
            places.of("a/b").err().unwrap().code(),
            "ERR_S3_INVALID_ENDPOINT"
        );
    }
}
