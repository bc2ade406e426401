//! Canned access control lists.

use std::str::FromStr;

macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every value, in the order in which error messages list them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text sent to the server.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl FromStr for $name {
            type Err = crate::error::Error;

            /// Case-sensitive; unknown text is `ERR_INVALID_ARG_TYPE`.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or_else(|| {
                    crate::error::Error::new(
                        crate::error::ErrorKind::InvalidInput,
                        "ERR_INVALID_ARG_TYPE",
                        concat!("unknown ", stringify!($name)),
                    )
                })
            }
        }
    };
}
pub(crate) use text_enum;

text_enum! {
    /// A canned ACL, sent as `x-amz-acl`.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl>
    Acl {
        /// Only the owner.
        Private => "private",
        /// Everyone may read.
        PublicRead => "public-read",
        /// Everyone may read and write.
        PublicReadWrite => "public-read-write",
        /// EC2 may read an image bundle.
        AwsExecRead => "aws-exec-read",
        /// Every AWS account may read.
        AuthenticatedRead => "authenticated-read",
        /// The bucket's owner may read.
        BucketOwnerRead => "bucket-owner-read",
        /// The bucket's owner controls the object.
        BucketOwnerFullControl => "bucket-owner-full-control",
        /// The log delivery group may write.
        LogDeliveryWrite => "log-delivery-write",
    }
}
