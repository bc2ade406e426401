"use strict";
/** What is behind a `RedisCluster`: connections to its nodes, which look like one. */
const { LaneEvent } = require("../../../binding.js");
const { Connection } = require("../connection.js");
const { NONE } = require("../view.js");
const { ROUTE_MASK, routeTo } = require("./route.js");
const { ClusterScope } = require("./view.js");

/** @typedef {import("../view.js").Limits} Limits */

class ClusterConnection extends Connection {
  /**
   * @param {(target: number) => import("../../../binding.js").RedisLane} openLane
   * @param {import("../options.js").Resolved} options
   * @param {import("../lifecycle.js").Owner} owner
   * @param {import("./options.js").AddressMap | undefined} addressMap
   */
  constructor(openLane, options, owner, addressMap) {
    super(openLane, options, owner);
    this.addressMap = addressMap;
    this.mixes = true;
  }

  /**
   * @override
   * @param {number} kind
   * @param {any} argument
   */
  onEvent(kind, argument) {
    if (kind === LaneEvent.Address) void this.#translate(argument);
    else super.onEvent(kind, argument);
  }

  /**
   * Tells where an address leads from here.
   * @param {string} question its number, the port and the host
   */
  async #translate(question) {
    const [asked = "", port = "", ...host] = question.split(" ");
    const from = { host: host.join(" "), port: Number(port) };
    try {
      const to = (await this.addressMap?.(from.host, from.port)) ?? from;
      this.lane.addressFound(Number(asked), to.host, to.port);
    } catch (error) {
      const { code, message } = /** @type {{ code?: unknown, message?: unknown }} */ (Object(error));
      this.lane.noAddress(Number(asked), typeof code === "string" ? code : "", String(message ?? error));
    }
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
