//! The S3 client.
//!
//! [`S3Client`] has the operations, `transport` signs, sends and tries again; [`S3File`] is one
//! object. What each operation asks and makes of the answer is in [`op`], how requests are
//! addressed in [`url`] and signed in [`sign`]; these are pure.

pub mod acl;
mod body;
mod calls;
pub mod checksum;
mod client;
pub mod config;
mod copy;
mod file;
mod lender;
mod metadata;
mod multipart;
pub mod op;
mod pieces;
mod place;
mod ranges;
pub mod retry;
pub mod sign;
mod signed;
pub mod storage_class;
mod transport;
pub mod url;
mod window;
pub mod xml;

pub use acl::Acl;
pub use body::S3Body;
pub use calls::CallOptions;
pub use checksum::ChecksumAlgorithm;
pub use client::{S3Client, S3DownloadResult};
pub use config::{S3Credentials, S3CredentialsWithOptions, S3Options};
pub use file::S3File;
#[cfg(feature = "js")]
pub(crate) use lender::{Hold, Lender};
pub use metadata::Metadata;
pub use multipart::{MultiPartUpload, MultiPartUploadOptions};
pub use op::delete::S3DeleteResult;
pub use op::get::{ByteRange, S3StatResult};
pub use op::list::{
    S3ListObjectsOptions, S3ListObjectsResult, S3ObjectInfo, S3Owner, S3RestoreStatus,
};
pub use op::presign::{PresignMethod, PresignOptions};
pub use op::put::{PutOptions, S3UploadResult};
pub use op::versions::{S3ListVersionsOptions, S3ListVersionsResult, S3ObjectVersion};
pub use storage_class::StorageClass;
