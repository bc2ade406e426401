"use strict";
/** How a pool comes by its connections. */
const { split } = require("../address.js");
const { ServerSource } = require("../server.js");
const { PoolConnection } = require("./connection.js");
const { resolvePool } = require("./options.js");

class PoolSource extends ServerSource {
  /**
   * From the arguments of a pool's constructor.
   * @param {unknown} url
   * @param {unknown} options
   */
  static of(url, options) {
    const given = split(url, options);
    return new PoolSource(given.url, given.options);
  }

  /** @param {string} url */
  resolve(url) {
    return resolvePool(super.resolve(url), this.options);
  }

  /**
   * @param {(target: number) => import("../../../binding.js").RedisLane} openLane
   * @param {import("../options.js").Resolved} options
   * @param {import("../lifecycle.js").Owner} owner
   */
  make(openLane, options, owner) {
    return new PoolConnection(openLane, options, owner);
  }

  duplicate() {
    const { RedisPool } = require("./client.js");
    return new RedisPool(this.url, this.options);
  }
}

module.exports = { PoolSource };
