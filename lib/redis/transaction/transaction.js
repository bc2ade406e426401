"use strict";
/** Commands between MULTI and EXEC. */
const { Meta } = require("../meta.js");
const { Builder } = require("./builder.js");
const { execute } = require("./execute.js");
const { Queue } = require("./queue.js");

/** Commands that the server does at once also inside a transaction, and that would take it apart. */
const NOT_QUEUED = /^\*\d+\r\n\$[45]\r\n(WATCH|RESET|QUIT)\r\n/i;

/**
 * @typedef {import("./queue.js").Origin} Origin
 *
 * @typedef {object} Watching who must know what becomes of a transaction that depends on watched keys
 * @property {(queue: Queue) => boolean} exec it is about to be sent; throws if it must not be. Returns whether a command was
 *   added behind the others
 * @property {(error: unknown) => unknown} failed it came to nothing; returns what is told
 */

class TransactionQueue extends Queue {
  /**
   * @param {import("../frame.js").Frame} frame
   * @param {number} meta
   */
  check(frame, meta) {
    if ((meta & (Meta.OPENS | Meta.ENDS)) !== 0) throw this.refusal("MULTI, EXEC or DISCARD");
    const start = typeof frame === "string" ? frame : /** @type {string} */ (frame[0]);
    const name = NOT_QUEUED.exec(start)?.[1];
    if (name !== undefined) throw this.refusal(name.toUpperCase());
    if ((meta & Meta.STATE) !== 0) this.origin.connection().check(frame, meta);
  }
}

class RedisTransaction extends Builder {
  /** @param {Origin} origin */
  constructor(origin) {
    super((builder) => new TransactionQueue(builder, "transaction", origin), watched);
  }

  get [Symbol.toStringTag]() {
    return "RedisTransaction";
  }
}

/**
 * @param {Queue} queue
 * @returns {Promise<unknown[]>}
 */
async function watched(queue) {
  const { watching } = queue.origin;
  // Only watched keys make a transaction of nothing say something.
  if (!watching) return queue.frames.length === 0 ? [] : execute(queue);
  const guarded = watching.exec(queue);
  try {
    const replies = await execute(queue);
    return guarded ? replies.slice(0, -1) : replies;
  } catch (error) {
    throw watching.failed(error);
  }
}

module.exports = { RedisTransaction };
