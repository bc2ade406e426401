//! Canned access control lists.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>

use std::str::FromStr;

/// Declares an enumeration of header values with its conversions, so that no list is kept twice.
macro_rules! header_values {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every value, in the order in which they are documented.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The value as it is sent.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl FromStr for $name {
            type Err = $crate::error::Error;

            /// Case-sensitive; fails with `ERR_INVALID_ARG_TYPE`.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|value| value.as_str() == text)
                    .ok_or_else(|| {
                        $crate::error::Error::new(
                            $crate::error::ErrorKind::InvalidInput,
                            "ERR_INVALID_ARG_TYPE",
                            concat!("unknown ", stringify!($name)),
                        )
                    })
            }
        }
    };
}
pub(super) use header_values;

header_values! {
    /// Who may do what with an object.
    Acl {
        /// The owner has full control. What stores do when no ACL is given.
        Private = "private",
        /// Everyone may read.
        PublicRead = "public-read",
        /// Everyone may read and write.
        PublicReadWrite = "public-read-write",
        /// Amazon EC2 may read, to get a machine image.
        AwsExecRead = "aws-exec-read",
        /// Every authenticated user may read.
        AuthenticatedRead = "authenticated-read",
        /// The owner of the bucket may read.
        BucketOwnerRead = "bucket-owner-read",
        /// The owner of the bucket has full control.
        BucketOwnerFullControl = "bucket-owner-full-control",
        /// The log delivery group may write; for buckets.
        LogDeliveryWrite = "log-delivery-write",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for acl in Acl::ALL {
            assert_eq!(acl.as_str().parse::<Acl>().unwrap(), *acl);
        }
        assert!("Private".parse::<Acl>().is_err());
    }
}
