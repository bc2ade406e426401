"use strict";
/** The constructor's arguments, checked as Bun checks them. */
const { resolveTarget } = require("./address.js");
const { coded, outOfRange } = require("./errors.js");
const { resolveRules } = require("./rules.js");
const { resolveTls } = require("./tls.js");

const MAX_UINT32 = 0xffffffff;
const DEBUG = /(^|,)\s*(s3-valkey|\*)\s*(,|$)/i;
// Blanks before a URL do not count.
const TLS_SCHEME = /^[\0- ]*(rediss|valkeys|(redis|valkey)\+tls(\+unix)?):\/\//i;

/**
 * @typedef {import("../../binding.js").LaneOptions} LaneOptions
 * @typedef {import("./types.js").RedisCredentialsProvider} CredentialsProvider
 *
 * @typedef {object} Resolved
 * @property {LaneOptions} lane
 * @property {boolean} enableAutoPipelining
 * @property {import("./admission.js").Rules} rules
 * @property {CredentialsProvider | undefined} credentials
 * @property {import("./address_map.js").AddressMap} [addressMap]
 * @property {number} [acquireTimeout] milliseconds that one waits for a connection of a pool
 * @property {import("./cache/options.js").CacheOptions} [cache]
 */

/**
 * Checks the options and fills in defaults.
 * @param {string} url
 * @param {Record<string, unknown>} given
 * @returns {Resolved}
 */
function resolveOptions(url, given) {
  const rules = resolveRules(given);
  const cache = resolveCache(given["clientCache"], rules.keyPrefix);
  return {
    lane: {
      connectionTimeout: uint32(given, "connectionTimeout", 10_000),
      idleTimeout: uint32(given, "idleTimeout", 0),
      autoReconnect: flag(given, "autoReconnect"),
      maxRetries: uint32(given, "maxRetries", 20),
      enableOfflineQueue: flag(given, "enableOfflineQueue"),
      enableDebugLogging: Boolean(given["debug"]) || DEBUG.test(process.env["NODE_DEBUG"] ?? ""),
      keepAlive: given["keepAlive"] === false ? 0 : uint32(given, "keepAlive", 30_000),
      deadPeerTimeout: uint32(given, "deadPeerTimeout", 30_000),
      maxBlockingConnections: positive(uint32(given, "maxBlockingConnections", 100), "maxBlockingConnections"),
      idleConnectionTimeout: uint32(given, "idleConnectionTimeout", 10_000),
      clientName: given["name"] === undefined ? undefined : text(given, "name", "The client's "),
      library: resolveLibrary(given["library"]),
      hasCredentials: given["credentials"] !== undefined,
      tls: resolveTls(given["tls"], TLS_SCHEME.test(url)),
      target: resolveTarget(given),
      ...(cache === undefined ? {} : { tracking: { prefixes: cache.prefixes } }),
    },
    enableAutoPipelining: flag(given, "enableAutoPipelining"),
    rules,
    cache,
    credentials: resolveCredentials(given["credentials"]),
  };
}

/**
 * @param {unknown} cache
 * @param {string | Uint8Array} keyPrefix
 */
function resolveCache(cache, keyPrefix) {
  if (cache === undefined || cache === null || cache === false) return undefined;
  return require("./cache/options.js").resolveCache(cache, keyPrefix);
}

/**
 * @param {unknown} library
 * @returns {{ name?: string, version?: string } | undefined}
 */
function resolveLibrary(library) {
  if (library === undefined || library === null || library === false) return undefined;
  if (library === true) return {};
  if (typeof library !== "object") throw invalid('The "library" property must be a boolean or an object');
  const given = /** @type {Record<string, unknown>} */ (library);
  /** @type {{ name?: string, version?: string }} */
  const resolved = {};
  for (const key of /** @type {const} */ (["name", "version"])) {
    if (given[key] !== undefined) resolved[key] = text(given, key, "library.");
  }
  return resolved;
}

/**
 * @param {unknown} provider
 * @returns {CredentialsProvider | undefined}
 */
function resolveCredentials(provider) {
  if (provider === undefined) return undefined;
  if (typeof provider !== "function") {
    throw invalid(`The "credentials" property must be of type function. Received ${typeof provider}`);
  }
  return /** @type {CredentialsProvider} */ (provider);
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
    throw outOfRange(name, `>= 0 and <= ${MAX_UINT32}`, value);
  }
  return value;
}

/**
 * @param {number} value
 * @param {string} name
 */
function positive(value, name) {
  if (value > 0) return value;
  throw outOfRange(name, "> 0", value);
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 */
function flag(options, name) {
  const value = options[name];
  return value === undefined ? true : Boolean(value);
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {string} owner what the property belongs to, for the message
 * @returns {string}
 */
function text(options, name, owner) {
  const value = options[name];
  if (typeof value !== "string") throw invalid(`${owner}${name} must be a string`);
  return value;
}

/** @param {string} message */
function invalid(message) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

module.exports = { resolveOptions };
