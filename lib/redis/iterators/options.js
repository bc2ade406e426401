"use strict";
/** The options of iterators. */
const { toArgument } = require("../encode.js");
const { coded, invalidArgument } = require("../errors.js");

/**
 * @typedef {import("../encode.js").Argument} Argument
 *
 * @typedef {object} Resolved
 * @property {Argument[]} args as the command takes them
 * @property {boolean} batches
 * @property {boolean} noValues
 */

/**
 * Checks the options of an iterator.
 * @param {unknown} given
 * @param {string} method
 * @param {("type" | "noValues")[]} special what not every iterator has
 * @returns {Resolved}
 */
function readOptions(given, method, special) {
  if (given !== undefined && (typeof given !== "object" || given === null)) {
    throw invalidArgument("options", "an object", method);
  }
  const { match, count, type, noValues, batches } = /** @type {Record<string, unknown>} */ (given ?? {});
  /** @type {Argument[]} */
  const args = [];
  if (match !== undefined) args.push("MATCH", pattern(match, method));
  if (count !== undefined) args.push("COUNT", String(wholeNumber(count, method)));
  if (type !== undefined && special.includes("type")) {
    if (typeof type !== "string") throw invalidArgument("type", "a string", method);
    args.push("TYPE", type);
  }
  const keysOnly = Boolean(noValues) && special.includes("noValues");
  if (keysOnly) args.push("NOVALUES");
  return { args, batches: Boolean(batches), noValues: keysOnly };
}

/**
 * @param {unknown} match
 * @param {string} method
 */
function pattern(match, method) {
  const argument = typeof match === "number" ? undefined : toArgument(match);
  if (argument === undefined) throw invalidArgument("match", "a string or buffer", method);
  return argument;
}

/**
 * @param {unknown} count
 * @param {string} method
 */
function wholeNumber(count, method) {
  if (typeof count !== "number") throw invalidArgument("count", "a number", method);
  if (!Number.isSafeInteger(count) || count < 1) {
    throw coded(RangeError, "ERR_OUT_OF_RANGE", `Expected count to be a positive integer for '${method}'.`);
  }
  return count;
}

module.exports = { readOptions };
