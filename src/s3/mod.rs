//! The S3 client.

mod acl;
mod client;
mod config;
mod file;
mod list;
mod multipart;
pub mod retry;
pub mod sign;
mod storage_class;
mod types;
pub mod url;
mod xml;

pub use acl::Acl;
pub use client::S3Client;
pub use config::{S3Credentials, S3CredentialsWithOptions, S3Options};
pub use file::S3File;
pub use list::{S3ListObjectsOptions, S3ListObjectsResult, S3ObjectInfo, S3Owner};
pub use multipart::MultiPartUpload;
pub use storage_class::StorageClass;
pub use types::{
    ByteRange, PresignMethod, PresignOptions, PutOptions, S3Body, S3DeleteResult, S3DownloadResult,
    S3StatResult, S3UploadResult,
};
