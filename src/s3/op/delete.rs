//! DELETE of an object.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

use super::{Request, Target};
use crate::s3::url::Location;

/// The outcome of a deletion. Stores do not say whether there was anything to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct S3DeleteResult {
    /// The object does not exist any more.
    pub success: bool,
}

/// DELETE.
#[must_use]
pub fn request(location: &Location, payer: bool) -> Request<'_> {
    let mut request = Request::new("DELETE", Target::Object(location), &[200, 204]);
    request.payer(payer);
    request
}
