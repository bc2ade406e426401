"use strict";
/** A connection of one's own to one node of a cluster. */
const { RedisError } = require("../errors.js");
const { LeaseConnection } = require("../pool/lease.js");

class NodeConnection extends LeaseConnection {
  /** What the server has refused. @type {WeakSet<Error>} */
  refusals = new WeakSet();

  /** @override @returns {import("../pool/lease.js").LeaseClass} */
  get leaseClass() {
    return NodeConnection;
  }

  /**
   * @override
   * @type {LeaseConnection["issue"]}
   */
  issue(frame, outcome, meta) {
    return super.issue(frame, outcome, meta).catch((error) => this.#explain(error));
  }

  /**
   * @override
   * @type {LeaseConnection["issueWithin"]}
   */
  issueWithin(frame, outcome, meta, limits) {
    return super.issueWithin(frame, outcome, meta, limits).catch((error) => this.#explain(error));
  }

  /**
   * An error that leads to another node says so, and the client learns where the slot is.
   * @param {unknown} error
   * @returns {never}
   */
  #explain(error) {
    if (!(error instanceof RedisError) || error.code !== "ERR_REDIS_SERVER_ERROR") throw error;
    const told = this.lane.explain(error.message);
    const refusal = told === null ? error : new RedisError(told.code, told.message, { cause: error });
    this.refusals.add(refusal);
    throw refusal;
  }
}

module.exports = { NodeConnection };
