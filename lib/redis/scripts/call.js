"use strict";
/** Calls of scripts and functions: `command what numkeys key... argument...`. */
const { encode, toArgument } = require("../encode.js");
const { coded, invalidArgument } = require("../errors.js");
const { metaOf } = require("../meta.js");
const { PLAIN } = require("../outcomes.js");

/**
 * @typedef {import("../encode.js").Argument} Argument
 *
 * @typedef {object} Options
 * @property {number | undefined} keys how many keys every call has, if that is known
 * @property {boolean} readOnly
 */

class Call {
  /**
   * @param {string} command
   * @param {string} what the script, its digest, or a function's name
   * @param {Argument[]} tail
   */
  constructor(command, what, tail) {
    this.command = command;
    this.args = [what, ...tail];
  }

  /**
   * @param {Pick<import("../sender.js").Sender, "issue">} sender
   * @returns {Promise<any>} or what else the sender answers with
   */
  issue(sender) {
    return sender.issue(encode(this.command, this.args), PLAIN, metaOf(this.command));
  }
}

/**
 * The keys with their number, and the arguments.
 * @param {unknown} keys
 * @param {unknown} args
 * @param {Options} options
 * @returns {Argument[]}
 */
function readCall(keys, args, options) {
  const named = list(keys, "keys");
  if (options.keys !== undefined && named.length !== options.keys) {
    const message = `Expected ${options.keys} keys for 'run', but received ${named.length}.`;
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  return [String(named.length), ...named, ...list(args, "args")];
}

/**
 * @param {unknown} values
 * @param {string} argument
 * @returns {Argument[]}
 */
function list(values, argument) {
  if (values === undefined) return [];
  if (!Array.isArray(values)) throw invalidArgument(argument, "an array", "run");
  return Array.from(values, (value) => {
    const converted = toArgument(value);
    if (converted === undefined) throw invalidArgument(argument, "an array of strings, numbers or buffers", "run");
    return converted;
  });
}

/**
 * @param {unknown} given
 * @param {string} method
 * @returns {Options}
 */
function readOptions(given, method) {
  if (given !== undefined && (typeof given !== "object" || given === null)) {
    throw invalidArgument("options", "an object", method);
  }
  const { keys, readOnly } = /** @type {Record<string, unknown>} */ (given ?? {});
  if (keys !== undefined) {
    if (typeof keys !== "number") throw invalidArgument("keys", "a number", method);
    if (!Number.isSafeInteger(keys) || keys < 0) {
      throw coded(RangeError, "ERR_OUT_OF_RANGE", `Expected keys to be a whole number, 0 or more, for '${method}'.`);
    }
  }
  return { keys: /** @type {number | undefined} */ (keys), readOnly: Boolean(readOnly) };
}

module.exports = { Call, readCall, readOptions };
