// What the stores do not do, with what they do instead. A test that needs it is reported as not applicable;
// whatever is not listed here has to work.

/**
 * What a test may need of a store.
 * - `acl`: canned ACLs of objects have an effect
 * - `storageClass`: the class of an object is kept
 * - `sessionTokens`: the store has a token service of its own
 * - `regionErrors`: a wrong region is refused, with the right one
 * - `dotSegments`, `emptySegments`, `longSegments`: keys such as `a/../b` and `a//b`, and names of more than 255
 *   bytes between slashes
 * - `listEncoding`: lists with `encoding-type=url`
 * - `listOwner`: lists with `fetch-owner`
 * - `contentHeaders`: content type, disposition and encoding are kept
 * - `responseHeaders`: the query of a GET sets headers of the answer
 * - `abort`: multipart uploads can be aborted
 * - `listUploads`: open multipart uploads are listed
 * - `virtualHosts`: the bucket may be in the host's name
 * - `pagedGroups`: a list with a delimiter comes in pages
 * - `partEtags`: the ETag of an upload in parts is that of the sums of its parts
 * - `expiryLimit`: signatures for more than a week are refused
 * - `unknownClasses`: storage classes that are not configured are refused
 * @typedef {"acl" | "storageClass" | "sessionTokens" | "regionErrors" | "dotSegments" | "emptySegments"
 *   | "longSegments" | "listEncoding" | "listOwner" | "pagedGroups" | "partEtags" | "expiryLimit" | "unknownClasses" | "contentHeaders" | "responseHeaders"
 *   | "abort" | "listUploads" | "virtualHosts"} Capability
 */

/** @typedef {"s3s-fs" | "minio" | "ceph" | "garage"} StoreName */

/** @type {Record<StoreName, Partial<Record<Capability, string>>>} */
export const LACKS = {
  "s3s-fs": {},
  minio: {},
  ceph: {},
  garage: {},
};

/**
 * @param {StoreName} name
 * @returns {(capability: Capability) => boolean}
 */
export function capabilitiesOf(name) {
  return (capability) => LACKS[name][capability] === undefined;
}
