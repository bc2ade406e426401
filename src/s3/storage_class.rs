//! Storage classes.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html>

use std::str::FromStr;

use super::acl::header_values;

header_values! {
    /// How a store keeps an object.
    StorageClass {
        /// Frequent access. What stores do when no class is given.
        Standard = "STANDARD",
        /// Infrequent access.
        StandardIa = "STANDARD_IA",
        /// The store moves the object by its use.
        IntelligentTiering = "INTELLIGENT_TIERING",
        /// One zone, single-digit milliseconds.
        Express = "EXPRESS_ONEZONE",
        /// Infrequent access in one zone.
        OnezoneIa = "ONEZONE_IA",
        /// Archive, minutes to hours.
        Glacier = "GLACIER",
        /// Archive, milliseconds.
        GlacierIr = "GLACIER_IR",
        /// Less redundancy; superseded.
        ReducedRedundancy = "REDUCED_REDUNDANCY",
        /// On an Outpost.
        Outposts = "OUTPOSTS",
        /// Archive, hours.
        DeepArchive = "DEEP_ARCHIVE",
        /// On a Snow device.
        Snow = "SNOW",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for class in StorageClass::ALL {
            assert_eq!(class.as_str().parse::<StorageClass>().unwrap(), *class);
        }
    }
}
