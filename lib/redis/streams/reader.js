"use strict";
/** Reads that wait on the server until they are stopped; they have connections of their own. */

/**
 * @typedef {import("../sender.js").Sender} Sender
 * @typedef {import("../view.js").Limits} Limits
 * @typedef {Pick<import("../connection.js").Connection, "gate" | "issueWithin">} Link
 * @typedef {Sender & Partial<Link> & { connection?: () => Link, limits?: Limits }} Target a connection, or a view of one
 */

/** @type {Limits} */
const NONE = { signal: null, timeout: undefined, set: 0, cleared: 0 };

/**
 * What issues commands that end when a signal says so, however long they may take.
 * @param {Target} sender
 * @param {AbortSignal} stop
 * @returns {Pick<Sender, "issue">}
 */
function stoppable(sender, stop) {
  const { limits = NONE } = sender;
  const signal = limits.signal === null ? stop : AbortSignal.any([limits.signal, stop]);
  return {
    issue(frame, outcome, meta) {
      return linkOf(sender).issueWithin(frame, outcome, meta, { ...limits, signal, timeout: 0 });
    },
  };
}

/**
 * The connection behind what takes commands.
 * @param {Target} sender
 */
function linkOf(sender) {
  return /** @type {Link} */ (sender.connection?.() ?? sender);
}

module.exports = { linkOf, stoppable };
