"use strict";
/** What is behind a `RedisCluster`: connections to its nodes, which look like one. */
const { Connection } = require("../connection.js");
const { connectionClosed } = require("../errors.js");
const { NONE } = require("../view.js");
const { ROUTE_MASK, routeTo } = require("./route.js");
const { ClusterScope } = require("./view.js");

/** @typedef {import("../view.js").Limits} Limits */

class ClusterConnection extends Connection {
  /**
   * @param {(target: number) => import("../../../binding.js").RedisLane} openLane
   * @param {import("../options.js").Resolved} options
   * @param {import("../lifecycle.js").Owner} owner
   */
  constructor(openLane, options, owner) {
    super(openLane, options, owner);
    this.mixes = true;
  }

  /**
   * The nodes, as far as they are known; finds out if none are.
   * @returns {Promise<import("./types.js").RedisClusterNode[]>}
   */
  async nodes() {
    if (this.closed) throw connectionClosed();
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

  /** @override */
  get leaseClass() {
    return require("./lease.js").NodeConnection;
  }

  /**
   * @override
   * @param {unknown} options
   */
  place(options) {
    return require("./place.js").resolvePlace(options, this);
  }

  /**
   * @override
   * @param {import("../encode.js").Argument[]} keys
   */
  bond(keys) {
    return new (require("./bond.js").Bond)(keys, this);
  }

  /**
   * What issues commands to each primary.
   * @param {Limits} [limits]
   */
  async primaries(limits = NONE) {
    const nodes = await this.nodes();
    const primaries = nodes.filter(({ role }) => role === "primary");
    return primaries.map(({ address }) => {
      const set = (limits.set & ~ROUTE_MASK) | routeTo(address, this.lane);
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
