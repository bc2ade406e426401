"use strict";
/** What gathers commands until it is executed. */
const { provideCommands } = require("../client.js");
const { subscriberMode } = require("../errors.js");
const { SENDER } = require("../sender.js");
const { throwErrors } = require("./errors.js");

/** @typedef {import("./queue.js").Queue} Queue */

class Builder {
  #queue;
  #send;

  /**
   * @param {(builder: object) => Queue} makeQueue makes what takes the commands and returns the builder for each
   * @param {(queue: Queue) => Promise<unknown[]>} send resolves with what became of the commands
   */
  constructor(makeQueue, send) {
    this.#queue = makeQueue(this);
    this.#send = send;
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
    const replies = await this.#send(queue);
    if (options?.throwOnError) throwErrors(replies);
    return replies;
  }

  discard() {
    this.#queue.end("discarded");
  }
}

provideCommands(Builder);

module.exports = { Builder };
