"use strict";
/** Where in a cluster a connection of one's own leads. */
const { RedisLane } = require("../../../binding.js");
const { toArgument } = require("../encode.js");
const { RedisError, coded, outOfRange } = require("../errors.js");
const { nodeOf } = require("./route.js");

const SLOTS = 16_384;

/**
 * @typedef {import("../encode.js").Argument} Argument
 * @typedef {import("./connection.js").ClusterConnection} ClusterConnection
 * @typedef {import("../../../binding.js").LeasePlace} Place
 */

/**
 * @param {unknown} options those of `acquire`
 * @param {ClusterConnection} connection
 * @returns {Place}
 */
function resolvePlace(options, connection) {
  const { key, slot, node } = /** @type {Record<string, unknown>} */ (options ?? {});
  const given = [key, slot, node].filter((value) => value !== undefined);
  if (given.length !== 1) {
    const message = "A connection of a cluster is to one node: expected one of the options key, slot and node";
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  if (node !== undefined) return { node: nodeOf(node, connection.lane) };
  if (slot === undefined) return { slot: slotOf([keyOf(key)], connection) };
  if (typeof slot !== "number") throw invalidType("slot", "of type number", slot);
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) {
    throw outOfRange("slot", `an integer >= 0 and < ${SLOTS}`, slot);
  }
  return { slot };
}

/** @param {unknown} key */
function keyOf(key) {
  const argument = toArgument(key);
  if (argument === undefined) throw invalidType("key", "a string or buffer", key);
  return argument;
}

/**
 * The slot of keys, with the client's prefix. Throws a `RedisError` that names two of them when they are in several slots.
 * @param {readonly Argument[]} keys
 * @param {ClusterConnection} connection
 * @returns {number}
 */
function slotOf(keys, connection) {
  return commonSlot(connection.gate.keysAsSent(keys));
}

/**
 * @param {readonly Argument[]} keys as the servers see them
 * @returns {number}
 */
function commonSlot(keys) {
  try {
    return RedisLane.commonSlot(keys.map((key) => (typeof key === "string" ? Buffer.from(key) : key)));
  } catch (error) {
    const { code, message } = /** @type {{ code: string, message: string }} */ (error);
    throw new RedisError(code, message);
  }
}

/**
 * @param {string} name
 * @param {string} expected
 * @param {unknown} value
 */
function invalidType(name, expected, value) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" property must be ${expected}. Received ${typeof value}`);
}

module.exports = { commonSlot, resolvePlace, slotOf };
