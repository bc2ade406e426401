"use strict";
/** Where a client connects to: a URL, the parts of an address among the options, or both. */
const { invalidProperty, outOfRange } = require("./errors.js");

const DEFAULT_URL = "valkey://localhost:6379";
const MAX_PORT = 0xffff;
const MAX_DATABASE = 0xffffffff;

/**
 * @typedef {import("../../binding.js").LaneTarget} LaneTarget
 * @typedef {Record<string, unknown>} Given
 */

/**
 * The constructor's two arguments: a URL and options, or options alone.
 * @param {unknown} url
 * @param {unknown} options
 * @returns {{ url: unknown, options: Given }}
 */
function split(url, options) {
  const given = typeof options === "object" && options !== null ? /** @type {Given} */ (options) : {};
  if (isPlain(url)) return { url: url["url"], options: { ...url, ...given } };
  return { url: url ?? given["url"], options: given };
}

/**
 * Whether it is an object literal, unlike a URL or whatever else has a text form of its own.
 * @param {unknown} value
 * @returns {value is Given}
 */
function isPlain(value) {
  if (typeof value !== "object" || value === null || Object.hasOwn(value, "toString")) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/**
 * The URL to begin with. The environment is read now.
 * @param {unknown} url
 * @param {Given} options
 * @returns {string}
 */
function resolveUrl(url, options) {
  if (url !== undefined && url !== null) return `${/** @type {any} */ (url)}`;
  if (isGiven(options["host"]) || isGiven(options["path"])) return DEFAULT_URL;
  return process.env["REDIS_URL"] || process.env["VALKEY_URL"] || DEFAULT_URL;
}

/**
 * What the options say about the address; it wins over the URL.
 * @param {Given} options
 * @returns {LaneTarget}
 */
function resolveTarget(options) {
  /** @type {LaneTarget} */
  const target = {};
  for (const name of /** @type {const} */ (["host", "path", "username", "password"])) {
    const value = options[name];
    if (!isGiven(value)) continue;
    if (typeof value !== "string") throw invalidProperty(name, "of type string", value);
    target[name] = value;
  }
  const port = integer(options, "port", 1, MAX_PORT);
  if (port !== undefined) target.port = port;
  const database = integer(options, "db", 0, MAX_DATABASE);
  if (database !== undefined) target.database = database;
  return target;
}

/**
 * @param {Given} options
 * @param {string} name
 * @param {number} least
 * @param {number} most
 */
function integer(options, name, least, most) {
  const value = options[name];
  if (!isGiven(value)) return undefined;
  if (typeof value !== "number") throw invalidProperty(name, "of type number", value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(name, `an integer >= ${least} and <= ${most}`, value);
  }
  return value;
}

/** @param {unknown} value */
function isGiven(value) {
  return value !== undefined && value !== null;
}

module.exports = { split, resolveUrl, resolveTarget };
