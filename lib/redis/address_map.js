"use strict";
/** Where addresses that servers tell lead from here, as behind a NAT or a tunnel: the option `addressMap`. */
const { DEFAULT_PORT, isPort, resolveAddress } = require("./cluster/seeds.js");
const { coded, reasonOf } = require("./errors.js");

/**
 * @typedef {{ host: string, port: number }} Address
 * @typedef {(host: string, port: number) => Promise<Address | undefined>} AddressMap
 *
 * @param {unknown} given
 * @returns {AddressMap | undefined} gives nothing for an address that stays as it is
 */
function resolveAddressMap(given) {
  if (given === undefined || given === null) return undefined;
  if (typeof given === "function") return async (host, port) => target(await given(host, port));
  if (typeof given !== "object" || Array.isArray(given)) throw invalidType("an object, a Map or a function", given);
  const pairs = given instanceof Map ? [...given] : Object.entries(given);
  const entries = pairs.map(([from, to]) => {
    if (typeof from !== "string") throw invalidType('made of keys such as "10.0.0.1:6379"', from);
    const { host, port } = resolveAddress(from, "key of addressMap");
    return /** @type {const} */ ([key(host, port), target(to)]);
  });
  const map = new Map(entries);
  return async (host, port) => map.get(key(host, port));
}

/**
 * Answers the native side's question for an address.
 * @param {import("../../binding.js").RedisLane} lane
 * @param {string} question its number, the port and the host
 * @param {AddressMap | undefined} addressMap
 */
async function translate(lane, question, addressMap) {
  const [asked = "", port = "", ...host] = question.split(" ");
  const from = { host: host.join(" "), port: Number(port) };
  try {
    const to = (await addressMap?.(from.host, from.port)) ?? from;
    lane.addressFound(Number(asked), to.host, to.port);
  } catch (error) {
    const { code, message } = reasonOf(error);
    lane.noAddress(Number(asked), code, message);
  }
}

/**
 * @param {string} host
 * @param {number} port
 */
function key(host, port) {
  return `${host.toLowerCase()} ${port}`;
}

/**
 * @param {any} value
 * @returns {Address | undefined}
 */
function target(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return resolveAddress(value, "value of addressMap");
  const { host, port = DEFAULT_PORT } = value;
  if (typeof host !== "string" || typeof port !== "number") {
    throw invalidType('made of "host:port" or objects with host and port', value);
  }
  if (host === "" || !isPort(port)) {
    const message = 'The "addressMap" property must lead to a host and a port from 1 to 65535';
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  return { host, port };
}

/**
 * @param {string} expected
 * @param {unknown} value
 */
function invalidType(expected, value) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "addressMap" property must be ${expected}. Received ${typeof value}`);
}

module.exports = { resolveAddressMap, translate };
