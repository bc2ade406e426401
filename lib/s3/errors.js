"use strict";
/** The errors of the S3 client. */
const { lazily } = require("../lazily.js");

const port = lazily(() => require("../port.js"));

/**
 * A failed S3 operation. `code` is the server's code (`NoSuchKey`, `AccessDenied`, …) or one of
 * the client's own (`ERR_S3_MISSING_CREDENTIALS`, `ConnectionRefused`, …).
 */
class S3Error extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ path?: string, bucket?: string, statusCode?: number, requestId?: string, cause?: unknown }} [details]
   */
  constructor(code, message, details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    /** @type {string} */
    this.code;
    Object.defineProperty(this, "code", { value: code, configurable: true });
    /** @type {string | undefined} */
    this.path;
    /** @type {string | undefined} */
    this.bucket;
    /** @type {number | undefined} */
    this.statusCode;
    /** @type {string | undefined} */
    this.requestId;
    const { cause: _, ...known } = details;
    for (const [name, value] of Object.entries(known)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true, writable: true, configurable: true });
    }
  }
}
Object.defineProperty(S3Error.prototype, "name", { value: "S3Error", writable: true, configurable: true });

/**
 * The error of bytes that are not where they were.
 * @param {string} path
 * @param {unknown} [cause]
 */
function detached(path, cause) {
  return new S3Error("ERR_S3_BODY_DETACHED", "The buffer was detached while it was being written", { path, cause });
}

/**
 * How the failure of an operation on `path` becomes an error. The object is named as the caller
 * named it.
 * @param {string} path
 * @returns {(failure: import("../port.js").Failure) => S3Error}
 */
function failedAt(path) {
  return ([, code, message, status, requestId, bucket, , causes]) =>
    new S3Error(code, message, {
      path,
      bucket: bucket ?? undefined,
      statusCode: status ?? undefined,
      requestId: requestId ?? undefined,
      cause: port().causeOf(causes, (code, message, options) => new S3Error(code, message, options)),
    });
}

/**
 * @template {Error} E
 * @param {new (message: string) => E} Class
 * @param {string} code
 * @param {string} message
 * @returns {E & { code: string }}
 */
function coded(Class, code, message) {
  return Object.defineProperty(/** @type {E & { code: string }} */ (new Class(message)), "code", {
    value: code,
    writable: true,
    configurable: true,
  });
}

/**
 * Node's words for a value of the wrong type.
 * @param {unknown} value
 * @returns {string}
 */
function received(value) {
  if (value === undefined || value === null) return `Received ${value}`;
  if (typeof value === "function") return `Received function ${value.name}`;
  if (typeof value === "object") {
    const name = value.constructor?.name;
    return name ? `Received an instance of ${name}` : "Received an object";
  }
  const shortened = typeof value === "string" && value.length > 25 ? `${value.slice(0, 25)}...` : value;
  const text = typeof value === "string" ? `'${shortened}'` : `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
  return `Received type ${typeof value} (${text})`;
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {unknown} value
 */
function wrongArgument(name, expected, value) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" argument must be ${expected}. ${received(value)}`);
}

/**
 * The error of a method that was called on something else.
 * @param {string} expected
 * @param {unknown} value
 */
function wrongReceiver(expected, value) {
  const but = value === undefined ? "" : `, but ${received(value).replace("Received", "received")}`;
  return coded(TypeError, "ERR_INVALID_THIS", `Expected this to be instanceof ${expected}${but}`);
}

/**
 * The error of an upload that could not be dropped, which names it.
 * @param {S3Error} failure
 * @param {unknown} cause why it was to be dropped
 */
function leftBehind({ code, message, path, bucket, statusCode, requestId }, cause) {
  return new S3Error(code, message, { path, bucket, statusCode, requestId, cause });
}

module.exports = { wrongReceiver, S3Error, detached, failedAt, leftBehind, coded, received, wrongArgument };
