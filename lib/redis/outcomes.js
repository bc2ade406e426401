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

/** Bits of an entry's meta word; see `src/redis/inflight.rs`. */
const Meta = {
  SUBSCRIBE: 1,
  UNSUBSCRIBE: 2,
  BYTES: 1 << 2,
  /** Integers that a number cannot hold are wanted as `bigint`. */
  EXACT: 1 << 3,
  /** For this side only: the command waits on the server for as long as it was told to. */
  BLOCKING: 1 << 4,
  COUNT_SHIFT: 8,
};

module.exports = { PLAIN, BOOLEAN, Meta };
