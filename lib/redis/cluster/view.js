"use strict";
/** Views of a cluster: besides what views of a client change, they say where commands go. */
const { provideFeatures } = require("../client.js");
const { Meta } = require("../meta.js");
const { SENDER } = require("../sender.js");
const { NONE, RedisView, Scope, resolveLimits } = require("../view.js");
const { ROUTE_MASK, isSingle, resolveRoute } = require("./route.js");

/**
 * @typedef {import("./connection.js").ClusterConnection} ClusterConnection
 * @typedef {import("../view.js").Limits} Limits
 * @typedef {import("../frame.js").Frame} Frame
 * @typedef {import("../outcomes.js").Outcome} Outcome
 */

/** Bits that say how a command is answered; subscriptions go where the cluster serves them. */
const SUBSCRIPTION = Meta.SUBSCRIBE | Meta.UNSUBSCRIBE;

/** Stands for the connection where commands of a view look for one. */
class ClusterScope extends Scope {
  /**
   * @param {() => ClusterConnection} connection
   * @param {Limits} limits
   */
  constructor(connection, limits) {
    super(connection, limits);
    this.cluster = connection;
  }

  /**
   * @override
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   */
  issue(frame, outcome, meta) {
    return this.issueWithin(frame, outcome, meta, this.limits);
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @param {Limits} limits
   */
  issueWithin(frame, outcome, meta, limits) {
    const own = this.limits.set & ROUTE_MASK;
    let set = own === 0 ? limits.set : (limits.set & ~ROUTE_MASK) | own;
    if ((meta & SUBSCRIPTION) !== 0) set &= ~ROUTE_MASK;
    return this.cluster().issueWithin(frame, outcome, meta, set === limits.set ? limits : { ...limits, set });
  }

  /** What has keys of its own: all primaries, or the one node that the view is of. */
  async primaries() {
    return isSingle(this.limits.set) ? [this] : this.cluster().primaries(this.limits);
  }
}

/** What `with`, `buffers` and `node` of a cluster return. */
class ClusterView extends RedisView {
  /**
   * @param {() => ClusterConnection} connection
   * @param {unknown} options
   * @param {Limits} [base] the limits that stay where the options say nothing
   */
  constructor(connection, options, base = NONE) {
    provideFeatures(RedisView);
    super(new ClusterScope(connection, routed(connection, options, base)));
  }

  /**
   * @override
   * @param {unknown} options
   */
  with(options) {
    const { cluster, limits } = /** @type {ClusterScope} */ (this[SENDER]);
    return new ClusterView(cluster, options, limits);
  }

  /** @override */
  get [Symbol.toStringTag]() {
    return "RedisClusterView";
  }
}

/**
 * @param {() => ClusterConnection} connection
 * @param {unknown} options
 * @param {Limits} base
 */
function routed(connection, options, base) {
  const limits = resolveLimits(options, base);
  const { route } = /** @type {Record<string, unknown>} */ (options);
  if (route === undefined) return limits;
  return { ...limits, set: (limits.set & ~ROUTE_MASK) | resolveRoute(route, connection().lane) };
}

module.exports = { ClusterScope, ClusterView };
