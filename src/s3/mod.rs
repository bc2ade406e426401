//! The S3 client.

pub mod acl;
pub mod config;
pub mod retry;
pub mod sign;
pub mod storage_class;
pub mod url;
pub mod xml;

pub use acl::Acl;
pub use config::{S3Credentials, S3CredentialsWithOptions, S3Options};
pub use storage_class::StorageClass;
