"use strict";
/** Where a cluster is found: the first argument of its client. */
const { coded } = require("../errors.js");

const MAX_PORT = 0xffff;
const DEFAULT_PORT = 6379;

/**
 * @typedef {import("../../../binding.js").ClusterSeed} Seed
 */

/**
 * @param {unknown} given a seed or an array of seeds
 * @returns {Seed[]}
 */
function resolveSeeds(given) {
  const list = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw invalidValue("at least one seed is needed");
  return list.map(resolveSeed);
}

/**
 * @param {unknown} seed
 * @returns {Seed}
 */
function resolveSeed(seed) {
  if (typeof seed === "string" || seed instanceof URL) {
    const text = `${seed}`;
    return text.includes("://") ? { url: text } : resolveAddress(text, "seed");
  }
  if (typeof seed === "object" && seed !== null) {
    const { host, port = DEFAULT_PORT } = /** @type {Record<string, unknown>} */ (seed);
    if (typeof host === "string" && host !== "" && isPort(port)) return { host, port };
  }
  throw coded(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    'A seed must be a URL, "host:port" or an object with host and port',
  );
}

/**
 * Takes `host:port` apart; an IPv6 address is in brackets.
 * @param {string} text
 * @param {string} what for the error; the text itself may hold a secret
 * @returns {{ host: string, port: number }}
 */
function resolveAddress(text, what) {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:@/[\]]+))(?::(\d+))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (host === undefined || !isPort(port)) throw invalidValue(`a ${what} must be "host:port"`);
  return { host, port };
}

/**
 * @param {unknown} port
 * @returns {port is number}
 */
function isPort(port) {
  return typeof port === "number" && Number.isInteger(port) && port >= 1 && port <= MAX_PORT;
}

/** @param {string} message */
function invalidValue(message) {
  return coded(TypeError, "ERR_INVALID_ARG_VALUE", `Invalid address of a cluster: ${message}`);
}

module.exports = { DEFAULT_PORT, isPort, resolveSeeds, resolveAddress };
