"use strict";
/** The constructor's arguments, checked as Bun checks them. */
const { readFileSync } = require("node:fs");
const { coded } = require("./errors.js");

const MAX_UINT32 = 0xffffffff;
const DEBUG = /(^|,)\s*(s3-valkey|\*)\s*(,|$)/i;
const TLS_SCHEME = /^(rediss|valkeys|(redis|valkey)\+tls(\+unix)?):\/\//i;

/**
 * @typedef {import("../../binding.js").LaneOptions} LaneOptions
 * @typedef {import("../../binding.js").LaneTls} LaneTls
 * @typedef {import("./types.js").RedisCredentialsProvider} CredentialsProvider
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
 * @returns {{ lane: LaneOptions, enableAutoPipelining: boolean, credentials: CredentialsProvider | undefined }}
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
      enableDebugLogging: DEBUG.test(process.env["NODE_DEBUG"] ?? ""),
      keepAlive: given["keepAlive"] === false ? 0 : uint32(given, "keepAlive", 30_000),
      deadPeerTimeout: uint32(given, "deadPeerTimeout", 30_000),
      clientName: given["name"] === undefined ? undefined : text(given, "name", "The client's "),
      library: resolveLibrary(given["library"]),
      hasCredentials: given["credentials"] !== undefined,
      tls: resolveTls(given["tls"], TLS_SCHEME.test(url)),
    },
    enableAutoPipelining: flag(given, "enableAutoPipelining"),
    credentials: resolveCredentials(given["credentials"]),
  };
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
  if (value < 0 || value > MAX_UINT32) {
    throw coded(
      RangeError,
      "ERR_OUT_OF_RANGE",
      `The value of "${name}" is out of range. It must be >= 0 and <= ${MAX_UINT32}. Received ${value}`,
    );
  }
  if (!Number.isInteger(value)) {
    throw invalid(`The "${name}" property must be of type integer. Received number`);
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

/**
 * @param {unknown} tls
 * @param {boolean} scheme whether the URL's scheme asks for TLS
 * @returns {LaneTls | undefined}
 */
function resolveTls(tls, scheme) {
  if (tls === undefined || tls === null || typeof tls === "boolean") {
    return tls === true || scheme ? withEnvironment({}) : undefined;
  }
  if (typeof tls !== "object") throw invalid("Expected tls to be a boolean or object for 'tls'.");
  if (Array.isArray(tls)) throw invalid("TLSOptions must be an object");
  if (Object.keys(tls).length === 0) throw invalid("Expected tls to be a object for 'tls'.");
  const given = /** @type {Record<string, unknown>} */ (tls);
  /** @type {LaneTls} */
  const lane = {};
  const ca = pems(given, "ca");
  if (given["caFile"] !== undefined) ca.push(readFileSync(text(given, "caFile")));
  if (ca.length > 0) lane.ca = ca;
  const [cert] = pems(given, "cert");
  if (cert) lane.cert = cert;
  const [key] = pems(given, "key");
  if (key) lane.key = key;
  const name = given["serverName"] === undefined ? "servername" : "serverName";
  if (given[name] !== undefined) lane.serverName = text(given, name);
  if (given["rejectUnauthorized"] !== undefined) {
    lane.rejectUnauthorized = Boolean(given["rejectUnauthorized"]);
  }
  return withEnvironment(lane);
}

/**
 * @param {LaneTls} tls
 * @returns {LaneTls}
 */
function withEnvironment(tls) {
  if (tls.rejectUnauthorized === undefined && process.env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0") {
    tls.rejectUnauthorized = false;
  }
  const extra = process.env["NODE_EXTRA_CA_CERTS"];
  if (extra) tls.extraCa = [readFileSync(extra)];
  return tls;
}

/**
 * One or several PEM texts.
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @returns {Uint8Array[]}
 */
function pems(options, name) {
  const value = options[name];
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((item) => {
    if (typeof item === "string") return Buffer.from(item);
    if (ArrayBuffer.isView(item)) return Buffer.from(item.buffer, item.byteOffset, item.byteLength);
    throw invalid(`TLSOptions.${name} must be a string or a buffer, or an array of them`);
  });
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {string} [owner] what the property belongs to, for the message
 * @returns {string}
 */
function text(options, name, owner = "TLSOptions.") {
  const value = options[name];
  if (typeof value !== "string") throw invalid(`${owner}${name} must be a string`);
  return value;
}

/** @param {string} message */
function invalid(message) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

module.exports = { resolveUrl, resolveOptions };
