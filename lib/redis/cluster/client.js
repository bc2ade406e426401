"use strict";
/** The client of a cluster. */
const { inspect } = require("node:util");
const { lazily } = require("../../lazily.js");
const { RedisClient, connectionOf } = require("../client.js");
const { FROM_SOURCE } = require("../source.js");

const sources = lazily(() => require("./source.js"));
const views = lazily(() => require("./view.js"));

/**
 * @typedef {import("./connection.js").ClusterConnection} ClusterConnection
 * @typedef {import("./source.js").ClusterSource} ClusterSource
 */

class RedisCluster extends RedisClient {
  /** @type {import("./view.js").ClusterView | undefined} */
  #buffers;

  /**
   * @param {unknown} seeds
   * @param {unknown} [options]
   */
  constructor(seeds, options) {
    const source = seeds === FROM_SOURCE ? options : new (sources().ClusterSource)(seeds, options);
    super(FROM_SOURCE, source);
    // What cannot be used is told now.
    connectionOf(this);
  }

  nodes() {
    return clusterOf(this).nodes();
  }

  get metrics() {
    return connectionOf(this).metrics;
  }

  /** @param {unknown} address */
  node(address) {
    return this.with({ route: { address } });
  }

  /**
   * @override
   * @param {unknown} options
   */
  with(options) {
    return new (views().ClusterView)(() => clusterOf(this), options);
  }

  /** @override */
  get buffers() {
    return (this.#buffers ??= this.with({ buffers: true }));
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    const { name } = this.constructor;
    if (!(#buffers in this)) return `${name} {}`;
    const { lane, state, pending, subscriptions } = clusterOf(this);
    return `${name} ${inspect({ seeds: lane.seeds(), state, pending, subscriptions: subscriptions.size })}`;
  }

  /** @override */
  get [Symbol.toStringTag]() {
    return "RedisCluster";
  }
}

/**
 * @param {RedisCluster} cluster
 * @returns {ClusterConnection}
 */
function clusterOf(cluster) {
  return /** @type {ClusterConnection} */ (connectionOf(cluster));
}

module.exports = { RedisCluster };
