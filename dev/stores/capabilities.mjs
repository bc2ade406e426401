// What the stores do not do, with what they do instead. A test that needs it is reported as not applicable;
// whatever is not listed here has to work.

/**
 * What a test may need of a store.
 * - `acl`: canned ACLs of objects have an effect
 * - `storageClass`: the class of an object is kept
 * - `sessionTokens`: the store has a token service of its own
 * - `regionErrors`: a wrong region is refused, with the right one
 * - `dotSegments`, `emptySegments`, `trailingSlash`, `longSegments`: keys such as `a/../b`, `a//b`, `a/`, and
 *   names of more than 255 bytes between slashes
 * - `listEncoding`: lists with `encoding-type=url`
 * - `listOwner`: lists with `fetch-owner`
 * - `contentHeaders`: content type, disposition and encoding are kept
 * - `responseHeaders`: the query of a GET sets headers of the answer
 * - `abort`: multipart uploads can be aborted
 * - `listUploads`: open multipart uploads are listed
 * - `virtualHosts`: the bucket may be in the host's name
 * @typedef {"acl" | "storageClass" | "sessionTokens" | "regionErrors" | "dotSegments" | "emptySegments"
 *   | "trailingSlash" | "longSegments" | "listEncoding" | "listOwner" | "contentHeaders" | "responseHeaders"
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
