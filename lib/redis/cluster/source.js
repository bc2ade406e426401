"use strict";
/** How a cluster's client comes by its connection. */
const { RedisLane } = require("../../../binding.js");
const { port } = require("../../port.js");
const { resolveAddressMap } = require("../address_map.js");
const { coded } = require("../errors.js");
const { resolveOptions } = require("../options.js");
const { connectionClass } = require("../server.js");
const { FROM_SOURCE } = require("../source.js");
const { ClusterConnection } = require("./connection.js");
const { resolveClusterOptions } = require("./options.js");
const { resolveSeeds } = require("./seeds.js");

/**
 * @typedef {import("../source.js").Source} Source
 *
 * The seeds of one cluster.
 * @implements {Source}
 */
class ClusterSource {
  /**
   * @param {unknown} seeds
   * @param {unknown} options
   */
  constructor(seeds, options) {
    this.seeds = resolveSeeds(seeds);
    const given = typeof options === "object" && options !== null ? /** @type {Record<string, unknown>} */ (options) : {};
    // Where the cluster is, the seeds say.
    const { host: _host, port: _port, path: _path, ...rest } = given;
    this.options = resolveOptions(this.seeds[0]?.url ?? "", rest);
    this.cluster = resolveClusterOptions(given);
    this.options.addressMap = resolveAddressMap(given["addressMap"]);
    this.options.lane.mapsAddresses = this.options.addressMap !== undefined;
  }

  /** @param {import("../lifecycle.js").Owner} owner */
  open(owner) {
    const openLane = (/** @type {number} */ target) => {
      try {
        return RedisLane.cluster(port, target, this.seeds, this.options.lane, this.cluster);
      } catch (error) {
        const { code, message } = /** @type {{ code?: string, message: string }} */ (error);
        // An unknown scheme has no code.
        throw coded(TypeError, code || "ERR_INVALID_ARG_VALUE", message);
      }
    };
    const Class = connectionClass(ClusterConnection, this.options);
    return new Class(openLane, this.options, owner);
  }

  duplicate() {
    const { RedisCluster } = require("./client.js");
    return new RedisCluster(FROM_SOURCE, this);
  }
}

module.exports = { ClusterSource };
