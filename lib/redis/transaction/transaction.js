"use strict";
/** Commands between MULTI and EXEC. */
const { provideCommands } = require("../client.js");
const { subscriberMode } = require("../errors.js");
const { Meta } = require("../meta.js");
const { SENDER } = require("../sender.js");
const { throwErrors } = require("./errors.js");
const { execute } = require("./execute.js");
const { Queue } = require("./queue.js");

/** Commands that the server does at once also inside a transaction, and that would take it apart. */
const NOT_QUEUED = /^\*\d+\r\n\$[45]\r\n(WATCH|RESET|QUIT)\r\n/i;

/**
 * @typedef {import("./queue.js").Origin} Origin
 *
 * @typedef {object} Watching the watched keys that a transaction depends on
 * @property {() => void} exec the transaction is about to be sent
 * @property {(error: Error) => void} failed it came to nothing
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
  }
}

class RedisTransaction {
  /** @type {TransactionQueue} */
  #queue;
  /** @type {Watching | null} */
  #watching;

  /**
   * @param {Origin} origin
   * @param {Watching | null} [watching]
   */
  constructor(origin, watching = null) {
    this.#queue = new TransactionQueue(this, "transaction", origin);
    this.#watching = watching;
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
    const watching = this.#watching;
    queue.end("executed");
    if (queue.subscriber) throw subscriberMode("exec");
    let replies;
    if (watching !== null) {
      watching.exec();
      replies = await execute(queue).catch((error) => {
        watching.failed(error);
        throw error;
      });
    } else {
      // Without a watched key, a transaction of nothing has nothing to say.
      replies = queue.frames.length === 0 ? [] : await execute(queue);
    }
    if (options?.throwOnError) throwErrors(replies);
    return replies;
  }

  discard() {
    this.#queue.end("discarded");
  }

  get [Symbol.toStringTag]() {
    return "RedisTransaction";
  }
}

provideCommands(RedisTransaction);

module.exports = { RedisTransaction };
