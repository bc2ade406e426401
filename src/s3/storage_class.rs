//! Storage classes.

use std::str::FromStr;

super::acl::text_enum! {
    /// A storage class, sent as `x-amz-storage-class`.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html>
    StorageClass {
        /// Frequent access.
        Standard => "STANDARD",
        /// Infrequent access.
        StandardIa => "STANDARD_IA",
        /// Moved between tiers by use.
        IntelligentTiering => "INTELLIGENT_TIERING",
        /// S3 Express One Zone.
        Express => "EXPRESS_ONEZONE",
        /// Infrequent access, one zone.
        OnezoneIa => "ONEZONE_IA",
        /// Archive, minutes to hours.
        Glacier => "GLACIER",
        /// Archive, milliseconds.
        GlacierIr => "GLACIER_IR",
        /// Less redundancy.
        ReducedRedundancy => "REDUCED_REDUNDANCY",
        /// S3 on Outposts.
        Outposts => "OUTPOSTS",
        /// Archive, hours.
        DeepArchive => "DEEP_ARCHIVE",
        /// Snow family devices.
        Snow => "SNOW",
    }
}
