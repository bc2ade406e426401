//! The S3 client.

mod acl;
mod config;
pub mod sign;
mod storage_class;
pub mod url;

pub use acl::Acl;
pub use config::{S3Credentials, S3CredentialsWithOptions, S3Options};
pub use storage_class::StorageClass;
