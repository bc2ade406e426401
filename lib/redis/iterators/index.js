"use strict";
/** Iterators over the keys of a database and the elements of a key. Loaded at first use. */
const { encode } = require("../encode.js");
const { RedisError } = require("../errors.js");
const { metaOf } = require("../meta.js");
const { PLAIN } = require("../outcomes.js");
const { required } = require("../methods.js");
const { readOptions } = require("./options.js");

const START = "0";

/**
 * @typedef {import("../encode.js").Argument} Argument
 * @typedef {import("../sender.js").Sender} Sender
 * @typedef {Pick<Sender, "issue">} Issuer
 *
 * @typedef {object} Walk what to walk through
 * @property {string} command
 * @property {Argument[]} before what comes before the cursor
 * @property {Argument[]} after what comes behind it
 * @property {(items: any[]) => any[]} shape what users see of a page
 */

/**
 * Pages of one server or one key. The server keeps nothing of a walk: whoever stops early leaves nothing behind.
 * @param {Issuer} issuer
 * @param {Walk} walk
 */
async function* pages(issuer, { command, before, after, shape }) {
  const meta = metaOf(command);
  let cursor = START;
  do {
    const reply = await issuer.issue(encode(command, [...before, cursor, ...after]), PLAIN, meta);
    if (!Array.isArray(reply) || !Array.isArray(reply[1])) {
      throw new RedisError("ERR_REDIS_INVALID_RESPONSE", `${command} was not answered with a cursor and a list`);
    }
    cursor = `${reply[0]}`;
    if (reply[1].length > 0) yield shape(reply[1]);
  } while (cursor !== START);
}

/**
 * Pages of all servers that hold keys of their own, one server after the other.
 * @param {Sender} sender
 * @param {Walk} walk
 */
async function* everywhere(sender, walk) {
  const issuers = sender.primaries === undefined ? [sender] : await sender.primaries();
  for (const issuer of issuers) yield* pages(issuer, walk);
}

/** @param {AsyncIterable<any[]>} batches */
async function* one(batches) {
  for await (const batch of batches) yield* batch;
}

/**
 * @param {AsyncGenerator<any[], void, undefined>} batches
 * @param {{ batches: boolean }} options
 */
function delivered(batches, options) {
  return options.batches ? batches : one(batches);
}

/**
 * The keys of the database.
 * @param {Sender} sender
 * @param {unknown} given
 */
function scan(sender, given) {
  const options = readOptions(given, "scanIterator", ["type"]);
  const walk = { command: "SCAN", before: [], after: options.args, shape: (/** @type {any[]} */ keys) => keys };
  return delivered(everywhere(sender, walk), options);
}

/**
 * The elements of a key.
 * @param {string} command
 * @param {string} method
 * @param {(items: any[]) => any[]} shape
 */
function ofKey(command, method, shape) {
  return (/** @type {Sender} */ sender, /** @type {unknown} */ key, /** @type {unknown} */ given) => {
    const before = [required(key, "key", method)];
    const options = readOptions(given, method, command === "HSCAN" ? ["noValues"] : []);
    const whole = options.noValues ? (/** @type {any[]} */ fields) => fields : shape;
    return delivered(pages(sender, { command, before, after: options.args, shape: whole }), options);
  };
}

/**
 * Pairs out of a flat list.
 * @param {any[]} items
 * @returns {[any, any][]}
 */
function pairs(items) {
  /** @type {[any, any][]} */
  const result = [];
  for (let at = 0; at < items.length; at += 2) result.push([items[at], items[at + 1]]);
  return result;
}

/** @param {any[]} items */
function scored(items) {
  return pairs(items).map(([member, score]) => [member, toNumber(`${score}`)]);
}

/** @param {string} score */
function toNumber(score) {
  return /^[+-]?inf/i.test(score) ? (score.startsWith("-") ? -Infinity : Infinity) : Number(score);
}

module.exports = {
  scan,
  hscan: ofKey("HSCAN", "hscanIterator", pairs),
  sscan: ofKey("SSCAN", "sscanIterator", (members) => members),
  zscan: ofKey("ZSCAN", "zscanIterator", scored),
};
