"use strict";
/** Several connections to one server, with all that a client has. */
const { lazily } = require("../../lazily.js");
const { RedisClient } = require("../client.js");
const { FROM_SOURCE } = require("../source.js");

const sources = lazily(() => require("./source.js"));

class RedisPool extends RedisClient {
  /** @type {import("./source.js").PoolSource} */
  #pool;

  /**
   * @param {unknown} [url]
   * @param {unknown} [options]
   */
  constructor(url, options) {
    const source = sources().PoolSource.of(url, options);
    super(FROM_SOURCE, source);
    this.#pool = source;
    // Finds what is wrong with the options.
    void this.connected;
  }

  get metrics() {
    const { inUse, idle, waiting } = /** @type {import("./connection.js").PoolConnection} */ (this.#pool.connection).lane.counts;
    return { total: inUse + idle, inUse, idle, waiting };
  }

  get [Symbol.toStringTag]() {
    return "RedisPool";
  }
}

module.exports = { RedisPool };
