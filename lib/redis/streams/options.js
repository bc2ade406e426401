"use strict";
/** The arguments of `consume`. */
const { toArgument } = require("../encode.js");
const { coded, invalidArgument } = require("../errors.js");

const METHOD = "consume";

/**
 * @typedef {import("../encode.js").Argument} Argument
 *
 * @typedef {object} Options
 * @property {Argument} group
 * @property {Argument} consumer
 * @property {Argument} start where a group begins that is made
 * @property {number} count entries that one read may bring, for each stream
 * @property {number} block how long a read waits on the server, in milliseconds
 * @property {boolean} autoAck
 * @property {number} minIdle milliseconds after which entries of others are claimed; `Infinity` for never
 * @property {number} maxDeliveries
 * @property {((message: any) => unknown) | undefined} onDeadLetter
 * @property {AbortSignal | undefined} signal
 */

/**
 * @param {unknown} streams
 * @returns {Argument[]}
 */
function readStreams(streams) {
  const list = Array.isArray(streams) ? streams : [streams];
  if (list.length === 0) throw coded(TypeError, "ERR_INVALID_ARG_VALUE", `Expected at least one stream for '${METHOD}'.`);
  // One that is named twice is read once.
  const named = new Map(list.map((stream) => argument(stream, "streams")).map((stream) => [nameOf(stream), stream]));
  return [...named.values()];
}

/**
 * A stream's name, as users and replies have it.
 * @param {Argument} stream
 */
function nameOf(stream) {
  return typeof stream === "string" ? stream : Buffer.from(stream).toString();
}

/**
 * @param {unknown} given
 * @returns {Options}
 */
function readOptions(given) {
  if (typeof given !== "object" || given === null) throw invalidArgument("options", "an object", METHOD);
  const { group, consumer, start, autoAck, maxDeliveries, onDeadLetter, signal, ...numbers } =
    /** @type {Record<string, unknown>} */ (given);
  if (onDeadLetter !== undefined && typeof onDeadLetter !== "function") {
    throw invalidArgument("onDeadLetter", "a function", METHOD);
  }
  if ((maxDeliveries === undefined) !== (onDeadLetter === undefined)) {
    const message = `Expected both or none of maxDeliveries and onDeadLetter for '${METHOD}'.`;
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidArgument("signal", "an AbortSignal", METHOD);
  return {
    group: argument(group, "group"),
    consumer: argument(consumer, "consumer"),
    start: start === undefined ? "0" : argument(start, "start"),
    count: positive(numbers["count"], "count", 10),
    block: positive(numbers["block"], "block", 5000),
    autoAck: autoAck === undefined || Boolean(autoAck),
    minIdle: positive(numbers["minIdle"], "minIdle", Infinity),
    maxDeliveries: positive(maxDeliveries, "maxDeliveries", Infinity),
    onDeadLetter: /** @type {((message: any) => unknown) | undefined} */ (onDeadLetter),
    signal,
  };
}

/**
 * @param {unknown} given
 * @returns {{ concurrency: number, onError: ((error: unknown, message: any) => unknown) | undefined }}
 */
function readProcessing(given) {
  if (given !== undefined && (typeof given !== "object" || given === null)) {
    throw invalidArgument("options", "an object", "process");
  }
  const { concurrency, onError } = /** @type {Record<string, unknown>} */ (given ?? {});
  if (onError !== undefined && typeof onError !== "function") throw invalidArgument("onError", "a function", "process");
  return {
    concurrency: positive(concurrency, "concurrency", 1, "process"),
    onError: /** @type {((error: unknown, message: any) => unknown) | undefined} */ (onError),
  };
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function argument(value, name) {
  const converted = typeof value === "number" ? undefined : toArgument(value);
  if (converted === undefined) throw invalidArgument(name, "a string or buffer", METHOD);
  return converted;
}

/**
 * @param {unknown} value
 * @param {string} name
 * @param {number} missing
 * @param {string} [method]
 */
function positive(value, name, missing, method = METHOD) {
  if (value === undefined) return missing;
  if (typeof value !== "number") throw invalidArgument(name, "a number", method);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw coded(RangeError, "ERR_OUT_OF_RANGE", `Expected ${name} to be a positive integer for '${method}'.`);
  }
  return value;
}

module.exports = { nameOf, readStreams, readOptions, readProcessing };
