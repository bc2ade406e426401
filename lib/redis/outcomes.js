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

module.exports = { PLAIN, BOOLEAN };
