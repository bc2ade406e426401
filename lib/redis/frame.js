"use strict";
/** Reads commands that `encode.js` has written: for those who must look into them on the way. */
const { LongText } = require("./encode.js");

/**
 * @typedef {import("./encode.js").Argument} Argument
 * @typedef {string | import("./encode.js").Piece[]} Frame
 */

/**
 * The command's name, as it was given, and the number of its arguments.
 * @param {Frame} frame
 */
function summary(frame) {
  const start = typeof frame === "string" ? frame : /** @type {string} */ (frame[0]);
  const [before, count, bytes] = /** @type {RegExpExecArray} */ (/^\*(\d+)\r\n\$(\d+)\r\n/.exec(start));
  const end = before.length + units(start, before.length, Number(bytes));
  return { name: start.slice(before.length, end), count: Number(count) - 1 };
}

/**
 * The size of a command in bytes, but for a few.
 * @param {Frame} frame
 */
function byteLength(frame) {
  if (typeof frame === "string") return Buffer.byteLength(frame);
  let length = 0;
  for (const piece of frame) {
    if (typeof piece === "string") length += Buffer.byteLength(piece);
    else length += piece instanceof LongText ? Buffer.byteLength(piece.text) : piece.length;
  }
  return length;
}

/**
 * Takes a command apart. The first argument is its name.
 * @param {Frame} frame
 * @returns {Argument[]}
 */
function decode(frame) {
  /** @type {Argument[]} */
  const args = [];
  for (const piece of typeof frame === "string" ? [frame] : frame) {
    if (piece instanceof LongText) args.push(piece.text);
    else if (typeof piece !== "string") args.push(piece);
    else decodeText(piece, args);
  }
  return args;
}

/**
 * @param {string} text whole arguments, and perhaps the length of the binary one that follows
 * @param {Argument[]} args
 */
function decodeText(text, args) {
  let at = text.indexOf("$");
  while (at !== -1 && at < text.length) {
    const line = text.indexOf("\r\n", at);
    const start = line + 2;
    if (start === text.length) return;
    const end = start + units(text, start, Number(text.slice(at + 1, line)));
    args.push(text.slice(start, end));
    at = end + 2;
  }
}

/**
 * How many UTF-16 units of a text make so many UTF-8 bytes.
 * @param {string} text
 * @param {number} start
 * @param {number} bytes
 */
function units(text, start, bytes) {
  let at = start;
  while (bytes > 0) {
    const code = /** @type {number} */ (text.codePointAt(at));
    // A lone surrogate is sent as U+FFFD, of three bytes.
    bytes -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    at += code < 0x10000 ? 1 : 2;
  }
  return at - start;
}

module.exports = { summary, byteLength, decode };
