"use strict";
/** Commands that are sent together, each with a result of its own. */
const { Builder } = require("./builder.js");
const { tell } = require("./errors.js");
const { Queue } = require("./queue.js");

/** @typedef {import("./queue.js").Origin} Origin */

class RedisPipeline extends Builder {
  /** @param {Origin} origin */
  constructor(origin) {
    super((builder) => new Queue(builder, "pipeline", origin), send);
  }

  get [Symbol.toStringTag]() {
    return "RedisPipeline";
  }
}

/**
 * @param {Queue} queue
 * @returns {Promise<unknown[]>}
 */
function send(queue) {
  const connection = queue.origin.connection();
  if (connection.scheduled || connection.options.enableAutoPipelining) return issue(queue, connection);
  // Without automatic pipelining every command would be a flush of its own.
  connection.beginTurn();
  connection.scheduled = true;
  try {
    return issue(queue, connection);
  } finally {
    connection.flush();
  }
}

/**
 * @param {Queue} queue
 * @param {import("./queue.js").Connection} connection
 * @returns {Promise<unknown[]>}
 */
function issue({ origin, frames, outcomes, metas }, connection) {
  const { limits } = origin;
  const promises = frames.map((frame, index) => {
    const outcome = /** @type {import("../outcomes.js").Outcome} */ (outcomes[index]);
    const meta = /** @type {number} */ (metas[index]);
    const reply =
      limits === null
        ? connection.issue(frame, outcome, meta)
        : connection.issueWithin(frame, outcome, meta, limits);
    return reply.catch((error) => {
      // Whoever aborts gives up all of them.
      if (limits?.signal?.aborted && error === limits.signal.reason) throw error;
      return tell(error, index, frame);
    });
  });
  return Promise.all(promises);
}

module.exports = { RedisPipeline };
