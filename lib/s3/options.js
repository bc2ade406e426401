"use strict";
/** Options: checking what users pass, and the layers in which options override each other. */

const { coded, wrongArgument } = require("./errors.js");
const { normalizeType } = require("./mime.js");

/**
 * Options that were given and checked; what is absent falls through to the next layer.
 * @typedef {object} Fields
 * @property {string} [accessKeyId]
 * @property {string} [secretAccessKey]
 * @property {string} [sessionToken]
 * @property {string} [region]
 * @property {string} [endpoint]
 * @property {string} [bucket]
 * @property {boolean} [virtualHostedStyle]
 * @property {boolean} [requestPayer]
 * @property {string} [acl]
 * @property {string} [storageClass]
 * @property {string} [type]
 * @property {string} [contentDisposition]
 * @property {string} [contentEncoding]
 * @property {string} [versionId]
 * @property {string[]} [metadata] names and values in turn
 * @property {string} [checksumAlgorithm]
 * @property {number} [partSize]
 * @property {number} [queueSize]
 * @property {number} [retry]
 * @property {number} [highWaterMark]
 * @property {number} [connectTimeout]
 * @property {number} [responseTimeout]
 * @property {number} [stallTimeout]
 * @property {number} [timeout]
 * @property {string} [proxy]
 * @property {AbortSignal} [signal]
 */

const MIN_PART_SIZE = 5 * 1024 * 1024;
const MAX_PART_SIZE = 5 * 1024 * 1024 * 1024;
const MAX_QUEUE_SIZE = 255;
const MAX_RETRY = 255;
const MAX_TIMEOUT_MS = 2_147_483_647;

const ACLS = [
  "private",
  "public-read",
  "public-read-write",
  "aws-exec-read",
  "authenticated-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
  "log-delivery-write",
];
const STORAGE_CLASSES = [
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

const CHECKSUM_ALGORITHMS = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256", "MD5"];

/** @typedef {"accessKeyId" | "secretAccessKey" | "sessionToken" | "region" | "endpoint" | "bucket" | "versionId"} PlainString */
/** @typedef {"type" | "contentDisposition" | "contentEncoding"} HeaderString */

/** @type {PlainString[]} */
const PLAIN_STRINGS = ["accessKeyId", "secretAccessKey", "sessionToken", "region", "endpoint", "bucket", "versionId"];
/** @type {HeaderString[]} */
const HEADER_STRINGS = ["type", "contentDisposition", "contentEncoding"];
/** @type {("virtualHostedStyle" | "requestPayer")[]} */
const BOOLEANS = ["virtualHostedStyle", "requestPayer"];

/** @type {("connectTimeout" | "responseTimeout" | "stallTimeout" | "timeout")[]} */
const TIMEOUTS = ["connectTimeout", "responseTimeout", "stallTimeout", "timeout"];

/** @type {Readonly<Fields>} */
const NOTHING = Object.freeze({});

/**
 * Checks options; what is not an object counts as no options.
 * @param {unknown} options
 * @returns {Readonly<Fields>}
 */
function readOptions(options) {
  if (typeof options !== "object" || options === null) return NOTHING;
  const given = /** @type {Record<string, unknown>} */ (options);
  if (hasNone(given)) return NOTHING;
  /** @type {Fields} */
  const fields = {};
  for (const name of PLAIN_STRINGS) {
    const value = string(given, name);
    if (value !== "") fields[name] = value;
  }
  if (fields.endpoint !== undefined) checkEndpoint(fields.endpoint);
  for (const name of BOOLEANS) {
    const value = given[name];
    if (value === undefined) continue;
    if (typeof value !== "boolean") {
      const kind = Array.isArray(value) ? "array" : typeof value;
      const message = `The "${name}" property must be of type boolean, got ${kind}`;
      throw coded(TypeError, "ERR_INVALID_ARG_TYPE", message);
    }
    fields[name] = value;
  }
  readNumbers(given, fields);
  readConnection(given, fields);
  const acl = choice(given, "acl", ACLS);
  if (acl !== undefined) fields.acl = acl;
  const storageClass = choice(given, "storageClass", STORAGE_CLASSES);
  if (storageClass !== undefined) fields.storageClass = storageClass;
  const checksumAlgorithm = choice(given, "checksumAlgorithm", CHECKSUM_ALGORITHMS);
  if (checksumAlgorithm !== undefined) fields.checksumAlgorithm = checksumAlgorithm;
  const { metadata } = given;
  if (metadata !== undefined && metadata !== null) fields.metadata = readMetadata(metadata);
  for (const name of HEADER_STRINGS) {
    let value = string(given, name);
    if (/[\r\n]/.test(value)) {
      throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `${name} must not contain newline characters (CR/LF)`);
    }
    if (name === "type") value = normalizeType(value);
    if (value !== "") fields[name] = value;
  }
  return fields;
}

/**
 * Whether an object has none of the options, such as that of `presign`: each is looked up by its own
 * name, which an engine does many times faster than by a name in a variable.
 * @param {{ [name in keyof Fields | "pageSize"]?: unknown }} given
 */
function hasNone(given) {
  return (
    given.accessKeyId === undefined &&
    given.secretAccessKey === undefined &&
    given.sessionToken === undefined &&
    given.region === undefined &&
    given.endpoint === undefined &&
    given.bucket === undefined &&
    given.virtualHostedStyle === undefined &&
    given.requestPayer === undefined &&
    given.acl === undefined &&
    given.storageClass === undefined &&
    given.type === undefined &&
    given.contentDisposition === undefined &&
    given.contentEncoding === undefined &&
    given.versionId === undefined &&
    given.metadata === undefined &&
    given.checksumAlgorithm === undefined &&
    given.pageSize === undefined &&
    given.partSize === undefined &&
    given.queueSize === undefined &&
    given.retry === undefined &&
    given.highWaterMark === undefined &&
    given.connectTimeout === undefined &&
    given.responseTimeout === undefined &&
    given.stallTimeout === undefined &&
    given.timeout === undefined &&
    given.signal === undefined &&
    given.proxy === undefined
  );
}

/**
 * @param {Record<string, unknown>} given
 * @param {Fields} fields
 */
function readNumbers(given, fields) {
  const partSize = integer(given, "pageSize", MIN_PART_SIZE, MAX_PART_SIZE);
  if (partSize !== undefined) fields.partSize = partSize;
  const preferred = integer(given, "partSize", MIN_PART_SIZE, MAX_PART_SIZE);
  if (preferred !== undefined) fields.partSize = preferred;
  const queueSize = integer(given, "queueSize", 1, undefined);
  if (queueSize !== undefined) fields.queueSize = Math.min(queueSize, MAX_QUEUE_SIZE);
  const retry = integer(given, "retry", 0, MAX_RETRY);
  if (retry !== undefined) fields.retry = retry;
  if (typeof given.highWaterMark === "number" && given.highWaterMark > 0) fields.highWaterMark = given.highWaterMark;
}

/**
 * @param {Record<string, unknown>} given
 * @param {Fields} fields
 */
function readConnection(given, fields) {
  for (const name of TIMEOUTS) {
    const limit = integer(given, name, 0, MAX_TIMEOUT_MS);
    if (limit !== undefined) fields[name] = limit;
  }
  const { signal } = given;
  if (signal !== undefined && signal !== null) {
    if (!(signal instanceof AbortSignal)) throw wrongArgument("signal", "an instance of AbortSignal", signal);
    fields.signal = signal;
  }
  // An empty one is meaningful: no proxy, whatever the environment says.
  if (given["proxy"] !== undefined && given["proxy"] !== null) {
    const proxy = string(given, "proxy");
    const url = proxy.includes("://") ? proxy : `http://${proxy}`;
    if (proxy !== "" && (!URL.canParse(url) || !["http:", "https:"].includes(new URL(url).protocol))) {
      // It may hold a password: not repeated.
      throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "proxy must be an http:// or https:// URL");
    }
    fields.proxy = proxy;
  }
}

/**
 * @param {unknown} metadata
 * @returns {string[]} names and values in turn
 */
function readMetadata(metadata) {
  if (typeof metadata !== "object" || metadata === null) throw wrongArgument("metadata", "of type object", metadata);
  return Object.entries(metadata).flatMap(([name, value]) => {
    // What the name of a header may be made of.
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      const message = `The name ${JSON.stringify(name)} of metadata must be of letters, digits and the marks of header names`;
      throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
    }
    if (typeof value !== "string") throw wrongArgument(`metadata.${name}`, "of type string", value);
    return [name, value];
  });
}

/**
 * @param {Record<string, unknown>} given
 * @param {string} name
 * @returns {string} empty when absent
 */
function string(given, name) {
  const value = unboxed(given[name]);
  if (value === undefined || value === null) return "";
  if (typeof value !== "string") throw wrongArgument(name, "of type string", value);
  return value;
}

/**
 * The text of a String object; anything else as it is.
 * @param {unknown} value
 */
function unboxed(value) {
  return value instanceof String ? String(value) : value;
}

/**
 * @param {Record<string, unknown>} given
 * @param {string} name
 * @param {number} least
 * @param {number | undefined} most
 */
function integer(given, name, least, most) {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  const number = Math.trunc(Number(value)) || 0;
  if (number >= least && (most === undefined || number <= most)) return number;
  const range = most === undefined ? `>= ${least}` : `>= ${least} and <= ${most}`;
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${number}`;
  throw coded(RangeError, "ERR_OUT_OF_RANGE", message);
}

/**
 * @param {Record<string, unknown>} given
 * @param {string} name
 * @param {string[]} choices
 * @returns {string | undefined}
 */
function choice(given, name, choices) {
  const value = unboxed(given[name]);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `${name} must be a string`);
  if (choices.includes(value)) return value;
  const list = choices.map((choice) => `"${choice}"`).join(", ");
  throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `${name} must be one of ${list}`);
}

/** @param {string} endpoint */
function checkEndpoint(endpoint) {
  const url = endpoint.includes("://") ? endpoint : `https://${endpoint}`;
  const valid = endpoint.trim() === endpoint && /:\/\/[^/?#]*[\p{L}\p{N}]/u.test(url) && URL.canParse(url);
  if (!valid) throw wrongArgument("endpoint", "a valid URL", endpoint);
}

/**
 * Options over other options.
 * @param {Readonly<Fields>} base
 * @param {Readonly<Fields>} over
 * @returns {Readonly<Fields>}
 */
function layer(base, over) {
  for (const _ in over) return { ...base, ...over };
  return base;
}

module.exports = { unboxed, readOptions, layer, NOTHING, MIN_PART_SIZE };
