"use strict";
/** Paths: as users give them, and what they say about themselves before they are resolved. */

const { fileURLToPath } = require("node:url");
const { isAnyArrayBuffer } = require("node:util/types");
const { coded } = require("./errors.js");

/**
 * The path that a user gave, as a string.
 * @param {unknown} path
 * @returns {string | undefined} undefined when it is no path
 */
function readPath(path) {
  let text;
  if (typeof path === "string") text = path;
  else if (ArrayBuffer.isView(path)) text = Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString();
  else if (isAnyArrayBuffer(path)) text = Buffer.from(path).toString();
  else if (path instanceof URL) {
    if (path.protocol !== "file:") throw coded(TypeError, "ERR_INVALID_URL_SCHEME", 'URL must be a non-empty "file:" path');
    text = fileURLToPath(path);
  } else return undefined;
  if (text.includes("\0")) {
    const kinds = "a string, Uint8Array, or URL without null bytes";
    const message = `The argument 'path' must be ${kinds}. Received ${JSON.stringify(text)}`;
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  return text;
}

/**
 * A path as `name` shows it: without its scheme, else without its first slash. Requests are made by the core.
 * @param {string} path
 */
function nameOf(path) {
  const scheme = /^s3:\/\//i.exec(path);
  return scheme === null ? path.replace(/^[/\\]/, "") : path.slice(scheme[0].length);
}

/**
 * The bucket that a path names when none is configured.
 * @param {string} path
 * @returns {string | undefined}
 */
function bucketOf(path) {
  return /^\/?([^/]+)\//.exec(nameOf(path))?.[1];
}

module.exports = { readPath, nameOf, bucketOf };
