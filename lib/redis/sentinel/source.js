"use strict";
/** How a client comes by the connection to a group of servers. */
const { RedisLane } = require("../../../binding.js");
const { port } = require("../../port.js");
const { Connection } = require("../connection.js");
const { resolveOptions } = require("../options.js");
const { connectionClass, fromThrown } = require("../server.js");
const { resolveGroup, shownSentinels } = require("./options.js");

/** @typedef {import("../source.js").Source} Source */

/**
 * A group of servers.
 * @implements {Source}
 */
class SentinelSource {
  /** @type {Connection | undefined} */
  #connection;

  /**
   * @param {import("../../../binding.js").LaneSentinel} group
   * @param {import("../options.js").Resolved} options
   */
  constructor(group, options) {
    this.group = group;
    this.options = options;
  }

  /**
   * From the argument of a client's constructor.
   * @param {unknown} options
   */
  static of(options) {
    const { group, given, addressMap } = resolveGroup(options);
    const resolved = { ...resolveOptions("", given), addressMap };
    resolved.lane.mapsAddresses = addressMap !== undefined;
    return new SentinelSource(group, resolved);
  }

  /** @param {import("../lifecycle.js").Owner} owner */
  open(owner) {
    const openLane = (/** @type {number} */ target) => {
      try {
        return RedisLane.toGroup(port, target, this.group, this.options.lane);
      } catch (error) {
        throw fromThrown(error);
      }
    };
    const Class = connectionClass(Connection, this.options);
    this.#connection = new Class(openLane, this.options, owner);
    return this.#connection;
  }

  /** @returns {any} */
  duplicate() {
    const { RedisSentinel } = require("./client.js");
    return new RedisSentinel(new SentinelSource(this.group, this.options));
  }

  /** What may be shown of the client. */
  describe() {
    const { name, sentinels, readFrom } = this.group;
    const { url, state, pending, subscriptions } = /** @type {Connection} */ (this.#connection);
    return { name, sentinels: shownSentinels(sentinels), readFrom, url, state, pending, subscriptions: subscriptions.size };
  }
}

module.exports = { SentinelSource };
