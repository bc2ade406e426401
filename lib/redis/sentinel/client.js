"use strict";
/** A client of a group of servers that sentinels watch. */
const { inspect } = require("node:util");
const { lazily } = require("../../lazily.js");
const { RedisClient, connectionOf } = require("../client.js");
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
    connectionOf(this);
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    return `${this.constructor.name} ${inspect(#source in this ? this.#source.describe() : {})}`;
  }

  get [Symbol.toStringTag]() {
    return "RedisSentinel";
  }
}
Object.defineProperty(RedisSentinel, "length", { value: 1 });

module.exports = { RedisSentinel };
