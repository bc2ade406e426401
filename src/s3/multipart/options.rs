//! How an object is stored in parts, and how large these are.

use crate::s3::acl::Acl;
use crate::s3::checksum::ChecksumAlgorithm;
use crate::s3::metadata::Metadata;
use crate::s3::op::multipart::MAX_PARTS;
use crate::s3::op::put::PutOptions;
use crate::s3::storage_class::StorageClass;

/// Raised part sizes are whole mebibytes.
const MEBIBYTE: u64 = 1024 * 1024;

/// How an object is stored in parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MultiPartUploadOptions {
    /// Who may do what.
    pub acl: Option<Acl>,
    /// How the store keeps it.
    pub storage_class: Option<StorageClass>,
    /// Media type.
    pub content_type: Option<String>,
    /// How a browser shows it.
    pub content_disposition: Option<String>,
    /// How the bytes are encoded; nothing is encoded by the client.
    pub content_encoding: Option<String>,
    /// What is noted about the object.
    pub metadata: Metadata,
    /// The sums that the store compares the bytes with. Default none: not every store knows them.
    pub checksum: Option<ChecksumAlgorithm>,
    /// The caller pays.
    pub request_payer: bool,
    /// Bytes of a part. Default: as the client was told.
    pub part_size: Option<u64>,
    /// Parts in flight at most. Default: as the client was told.
    pub queue_size: Option<u32>,
    /// Bytes of the object, if that is known: parts become as large as it takes to need no more
    /// than 10,000 of them.
    pub length: Option<u64>,
}

impl From<PutOptions> for MultiPartUploadOptions {
    fn from(options: PutOptions) -> Self {
        Self {
            acl: options.acl,
            storage_class: options.storage_class,
            content_type: options.content_type,
            content_disposition: options.content_disposition,
            content_encoding: options.content_encoding,
            metadata: options.metadata,
            checksum: options.checksum,
            request_payer: options.request_payer,
            ..Self::default()
        }
    }
}

/// The smallest part size, not below `least`, with which so many bytes make 10,000 parts at most.
pub(super) fn part_size_for(length: u64, least: u64) -> u64 {
    let needed = length.div_ceil(u64::from(MAX_PARTS));
    if needed <= least {
        least
    } else {
        needed.next_multiple_of(MEBIBYTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::s3::config::MIN_PART_SIZE;

    #[test]
    fn parts_grow_with_the_length() {
        let most = MIN_PART_SIZE * u64::from(MAX_PARTS);
        for length in [0, 1, most - 1, most] {
            assert_eq!(part_size_for(length, MIN_PART_SIZE), MIN_PART_SIZE);
        }
        for length in [most + 1, most * 3 + 5, 5 << 40] {
            let size = part_size_for(length, MIN_PART_SIZE);
            assert!(length.div_ceil(size) <= u64::from(MAX_PARTS));
            assert!(size > MIN_PART_SIZE && size.is_multiple_of(MEBIBYTE));
            assert!(length.div_ceil(size - MEBIBYTE) > u64::from(MAX_PARTS));
        }
    }
}
