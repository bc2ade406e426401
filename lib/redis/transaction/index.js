"use strict";
/** Makes transactions and pipelines; what they are made of is loaded with the first one. */

/**
 * @typedef {import("./queue.js").Origin} Origin
 * @typedef {import("./transaction.js").RedisTransaction} RedisTransaction
 * @typedef {import("./pipeline.js").RedisPipeline} RedisPipeline
 */

/** @type {typeof import("./transaction.js") | undefined} */
let transaction;
/** @type {typeof import("./pipeline.js") | undefined} */
let pipeline;

/**
 * @param {Origin} origin
 * @returns {RedisTransaction}
 */
function makeTransaction(origin) {
  transaction ??= require("./transaction.js");
  return new transaction.RedisTransaction(origin);
}

/**
 * @param {Origin} origin
 * @returns {RedisPipeline}
 */
function makePipeline(origin) {
  pipeline ??= require("./pipeline.js");
  return new pipeline.RedisPipeline(origin);
}

/**
 * @param {Origin} origin
 * @param {unknown} keys
 * @param {unknown} body
 * @param {unknown} options
 * @returns {Promise<any>}
 */
function watch(origin, keys, body, options) {
  const { plan, run } = require("./watch.js");
  return run(origin, plan(keys, body, options));
}

module.exports = { multi: makeTransaction, pipeline: makePipeline, watch };
