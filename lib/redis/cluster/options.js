"use strict";
/** The options of a cluster's client that a client of one server has not. */
const { coded, outOfRange } = require("../errors.js");

const READ_FROM = ["primary", "replica", "preferReplica", "nearest"];
const MAX_UINT32 = 0xffffffff;
const MAX_REDIRECTIONS = 16;
const REFRESH_INTERVAL_MS = 60_000;

/**
 * @param {Record<string, unknown>} given
 * @returns {import("../../../binding.js").ClusterOptions}
 */
function resolveClusterOptions(given) {
  const { readFrom = "primary", zone } = given;
  if (typeof readFrom !== "string" || !READ_FROM.includes(readFrom)) {
    throw invalidValue(`The "readFrom" property must be one of ${READ_FROM.join(", ")}`);
  }
  if (zone !== undefined && typeof zone !== "string") throw invalidType("zone", "of type string", zone);
  if (readFrom === "nearest" && !zone) throw invalidValue('"readFrom: nearest" needs the "zone" that this program runs in');
  return {
    readFrom,
    zone,
    maxRedirections: count(given, "maxRedirections", MAX_REDIRECTIONS),
    refreshInterval: count(given, "refreshInterval", REFRESH_INTERVAL_MS),
  };
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {number} missing
 */
function count(options, name, missing) {
  const value = options[name];
  if (value === undefined || value === null) return missing;
  if (typeof value !== "number") throw invalidType(name, "of type number", value);
  if (!Number.isInteger(value) || value < 0 || value > MAX_UINT32) {
    throw outOfRange(name, `an integer >= 0 and <= ${MAX_UINT32}`, value);
  }
  return value;
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {unknown} value
 */
function invalidType(name, expected, value) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" property must be ${expected}. Received ${typeof value}`);
}

/** @param {string} message */
function invalidValue(message) {
  return coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
}

module.exports = { resolveClusterOptions };
