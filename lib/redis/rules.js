"use strict";
/** The options that hold for every command of a client. */
const { toArgument } = require("./encode.js");
const { invalidProperty, outOfRange } = require("./errors.js");
const { Meta } = require("./meta.js");
const { resolveTimeout } = require("./view.js");

/**
 * @param {Record<string, unknown>} options
 * @returns {import("./admission.js").Rules}
 */
function resolveRules(options) {
  const prefix = options["keyPrefix"];
  const keyPrefix = prefix === undefined || prefix === null ? "" : toArgument(prefix);
  if (keyPrefix === undefined) throw invalidProperty("keyPrefix", "a string or buffer", prefix);
  const timeout = options["commandTimeout"];
  return {
    commandTimeout: timeout === undefined || timeout === null ? 0 : resolveTimeout(timeout, "commandTimeout"),
    meta: options["bigint"] ? Meta.EXACT : 0,
    keyPrefix,
    maxQueueBytes: bound(options, "maxQueueBytes"),
    maxQueueCommands: bound(options, "maxQueueCommands"),
  };
}

/**
 * @param {Record<string, unknown>} options
 * @param {string} name
 */
function bound(options, name) {
  const value = options[name];
  if (value === undefined || value === null) return Infinity;
  if (typeof value !== "number") throw invalidProperty(name, "of type number", value);
  if (!(value > 0) || !(Number.isInteger(value) || value === Infinity)) {
    throw outOfRange(name, "a positive integer or Infinity", value);
  }
  return value;
}

module.exports = { resolveRules };
