"use strict";
/** The options of a pool. */
const { coded, outOfRange } = require("../errors.js");
const { resolveTimeout } = require("../view.js");

const MAX_UINT32 = 0xffffffff;

/**
 * @param {import("../options.js").Resolved} resolved of each connection
 * @param {Record<string, unknown>} given
 * @returns {import("../options.js").Resolved}
 */
function resolvePool(resolved, given) {
  const min = count(given, "min", 1, 0);
  const max = count(given, "max", 10, 2);
  if (min > max) throw outOfRange("min", `<= max, which is ${max}`, min);
  const maxWaiting = given["maxWaiting"] === Infinity ? MAX_UINT32 : count(given, "maxWaiting", MAX_UINT32, 0);
  if (resolved.cache !== undefined) {
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "A pool has no client cache: the server tells one connection of changes");
  }
  const acquireTimeout = given["acquireTimeout"];
  return {
    ...resolved,
    acquireTimeout: acquireTimeout === undefined ? 10_000 : resolveTimeout(acquireTimeout, "acquireTimeout"),
    lane: {
      ...resolved.lane,
      // Of a pool this is how long a connection may be idle, not how long a server may be silent.
      idleTimeout: 0,
      idleConnectionTimeout: given["idleTimeout"] === undefined ? 10_000 : resolved.lane.idleTimeout,
      pool: { min, max, maxWaiting },
    },
  };
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 * @param {number} missing
 * @param {number} least
 */
function count(options, name, missing, least) {
  const value = options[name];
  if (value === undefined) return missing;
  if (typeof value !== "number") {
    throw coded(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      `The "${name}" property must be of type number. Received ${typeof value}`,
    );
  }
  if (!Number.isInteger(value) || value < least || value > MAX_UINT32) throw outOfRange(name, `an integer >= ${least}`, value);
  return value;
}

module.exports = { resolvePool };
