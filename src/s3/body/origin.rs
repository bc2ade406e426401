//! Where a body comes from, and how its rest is asked for.

use crate::error::{Error, ErrorKind, Result};
use crate::net::http::Response;
use crate::s3::client::S3Client;
use crate::s3::op::extent::{Extent, extent};
use crate::s3::op::get::{self, ByteRange};
use crate::s3::retry::Attempts;
use crate::s3::url::Location;

/// What is needed to ask for the rest.
#[derive(Clone)]
pub(in crate::s3) struct Origin {
    pub client: S3Client,
    pub location: Location,
    /// Where in the object the next byte is.
    pub position: u64,
    /// Only the same object may continue.
    pub etag: String,
    /// The store says that it gives ranges.
    pub in_ranges: bool,
    pub attempts: Attempts,
}

impl Origin {
    /// Asks for so many bytes from the position on, of the same object.
    pub(super) async fn ask(self, length: u64) -> Result<Response> {
        let range = ByteRange::Bounded {
            start: self.position,
            end_exclusive: self.position + length,
        };
        let payer = self.client.options().request_payer;
        let mut request = get::request(&self.location, Some(range), payer);
        request
            .headers
            .push(("if-match", self.etag.as_str().into()));
        request.version(self.client.version());
        request.success = &[206];
        let mut response = self.client.transport.send(&request).await?;
        response.detach()?;
        let extent = extent_of(&response, Some(range))?;
        let asked = Extent {
            start: Some(self.position),
            length: Some(length),
        };
        if extent == asked {
            Ok(response)
        } else {
            Err(other_bytes())
        }
    }
}

/// Which bytes a response to a GET stands for, if they are those that were asked for.
pub(super) fn extent_of(response: &Response, range: Option<ByteRange>) -> Result<Extent> {
    let (status, announced) = (response.status, response.announced());
    extent(range, status, &response.headers, announced).ok_or_else(other_bytes)
}

fn other_bytes() -> Error {
    Error::new(
        ErrorKind::Protocol,
        "InvalidResponse",
        "the store answered with other bytes than it was asked for",
    )
}

pub(in crate::s3) fn too_short() -> Error {
    Error::new(
        ErrorKind::Connection,
        "ConnectionClosed",
        "the body is shorter than the store announced",
    )
}
