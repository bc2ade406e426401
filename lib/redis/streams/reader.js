"use strict";
/** Reads that wait on the server until they are stopped; they have connections of their own. */

/**
 * @typedef {import("../sender.js").Sender} Sender
 * @typedef {import("../view.js").Limits} Limits
 * @typedef {Pick<import("../connection.js").Connection, "issueWithin">} Link
 */

/** @type {Limits} */
const NONE = { signal: null, timeout: undefined, set: 0, cleared: 0 };

/**
 * What issues commands that end when a signal says so, however long they may take.
 * @param {Sender & Partial<Link> & { connection?: () => Link, limits?: Limits }} sender a connection, or a view of one
 * @param {AbortSignal} stop
 * @returns {Pick<Sender, "issue">}
 */
function stoppable(sender, stop) {
  const { limits = NONE } = sender;
  const signal = limits.signal === null ? stop : AbortSignal.any([limits.signal, stop]);
  return {
    issue(frame, outcome, meta) {
      const link = /** @type {Link} */ (sender.connection?.() ?? sender);
      return link.issueWithin(frame, outcome, meta, { ...limits, signal, timeout: 0 });
    },
  };
}

module.exports = { stoppable };
