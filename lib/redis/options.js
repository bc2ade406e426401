"use strict";
/** The constructor's arguments, checked as Bun checks them. */
const { coded } = require("./errors.js");
const { resolveTls } = require("./tls.js");

const MAX_UINT32 = 0xffffffff;
// Blanks before a URL do not count.
const TLS_SCHEME = /^[\0- ]*(rediss|valkeys|(redis|valkey)\+tls(\+unix)?):\/\//i;

/**
 * @typedef {import("../../binding.js").LaneOptions} LaneOptions
 */

/**
 * The URL to connect to.
 * @param {unknown} url
 * @returns {string}
 */
function resolveUrl(url) {
  if (url !== undefined && url !== null) return `${/** @type {any} */ (url)}`;
  return process.env["REDIS_URL"] || process.env["VALKEY_URL"] || "valkey://localhost:6379";
}

/**
 * Checks the options and fills in defaults.
 * @param {string} url
 * @param {unknown} options ignored unless it is an object
 * @returns {{ lane: LaneOptions, enableAutoPipelining: boolean }}
 */
function resolveOptions(url, options) {
  const given = /** @type {Record<string, unknown>} */ (
    typeof options === "object" && options !== null ? options : {}
  );
  return {
    lane: {
      connectionTimeout: uint32(given, "connectionTimeout", 10_000),
      idleTimeout: uint32(given, "idleTimeout", 0),
      autoReconnect: flag(given, "autoReconnect"),
      maxRetries: uint32(given, "maxRetries", 20),
      enableOfflineQueue: flag(given, "enableOfflineQueue"),
      tls: resolveTls(given["tls"], TLS_SCHEME.test(url)),
    },
    enableAutoPipelining: flag(given, "enableAutoPipelining"),
  };
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {number} missing
 */
function uint32(options, name, missing) {
  const value = options[name];
  if (value === undefined || Number.isNaN(value)) return missing;
  if (typeof value !== "number") {
    throw invalid(`The "${name}" property must be of type number. Received ${typeof value}`);
  }
  if (Number.isFinite(value) && !Number.isInteger(value)) {
    throw invalid(`The "${name}" property must be of type integer. Received number`);
  }
  if (value < 0 || value > MAX_UINT32) {
    throw coded(
      RangeError,
      "ERR_OUT_OF_RANGE",
      `The value of "${name}" is out of range. It must be >= 0 and <= ${MAX_UINT32}. Received ${value}`,
    );
  }
  return value;
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 */
function flag(options, name) {
  const value = options[name];
  return value === undefined ? true : Boolean(value);
}

/** @param {string} message */
function invalid(message) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

module.exports = { resolveUrl, resolveOptions };
