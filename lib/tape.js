"use strict";
/** The shared array by which results come back, and what is read off it; `src/js/tape.rs` writes it. */

/** Words of the tape: more is drained in another turn, so that a flood starves nobody. */
const TAPE_WORDS = 3 * 1024;
const NULL_LENGTH = 0xffffffff;

const tape = new Uint32Array(TAPE_WORDS);
const signed = new Int32Array(tape.buffer);

/**
 * Cuts the strings of an array out of one text.
 * @param {string} text
 * @param {number} at
 * @param {number} count
 */
function strings(text, at, count) {
  const result = new Array(count);
  let start = 0;
  for (let index = 0; index < count; index++) {
    const length = /** @type {number} */ (tape[at + index]);
    if (length === NULL_LENGTH) {
      result[index] = null;
    } else {
      result[index] = text.substring(start, (start += length));
    }
  }
  return result;
}

/**
 * Cuts the keys and values of a map out of one text.
 * @param {string} text
 * @param {number} at
 * @param {number} count
 */
function map(text, at, count) {
  const result = Object.create(null);
  let start = 0;
  for (let index = 0; index < count; index += 2) {
    const key = text.substring(start, (start += /** @type {number} */ (tape[at + index])));
    const length = /** @type {number} */ (tape[at + index + 1]);
    result[key] = length === NULL_LENGTH ? null : text.substring(start, (start += length));
  }
  return result;
}

module.exports = { tape, signed, strings, map };
