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
    return super.issue(frame, outcome, meta).catch((error) => {
      throw this.explained(error);
    });
  }

  /**
   * @override
   * @type {LeaseConnection["issueWithin"]}
   */
  issueWithin(frame, outcome, meta, limits) {
    return super.issueWithin(frame, outcome, meta, limits).catch((error) => {
      throw this.explained(error);
    });
  }

  /**
   * An error that leads to another node says so, and the client learns where the slot is.
   * @override
   * @type {LeaseConnection["explained"]}
   */
  explained(error) {
    if (!(error instanceof RedisError) || error.code !== "ERR_REDIS_SERVER_ERROR") return error;
    const told = this.lane.explain(error.message);
    const refusal = told === null ? error : new RedisError(told.code, told.message, { cause: error });
    this.refusals.add(refusal);
    return refusal;
  }
}

module.exports = { NodeConnection };
