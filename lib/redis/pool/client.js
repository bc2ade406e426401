"use strict";
/** Several connections to one server, with all that a client has. */
const { lazily } = require("../../lazily.js");
const { RedisClient, connectionOf } = require("../client.js");
const { FROM_SOURCE } = require("../source.js");

const sources = lazily(() => require("./source.js"));

class RedisPool extends RedisClient {
  /**
   * @param {unknown} [url]
   * @param {unknown} [options]
   */
  constructor(url, options) {
    super(FROM_SOURCE, sources().PoolSource.of(url, options));
    // Finds what is wrong with the options.
    connectionOf(this);
  }

  get metrics() {
    return connectionOf(this).metrics;
  }

  get [Symbol.toStringTag]() {
    return "RedisPool";
  }
}

module.exports = { RedisPool };
