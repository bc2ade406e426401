"use strict";
/** URLs by which anyone can do one thing with an object for a while. */

const { coded } = require("./errors.js");
const { unboxed } = require("./options.js");

const DEFAULT_EXPIRY_S = 86_400;
const MAX_INTEGER = 2_147_483_647;
/** In the order in which the native side knows them. */
const PRESIGN_METHODS = ["GET", "PUT", "HEAD", "DELETE", "POST"];

/**
 * Whether Node knows a method. Its list is loaded only by those who presign with a method of their own.
 * @param {string} name
 */
function isMethod(name) {
  return PRESIGN_METHODS.includes(name) || require("node:http").METHODS.includes(name);
}

/**
 * @param {import("./config.js").Config} config
 * @param {string} path
 * @param {unknown} options what `presign` was given; already checked as far as it is general
 * @param {boolean} inherit whether what the object is to be is part of the URL
 * @returns {string}
 */
function presign(config, path, options, inherit) {
  const given = typeof options === "object" && options !== null ? /** @type {Record<string, unknown>} */ (options) : {};
  const { fields } = config;
  const chosen = method(unboxed(given["method"]));
  const expiresIn = expiry(given["expiresIn"]);
  const acl = inherit ? fields.acl : undefined;
  const storageClass = inherit ? fields.storageClass : undefined;
  // As it was written: `fields.type` is what an upload would send.
  const contentType = given["type"] ? String(given["type"]) : undefined;
  try {
    const { contentDisposition, versionId } = fields;
    return config.handle.presign(path, chosen, expiresIn, acl, storageClass, contentType, contentDisposition, versionId);
  } catch (error) {
    const { code, message } = /** @type {Error & { code: string }} */ (error);
    throw coded(Error, code, message);
  }
}

/**
 * @param {unknown} value
 * @returns {number} its place among those that can be presigned
 */
function method(value) {
  if (value === undefined || value === null || value === "") return 0;
  if (typeof value === "string") {
    const upper = value.toUpperCase();
    if ((value === upper || value === value.toLowerCase()) && isMethod(upper)) {
      const index = PRESIGN_METHODS.indexOf(upper);
      if (index >= 0) return index;
      throw coded(Error, "ERR_S3_INVALID_METHOD", "Method must be GET, PUT, DELETE or HEAD when using s3:// protocol");
    }
  }
  throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "method must be GET, PUT, DELETE or HEAD when using s3 protocol");
}

/** @param {unknown} value */
function expiry(value) {
  if (value === undefined || value === null) return DEFAULT_EXPIRY_S;
  const seconds = Math.trunc(Number(value)) || 0;
  if (seconds > 0) return Math.min(seconds, MAX_INTEGER);
  throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "expiresIn must be greather than 0");
}

module.exports = { presign };
