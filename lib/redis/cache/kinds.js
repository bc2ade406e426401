"use strict";
/** What a command means to a cache. */
const { summary } = require("../frame.js");
const { CACHEABLE, HARMLESS } = require("./commands.js");

/** The code of a carriage return. */
const CR = 13;
/** Where the name of a command begins that has less than ten arguments and a name of less than ten letters. */
const NAME_AT = 8;

const Kind = {
  /** Its reply can be kept. */
  READ: 0,
  /** Nothing. */
  NONE: 1,
  /** Keys change; all may, if none is named. */
  WRITE: 2,
  /** From now on other data, or other rights, hold. */
  OTHER_DATA: 3,
  /** The server will not tell of changes any more. */
  UNTRACKED: 4,
  /** What is read from now on must be what the server has. */
  BEGIN: 5,
  /** The end of that. */
  END: 6,
  /** One of these may end the tracking. */
  CLIENT: 7,
};

/** @type {Map<string, number>} */
const SPECIAL = new Map([
  ["SELECT", Kind.OTHER_DATA],
  ["AUTH", Kind.OTHER_DATA],
  ["CLIENT", Kind.CLIENT],
  ["HELLO", Kind.UNTRACKED],
  ["RESET", Kind.UNTRACKED],
  ["WATCH", Kind.BEGIN],
  ["MULTI", Kind.BEGIN],
  ["UNWATCH", Kind.END],
  ["EXEC", Kind.END],
  ["DISCARD", Kind.END],
]);

/** Names that are remembered; a caller may make up any number of them. */
const KNOWN_NAMES = 1000;
/** @type {Map<string, number>} */
const kinds = new Map();

/**
 * @param {import("../frame.js").Frame} frame
 * @returns {number}
 */
function kindOf(frame) {
  const start = typeof frame === "string" ? frame : /** @type {string} */ (frame[0]);
  const usual = start.charCodeAt(2) === CR && start.charCodeAt(6) === CR;
  const name = usual ? start.substring(NAME_AT, NAME_AT + start.charCodeAt(5) - 48) : summary(frame).name;
  let kind = kinds.get(name);
  if (kind === undefined) {
    if (kinds.size === KNOWN_NAMES) kinds.clear();
    const upper = name.toUpperCase();
    kind =
      SPECIAL.get(upper) ?? (CACHEABLE.has(upper) ? Kind.READ : HARMLESS.has(upper) ? Kind.NONE : Kind.WRITE);
    kinds.set(name, kind);
  }
  return kind;
}

module.exports = { Kind, kindOf };
