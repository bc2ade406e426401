"use strict";
/** Prefixes the keys of commands. Loaded by the first client that has a `keyPrefix`. */
const { encode } = require("./encode.js");
const { decode } = require("./frame.js");
const { keys } = require("./key_specs.js");

/**
 * @typedef {import("./encode.js").Argument} Argument
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./key_specs.js").KeySpec} KeySpec
 */

/** @type {Map<string, KeySpec[]>} */
const specsOf = new Map(keys.flatMap(([specs, names]) => names.map((name) => [name, specs])));

/**
 * A function that puts a prefix before each key of a command.
 * @param {string | Uint8Array} prefix
 * @returns {(frame: Frame) => Frame}
 */
function makePrefixer(prefix) {
  return (frame) => {
    const args = decode(frame);
    const positions = keyPositions(args);
    if (positions.length === 0) return frame;
    for (const at of positions) args[at] = join(prefix, /** @type {Argument} */ (args[at]));
    const [name, ...rest] = args;
    return encode(/** @type {string} */ (name), rest);
  };
}

/**
 * @param {Argument} prefix
 * @param {Argument} key
 * @returns {Argument}
 */
function join(prefix, key) {
  if (typeof prefix === "string" && typeof key === "string") return prefix + key;
  return Buffer.concat([bytes(prefix), bytes(key)]);
}

/** @param {Argument} argument */
function bytes(argument) {
  return typeof argument === "string" ? Buffer.from(argument) : argument;
}

/**
 * The positions of the keys among the arguments, the first of which is the command's name. The
 * same rules as in `src/redis/keys.rs`.
 * @param {readonly Argument[]} args
 * @returns {number[]}
 */
function keyPositions(args) {
  const name = `${args[0]}`.toUpperCase();
  const specs = specsOf.get(`${name} ${text(args[1])}`) ?? specsOf.get(name) ?? [];
  const positions = specs.flatMap((spec) => {
    const begin = spec.index ?? behindKeyword(spec, args);
    return begin === null ? [] : find(spec, begin, args);
  });
  // With KEYS, the place of MIGRATE's single key holds an empty string.
  return name === "MIGRATE" && positions.length > 1 ? positions.slice(1) : positions;
}

/**
 * @param {KeySpec} spec
 * @param {readonly Argument[]} args
 * @returns {number | null}
 */
function behindKeyword({ keyword, from = 1 }, args) {
  const words = args.map(text);
  const at = from >= 0 ? words.indexOf(`${keyword}`, from) : words.lastIndexOf(`${keyword}`, from);
  return at < 1 ? null : at + 1;
}

/**
 * @param {KeySpec} spec
 * @param {number} begin
 * @param {readonly Argument[]} args
 */
function find({ last, step, limit = 0, count, first = 0 }, begin, args) {
  let start = begin;
  let end;
  if (count !== undefined) {
    const told = text(args[begin + count]);
    const total = /^\d+$/.test(told) ? Number(told) : 0;
    start = begin + first;
    end = total === 0 ? -1 : start + (total - 1) * step;
  } else if (last !== undefined && last >= 0) {
    end = begin + last;
  } else if (limit > 1) {
    end = begin + Math.floor((args.length - begin) / limit) - 1;
  } else {
    end = args.length + /** @type {number} */ (last);
  }
  const positions = [];
  if (end < args.length) for (let at = start; at <= end; at += step) positions.push(at);
  return positions;
}

/** @param {Argument | undefined} argument */
function text(argument) {
  return argument === undefined ? "" : `${typeof argument === "string" ? argument : bytes(argument)}`.toUpperCase();
}

module.exports = { makePrefixer, keyPositions };
