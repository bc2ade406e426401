"use strict";
/** What is behind a `RedisCluster`: connections to its nodes, which look like one. */
const { Connection } = require("../connection.js");
const { NONE } = require("../view.js");
const { routeTo } = require("./route.js");
const { ClusterScope } = require("./view.js");

/** @typedef {import("../view.js").Limits} Limits */

class ClusterConnection extends Connection {
  /** Commands may be issued beside subscriptions: only the nodes that have them are concerned, and they allow it. */
  get mixes() {
    return true;
  }

  /**
   * The nodes, as far as they are known; finds out if none are.
   * @returns {Promise<import("./types.js").RedisClusterNode[]>}
   */
  async nodes() {
    if (!this.connected) await this.connect();
    return this.lane.nodes().map(({ host, port, primary, slots, ...node }) => ({
      address: addressOf(host, port),
      host,
      port,
      role: primary === undefined ? "primary" : "replica",
      ...(primary !== undefined && { primary: addressOf(primary.host, primary.port) }),
      slots: /** @type {[number, number][]} */ (slots),
      ...node,
    }));
  }

  /**
   * What issues commands to each primary.
   * @param {Limits} [limits]
   */
  async primaries(limits = NONE) {
    const nodes = await this.nodes();
    const primaries = nodes.filter(({ role }) => role === "primary");
    return primaries.map(({ address }) => {
      const set = limits.set | routeTo(address, this.lane);
      return new ClusterScope(() => this, { ...limits, set });
    });
  }
}

/**
 * @param {string} host
 * @param {number} port
 */
function addressOf(host, port) {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

module.exports = { ClusterConnection };
