"use strict";
/** A client of a group of servers that sentinels watch. */
const { inspect } = require("node:util");
const { lazily } = require("../../lazily.js");
const { RedisClient } = require("../client.js");
const { FROM_SOURCE } = require("../source.js");

const sources = lazily(() => require("./source.js"));

class RedisSentinel extends RedisClient {
  /** @type {import("./source.js").SentinelSource} */
  #source;

  /** @param {unknown} options */
  constructor(options) {
    const { SentinelSource } = sources();
    const source = options instanceof SentinelSource ? options : SentinelSource.of(options);
    super(FROM_SOURCE, source);
    this.#source = source;
    // What only the core refuses is refused now as well.
    void this.connected;
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `RedisSentinel ${inspect(this.#source.describe())}`;
  }

  get [Symbol.toStringTag]() {
    return "RedisSentinel";
  }
}
Object.defineProperty(RedisSentinel, "length", { value: 1 });

module.exports = { RedisSentinel };
