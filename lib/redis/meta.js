"use strict";
/** What is told about a command beside its bytes, in one word; see `src/redis/meta.rs`. */
const { RedisLane } = require("../../binding.js");

/** Bits of the word. */
const Meta = {
  SUBSCRIBE: 1,
  UNSUBSCRIBE: 2,
  /** Strings of the reply are wanted as bytes. */
  BYTES: 1 << 2,
  /** The command waits on the server for as long as it was told to. */
  HOLDS: 1 << 3,
  /** MULTI. */
  OPENS: 1 << 4,
  /** EXEC and DISCARD. */
  ENDS: 1 << 5,
  /** Integers that a number cannot hold are wanted as `bigint`. */
  EXACT: 1 << 6,
  /** The connection's state may be another one behind the command. */
  STATE: 1 << 7,
  COUNT_SHIFT: 8,
};

/** Names whose meta word is remembered; a caller may make up any number of them. */
const KNOWN_NAMES = 1000;
/** @type {Map<string, number>} */
const metas = new Map();

/**
 * The meta word that follows from a command's name.
 * @param {string} command
 * @returns {number}
 */
function metaOf(command) {
  let meta = metas.get(command);
  if (meta === undefined) {
    if (metas.size === KNOWN_NAMES) metas.clear();
    meta = RedisLane.commandMeta(command);
    metas.set(command, meta);
  }
  return meta;
}

module.exports = { Meta, metaOf };
