/** What an object's rights and its storage class may be. */
export const ACLS = [
  "private",
  "public-read",
  "public-read-write",
  "aws-exec-read",
  "authenticated-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
  "log-delivery-write",
];
export const CLASSES = [
  "STANDARD",
  "STANDARD_IA",
  "INTELLIGENT_TIERING",
  "EXPRESS_ONEZONE",
  "ONEZONE_IA",
  "GLACIER",
  "GLACIER_IR",
  "REDUCED_REDUNDANCY",
  "OUTPOSTS",
  "DEEP_ARCHIVE",
  "SNOW",
];
