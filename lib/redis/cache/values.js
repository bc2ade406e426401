"use strict";
/** Replies that are kept: their size, and copies of what a caller could change. */

/** Longer text may refer to the memory in which it was received with others; see `src/js/long_string.rs`. */
const LONG_TEXT = 128 * 1024;
/** What V8 needs for a value beside its content, in bytes, roughly. */
const OVERHEAD = 24;

/**
 * A value that shares nothing with another one that could be changed.
 * @param {any} value
 * @returns {any}
 */
function copyOf(value) {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  if (Buffer.isBuffer(value)) return Buffer.from(value);
  if (value instanceof Error) return value;
  const copy = Object.create(Object.getPrototypeOf(value));
  for (const key of Object.keys(value)) copy[key] = copyOf(value[key]);
  return copy;
}

/**
 * A value to keep.
 * @param {any} value
 * @returns {any}
 */
function keep(value) {
  if (typeof value === "string" && value.length >= LONG_TEXT) return Buffer.from(value).toString();
  return copyOf(value);
}

/**
 * How much memory a value needs, in bytes, roughly.
 * @param {any} value
 * @returns {number}
 */
function sizeOf(value) {
  if (typeof value === "string") return OVERHEAD + Buffer.byteLength(value);
  if (typeof value !== "object" || value === null) return OVERHEAD;
  if (Buffer.isBuffer(value)) return OVERHEAD * 4 + value.length;
  let size = OVERHEAD;
  for (const [key, item] of Object.entries(value)) size += sizeOf(item) + (Array.isArray(value) ? 8 : sizeOf(key));
  return size;
}

module.exports = { copyOf, keep, sizeOf };
