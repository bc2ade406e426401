// What the stores do not do, with what they do instead. A test that needs it is reported as not applicable,
// and must fail; whatever is not listed here has to work.

/**
 * What a test may need of a store.
 * - `acl`: canned ACLs of objects have an effect; `aclInQuery`: also those of a presigned URL; `aclGrants`: the grants of an
 *   object are told
 * - `checksums`: those of uploads are compared and kept; `partChecksums`: also those of parts, and of what they make
 * - `classInQuery`: the storage class of a presigned URL has an effect
 * - `contentHeaders`: content disposition and encoding are kept
 * - `dotSegments`, `emptySegments`: keys such as `a/../b`, `a//b`
 * - `expiryLimit`: signatures for more than a week are refused
 * - `listEncoding`, `listEtags`, `listOwner`: lists with `encoding-type=url`, with ETags, with `fetch-owner`
 * - `listUploads`: open multipart uploads are listed, and none that was aborted
 * - `longKeys`, `longSegments`: keys of 1,024 bytes, and of more than 255 between slashes
 * - `longSuffixes`: ranges from the end that are longer than the object
 * - `pagedGroups`: a list with a delimiter comes in pages
 * - `partEtags`: the ETag of an upload in parts is that of the sums of its parts
 * - `refusedIsAbsent`: an upload that is refused leaves nothing
 * - `regionErrors`: a wrong region is refused, with the right one in the message; `regionHeader`: with the right one in
 *   `x-amz-bucket-region`
 * - `responseHeaders`: the query of a GET sets headers of the answer
 * - `sessionTokens`: the store has a token service of its own
 * - `storageClass`: the class of an object is told; `otherClasses`: there are more than the standard one; `unknownClasses`:
 *   those that are not configured are refused
 * - `versions`: buckets keep all versions of their objects
 * - `virtualHosts`: the bucket may be in the host's name
 * @typedef {"acl" | "aclGrants" | "aclInQuery" | "checksums" | "classInQuery" | "contentHeaders" | "dotSegments" | "emptySegments" | "expiryLimit" | "listEncoding"
 *   | "listEtags" | "listOwner" | "listUploads" | "longKeys" | "longSegments" | "longSuffixes" | "otherClasses" | "pagedGroups"
 *   | "partChecksums" | "partEtags" | "refusedIsAbsent" | "regionErrors" | "regionHeader" | "responseHeaders" | "sessionTokens" | "storageClass"
 *   | "unknownClasses" | "versions" | "virtualHosts"} Capability
 */

/** @typedef {"s3s-fs" | "minio" | "ceph" | "garage"} StoreName */

/** @type {Record<StoreName, Partial<Record<Capability, string>>>} */
export const LACKS = {
  "s3s-fs": {
    acl: "not implemented",
    aclGrants: "not implemented",
    aclInQuery: "not implemented",
    dotSegments: "resolved by the file system",
    emptySegments: "resolved by the file system",
    expiryLimit: "any time is accepted",
    listEncoding: "ignored",
    listEtags: "not in lists",
    listOwner: "not in lists",
    listUploads: "not implemented",
    longKeys: "longer than a file's name may be",
    longSegments: "longer than a file's name may be",
    longSuffixes: "answered with an internal error",
    otherClasses: "not kept",
    partChecksums: "ignored",
    refusedIsAbsent: "stored before it is checked",
    regionErrors: "any region is accepted",
    sessionTokens: "no token service",
    storageClass: "not kept",
    versions: "not implemented",
    virtualHosts: "no domain",
  },
  minio: {
    acl: "only the default is known",
    aclInQuery: "only the default is known",
    dotSegments: "refused",
    emptySegments: "refused",
    longSegments: "longer than a file's name may be",
    regionErrors: "the right region is in a header, and is followed",
  },
  ceph: {
    aclInQuery: "only headers are read",
    checksums: "ignored",
    classInQuery: "only headers are read",
    regionErrors: "any region is accepted",
  },
  garage: {
    acl: "not implemented",
    aclGrants: "not implemented",
    aclInQuery: "not implemented",
    listOwner: "not in lists",
    regionHeader: "the right region is only in the message",
    sessionTokens: "no token service",
    otherClasses: "not kept",
    unknownClasses: "not kept",
    versions: "not implemented",
  },
};

/**
 * @param {StoreName} name
 * @returns {(capability: Capability) => boolean}
 */
export function capabilitiesOf(name) {
  return (capability) => LACKS[name][capability] === undefined;
}
