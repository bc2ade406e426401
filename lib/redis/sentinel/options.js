"use strict";
/** The options that only a client with sentinels has. */
const { resolveAddressMap } = require("../address_map.js");
const { coded } = require("../errors.js");
const { resolveTls } = require("../tls.js");

const MAX_PORT = 0xffff;
const DEFAULT_SENTINEL_PORT = 26_379;
const READ_FROM = ["primary", "replica", "preferReplica"];
const TLS_SCHEME = /^\s*(rediss|valkeys|(redis|valkey)\+tls):\/\//i;
/** Options of a client that say where a single server is. */
const OF_ONE_SERVER = ["url", "host", "port", "path"];

/**
 * @typedef {import("../../../binding.js").LaneSentinel} LaneSentinel
 * @typedef {Record<string, unknown>} Given
 */

/**
 * Takes the constructor's argument apart: the group, and the options of any client.
 * @param {unknown} options
 * @returns {{ group: LaneSentinel, given: Given, addressMap: import("../address_map.js").AddressMap | undefined }}
 */
function resolveGroup(options) {
  if (typeof options !== "object" || options === null) {
    throw invalidType("RedisSentinel needs an object with the properties sentinels and name");
  }
  const { sentinels, name, sentinelUsername, sentinelPassword, sentinelTls, readFrom, addressMap, clientName, ...rest } =
    /** @type {Given} */ (options);
  const misplaced = OF_ONE_SERVER.find((key) => rest[key] !== undefined && rest[key] !== null);
  if (misplaced !== undefined) {
    throw invalidValue(`"${misplaced}" cannot be combined with sentinels, which tell where the servers are`);
  }
  if (typeof name !== "string") throw invalidType(`The "name" property must be of type string. Received ${typeof name}`);
  const urls = resolveSentinels(sentinels);
  const source = resolveReadFrom(readFrom);
  // What the primary tells of its keys may come before a replica knows of it.
  if (source !== "primary" && rest["clientCache"]) throw invalidValue("clientCache needs readFrom: \"primary\"");
  const group = {
    name,
    sentinels: urls,
    username: optionalText(sentinelUsername, "sentinelUsername"),
    password: optionalText(sentinelPassword, "sentinelPassword"),
    tls: resolveTls(sentinelTls, urls.some((url) => TLS_SCHEME.test(url))),
    readFrom: source,
  };
  return { group, given: { ...rest, name: clientName }, addressMap: resolveAddressMap(addressMap) };
}

/** @param {unknown} sentinels */
function resolveSentinels(sentinels) {
  if (!Array.isArray(sentinels)) throw invalidType('The "sentinels" property must be an array');
  if (sentinels.length === 0) throw invalidValue('The "sentinels" property must name at least one sentinel');
  return sentinels.map((sentinel) => {
    if (typeof sentinel === "string" || sentinel instanceof URL) return `${sentinel}`;
    return address(sentinel, DEFAULT_SENTINEL_PORT, 'An element of "sentinels"');
  });
}

/** @param {unknown} readFrom */
function resolveReadFrom(readFrom) {
  if (readFrom === undefined || readFrom === null) return "primary";
  if (typeof readFrom !== "string" || !READ_FROM.includes(readFrom)) {
    throw invalidValue(`The "readFrom" property must be one of ${READ_FROM.join(", ")}`);
  }
  return readFrom;
}

/**
 * `host:port` of an object with these properties.
 * @param {unknown} given
 * @param {number} defaultPort
 * @param {string} what
 */
function address(given, defaultPort, what) {
  const { host, port = defaultPort } = /** @type {Given} */ (Object(given));
  if (typeof host !== "string" || host === "") throw invalidType(`${what} must be "host:port" or an object with a host`);
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw invalidValue(`The port of ${what[0]?.toLowerCase()}${what.slice(1)} must be an integer from 1 to ${MAX_PORT}`);
  }
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @returns {string | undefined}
 */
function optionalText(value, name) {
  if (value === undefined || value === null) return undefined;
  // The value is never shown: it may be a password.
  if (typeof value !== "string") throw invalidType(`The "${name}" property must be of type string. Received ${typeof value}`);
  return value;
}

/**
 * The sentinels without their passwords.
 * @param {string[]} sentinels
 */
function shownSentinels(sentinels) {
  return sentinels.map((sentinel) => sentinel.replace(/^(.*:\/\/)?.*@/, "$1***@"));
}

/** @param {string} message */
function invalidType(message) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

/** @param {string} message */
function invalidValue(message) {
  return coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
}

module.exports = { resolveGroup, shownSentinels };
