"use strict";
/** Pages of a bucket's objects or of their versions: what the input says, and the call. */

const { coded } = require("./errors.js");
const { unboxed } = require("./options.js");
const { run } = require("./run.js");

/** @typedef {import("./config.js").Config} Config */

const MAX_INTEGER = 2_147_483_647;

/**
 * @param {Config} config
 * @param {unknown} input
 * @returns {Promise<import("./types.js").S3ListObjectsResponse>}
 */
function list(config, input) {
  const { text, maxKeys, given } = listInput(input, "S3Client.listObjects() needs a S3ListObjectsOption as it's first argument");
  const { fetchOwner } = given;
  const query = {
    prefix: text("prefix"),
    continuationToken: text("continuationToken"),
    delimiter: text("delimiter"),
    maxKeys,
    startAfter: text("startAfter"),
    encodingType: text("encodingType") && "url",
    // Other values count as true or false, these as absent.
    fetchOwner: [undefined, null, ""].includes(/** @type {any} */ (fetchOwner)) ? undefined : Boolean(fetchOwner),
  };
  return run(config, "", (id) => config.handle.list(id, query)).then((json) => JSON.parse(json));
}

/**
 * @param {Config} config
 * @param {unknown} input
 * @returns {Promise<import("./types.js").S3ListVersionsResponse>}
 */
function listVersions(config, input) {
  const { text, maxKeys } = listInput(input, "S3Client.listVersions() needs an object with options as its first argument");
  const query = {
    prefix: text("prefix"),
    delimiter: text("delimiter"),
    maxKeys,
    keyMarker: text("keyMarker"),
    versionIdMarker: text("versionIdMarker"),
    encodingType: text("encodingType") && "url",
  };
  return run(config, "", (id) => config.handle.listVersions(id, query)).then((json) => JSON.parse(json));
}

/**
 * What the input of a list says; what is empty or of a wrong type counts as absent.
 * @param {unknown} input
 * @param {string} refusal
 */
function listInput(input, refusal) {
  if (input !== undefined && input !== null && typeof input !== "object" && typeof input !== "function") {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", refusal);
  }
  const given = /** @type {Record<string, unknown>} */ (input ?? {});
  /** @param {string} name */
  const text = (name) => {
    const value = unboxed(given[name]);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const { maxKeys } = given;
  return { given, text, maxKeys: typeof maxKeys === "number" ? Math.trunc(clamp(maxKeys)) : undefined };
}

/**
 * A number within 32 bits.
 * @param {number} number
 */
function clamp(number) {
  return Math.min(Math.max(number, -MAX_INTEGER - 1), MAX_INTEGER);
}

module.exports = { list, listVersions };
