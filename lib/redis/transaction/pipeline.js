"use strict";
/** Commands that are sent together, each with a result of its own. */
const { provideCommands } = require("../client.js");
const { subscriberMode } = require("../errors.js");
const { SENDER } = require("../sender.js");
const { tell, throwErrors } = require("./errors.js");
const { Queue } = require("./queue.js");

/** @typedef {import("./queue.js").Origin} Origin */

class RedisPipeline {
  /** @type {Queue} */
  #queue;

  /** @param {Origin} origin */
  constructor(origin) {
    this.#queue = new Queue(this, "pipeline", origin);
  }

  get [SENDER]() {
    return #queue in this ? this.#queue : undefined;
  }

  get length() {
    return this.#queue.frames.length;
  }

  /** @param {{ throwOnError?: boolean }} [options] */
  async exec(options) {
    const queue = this.#queue;
    queue.end("executed");
    if (queue.subscriber) throw subscriberMode("exec");
    const replies = await send(queue);
    if (options?.throwOnError) throwErrors(replies);
    return replies;
  }

  discard() {
    this.#queue.end("discarded");
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

provideCommands(RedisPipeline);

module.exports = { RedisPipeline };
