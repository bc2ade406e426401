"use strict";
/** The option `clientCache`. */
const { toArgument } = require("../encode.js");
const { coded, invalidProperty, outOfRange } = require("../errors.js");

const MIB = 1024 * 1024;
const DEFAULT_BYTES = 64 * MIB;

/**
 * @typedef {object} CacheOptions
 * @property {number} maxBytes
 * @property {number} ttl in milliseconds, `Infinity` for no limit
 * @property {Buffer[] | undefined} prefixes what the server tells of unasked; `undefined` for what was read
 */

/**
 * @param {unknown} given neither undefined nor false
 * @param {string | Uint8Array} keyPrefix
 * @returns {CacheOptions}
 */
function resolveCache(given, keyPrefix) {
  if (given !== true && (typeof given !== "object" || given === null)) throw invalidProperty("clientCache", "a boolean or an object", given);
  const { maxBytes, ttl, broadcast } = /** @type {Record<string, unknown>} */ (given === true ? {} : given);
  return {
    maxBytes: positive(maxBytes, "maxBytes", DEFAULT_BYTES),
    ttl: positive(ttl, "ttl", Infinity),
    prefixes: resolvePrefixes(broadcast, Buffer.from(keyPrefix)),
  };
}

/**
 * @param {unknown} broadcast
 * @param {Buffer} keyPrefix
 */
function resolvePrefixes(broadcast, keyPrefix) {
  if (broadcast === undefined || broadcast === false) return undefined;
  if (broadcast === true) return [keyPrefix];
  if (!Array.isArray(broadcast) || broadcast.length === 0) {
    throw invalidProperty("clientCache.broadcast", "a boolean or a list of prefixes", broadcast);
  }
  const prefixes = broadcast.map((prefix) => {
    const argument = typeof prefix === "number" ? undefined : toArgument(prefix);
    if (argument === undefined) throw invalidProperty("clientCache.broadcast", "a list of strings or buffers", prefix);
    return Buffer.concat([keyPrefix, Buffer.from(argument)]);
  });
  const overlap = prefixes.some((one, index) => prefixes.some((other, at) => at !== index && startsWith(one, other)));
  if (overlap) {
    const message = 'The prefixes in the "clientCache.broadcast" property must not begin with each other';
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  return prefixes;
}

/**
 * @param {Buffer} bytes
 * @param {Buffer} prefix
 */
function startsWith(bytes, prefix) {
  return bytes.subarray(0, prefix.length).equals(prefix);
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} missing
 */
function positive(value, name, missing) {
  if (value === undefined) return missing;
  if (typeof value !== "number") throw invalidProperty(`clientCache.${name}`, "of type number", value);
  if (!(value > 0)) throw outOfRange(`clientCache.${name}`, "above 0", value);
  return value;
}

module.exports = { resolveCache, startsWith };
