"use strict";
/** How replies become what users see. */
const { fromFailure, serverError } = require("./errors.js");

/**
 * @typedef {import("../port.js").Outcome} Outcome
 * @type {Outcome}
 */
const PLAIN = { failed: fromFailure, refused: serverError, convert: null };

/** @type {Outcome} */
const BOOLEAN = {
  failed: fromFailure,
  refused: serverError,
  convert: (value) => (typeof value === "number" ? value > 0 : value),
};

/**
 * A map, which RESP2 sends as a flat array.
 * @type {Outcome}
 */
const MAP = {
  ...PLAIN,
  convert: (value) => (Array.isArray(value) && value.length % 2 === 0 && value.every(isInPlace) ? pairs(value) : value),
};

/**
 * Whether what is in the place of a key is a string.
 * @param {unknown} item
 * @param {number} index
 */
function isInPlace(item, index) {
  return index % 2 === 1 || typeof item === "string" || Buffer.isBuffer(item);
}

/** @param {unknown[]} flat */
function pairs(flat) {
  const result = Object.create(null);
  for (let index = 0; index < flat.length; index += 2) result[String(flat[index])] = flat[index + 1];
  return result;
}

module.exports = { PLAIN, BOOLEAN, MAP };
