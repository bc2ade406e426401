"use strict";
/** Slices of objects: from `slice(begin, end)` to the bytes that are asked for. */

/** @typedef {{ begin: number, end: number | undefined }} Slice */

/**
 * What is asked for: `start` to `end` (exclusive; open when undefined), or the last `suffix` bytes.
 * @typedef {{ start?: number, end?: number, suffix?: number }} Range
 */

/** The size by which Bun stands in for "up to the end". */
const OPEN_END = 2 ** 52 - 1;

/**
 * @param {unknown} value
 * @returns {number | undefined} undefined when the argument counts as absent
 */
function readOffset(value) {
  if (typeof value !== "number") return undefined;
  const number = Math.trunc(value);
  if (Number.isNaN(number)) return 0;
  return Math.min(Math.max(number, -OPEN_END), OPEN_END);
}

/**
 * Adds a slice to a chain; it is merged into the last one where the object's size does not matter.
 * @param {Slice[]} slices
 * @param {number} begin
 * @param {number | undefined} end
 * @returns {Slice[]}
 */
function addSlice(slices, begin, end) {
  if (end === OPEN_END) end = undefined;
  if (begin === 0 && end === undefined) return slices;
  const last = slices.at(-1) ?? { begin: 0, end: undefined };
  const whole = windowOf(last, begin, end);
  return whole === undefined ? [...slices, { begin, end }] : [...slices.slice(0, -1), whole];
}

/**
 * The slice `begin` to `end` of a slice, if it can be told without the object's size.
 * @param {Slice} outer
 * @param {number} begin
 * @param {number | undefined} end
 * @returns {Slice | undefined}
 */
function windowOf(outer, begin, end) {
  if (outer.begin < 0 || (outer.end !== undefined && outer.end < 0)) return undefined;
  if (outer.end === undefined) {
    if (begin < 0 || (end !== undefined && end < 0)) return undefined;
    return { begin: outer.begin + begin, end: end === undefined ? undefined : outer.begin + Math.max(begin, end) };
  }
  const length = outer.end - outer.begin;
  const from = clamp(begin, length);
  const to = Math.max(from, clamp(end ?? length, length));
  return { begin: outer.begin + from, end: outer.begin + to };
}

/**
 * An offset within `length` bytes; negative ones count from the end.
 * @param {number} offset
 * @param {number} length
 */
function clamp(offset, length) {
  return offset < 0 ? Math.max(0, length + offset) : Math.min(offset, length);
}

/**
 * The range of a chain of slices, or "empty" when there is nothing to fetch.
 * @param {Slice[]} slices
 * @param {() => Promise<number>} sizeOf asks for the object's size; called only when it matters
 * @returns {Range | "empty" | Promise<Range | "empty">}
 */
function rangeOf(slices, sizeOf) {
  const [only, further] = slices;
  if (only === undefined) return {};
  if (further === undefined) {
    if (only.begin < 0 && only.end === undefined) return { suffix: -only.begin };
    if (only.begin >= 0 && (only.end === undefined || only.end >= 0)) return bounded(only);
  }
  return sizeOf().then((size) => {
    /** @type {Slice} */
    let window = { begin: 0, end: size };
    for (const { begin, end } of slices) window = /** @type {Slice} */ (windowOf(window, begin, end));
    return bounded(window);
  });
}

/**
 * @param {Slice} slice
 * @returns {Range | "empty"}
 */
function bounded({ begin, end }) {
  return end !== undefined && end <= begin ? "empty" : { start: begin, end };
}

/**
 * What `size` shows: not a number unless a slice tells it.
 * @param {Slice[]} slices
 * @returns {number}
 */
function sizeOfSlices(slices) {
  const [only, further] = slices;
  if (only === undefined || further !== undefined || only.begin < 0) return NaN;
  const size = (only.end ?? OPEN_END) - only.begin;
  return only.end !== undefined && only.end < 0 ? NaN : Math.max(0, size);
}

module.exports = { addSlice, rangeOf, readOffset, sizeOfSlices, OPEN_END };
