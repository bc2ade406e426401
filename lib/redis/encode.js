"use strict";
/**
 * Commands as bytes: an array of bulk strings. Most commands are text and are put together as one
 * JavaScript string, which is written to memory once for each flush. Arguments that are binary or
 * long stay apart as pieces.
 */

/** Text of this length or more is a piece of its own: joining it would copy it twice. */
const LONG_TEXT = 8 * 1024;
/** Below this length a loop over the characters is cheaper than a call. */
const SHORT_TEXT = 24;

/** Lengths up to this one have a text that is made once. */
const MANY = 255;

const CRLF = "\r\n";

/** An argument whose length in bytes is known once it is written to memory; see `outgoing.js`. */
class LongText {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/**
 * Encoded text, binary data, or a whole argument.
 * @typedef {string | Uint8Array | LongText} Piece
 */

/**
 * What a caller may pass as an argument, once it is known to be valid.
 * @typedef {string | Uint8Array} Argument
 */

/**
 * Length in UTF-8 bytes.
 * @param {string} text
 */
function byteLength(text) {
  const length = text.length;
  if (length > SHORT_TEXT) return Buffer.byteLength(text);
  for (let index = 0; index < length; index++) {
    if (text.charCodeAt(index) > 0x7f) return Buffer.byteLength(text);
  }
  return length;
}

/**
 * A bulk string.
 * @param {string} text
 */
function bulk(text) {
  return bulkHead(byteLength(text)) + text + CRLF;
}

/** @type {string[]} */
const bulkHeads = [];

/**
 * What precedes a bulk string of so many bytes. Short ones are made once.
 * @param {number} length
 */
function bulkHead(length) {
  if (length > MANY) return `$${length}\r\n`;
  return (bulkHeads[length] ??= `$${length}\r\n`);
}

/**
 * Turns what a user passed into an argument, or returns `undefined` when it is none. Binary data
 * is copied: it may be changed as soon as the call returns.
 * @param {unknown} value
 * @returns {Argument | undefined}
 */
function toArgument(value) {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
      return String(value);
    case "object":
      if (value === null) return undefined;
      if (ArrayBuffer.isView(value)) {
        return copy(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      }
      if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
        return copy(new Uint8Array(value));
      }
      if (value instanceof String) return String(value);
      return undefined;
    default:
      return undefined;
  }
}

/** @param {Uint8Array} bytes */
function copy(bytes) {
  return Buffer.from(bytes);
}

/**
 * The beginning of a command with a fixed number of arguments.
 * @param {string} command
 * @param {number} count
 */
function head(command, count) {
  return `*${count + 1}\r\n${bulk(command)}`;
}

/**
 * A whole command. The result is one string where all arguments are short text, and a list of
 * pieces otherwise.
 * @param {string} command
 * @param {readonly Argument[]} args
 * @returns {string | Piece[]}
 */
function encode(command, args) {
  let text = head(command, args.length);
  for (let index = 0; index < args.length; index++) {
    const argument = /** @type {Argument} */ (args[index]);
    if (typeof argument !== "string" || argument.length >= LONG_TEXT) {
      return encodePieces(text, args, index);
    }
    text += bulk(argument);
  }
  return text;
}

/**
 * @param {string} text what is already encoded
 * @param {readonly Argument[]} args
 * @param {number} from the first argument that is not encoded yet
 */
function encodePieces(text, args, from) {
  /** @type {Piece[]} */
  const pieces = [];
  for (let index = from; index < args.length; index++) {
    const argument = /** @type {Argument} */ (args[index]);
    if (typeof argument === "string" && argument.length < LONG_TEXT) {
      text += bulk(argument);
      continue;
    }
    if (typeof argument === "string") pieces.push(text, new LongText(argument));
    else pieces.push(text + bulkHead(argument.length), argument);
    text = CRLF;
  }
  pieces.push(text);
  return pieces;
}

module.exports = { LONG_TEXT, LongText, bulk, bulkHead, byteLength, head, encode, toArgument };
