"use strict";
/** A consumer of a group of consumers. Loaded at first use. */
const { RedisError, invalidArgument } = require("../errors.js");
const { onAbort } = require("../signals.js");
const { Feed } = require("./feed.js");
const { Group } = require("./group.js");
const { Unacknowledged } = require("./message.js");
const { readOptions, readProcessing, readStreams } = require("./options.js");
const { linkOf, stoppable } = require("./reader.js");

/**
 * @typedef {import("./feed.js").Message} Message
 * @typedef {import("../sender.js").Sender} Sender
 */

class RedisConsumer {
  /** @type {import("./options.js").Options} */
  #options;
  /** @type {Unacknowledged} */
  #unacknowledged;
  /** @type {Feed} */
  #feed;
  #stop = new AbortController();
  /** Whether somebody takes the messages already. */
  #taken = false;
  /** Ends that a signal closes the consumer. */
  #unwatch = () => {};

  /**
   * @param {Sender} sender
   * @param {import("../encode.js").Argument[]} streams
   * @param {import("./options.js").Options} options
   */
  constructor(sender, streams, options) {
    const group = new Group(sender, streams, options, linkOf(sender).gate.keysAsSent(streams));
    this.#options = options;
    this.#unacknowledged = new Unacknowledged(group);
    this.#feed = new Feed(group, this.#unacknowledged, stoppable(sender, this.#stop.signal), this.#stop.signal);
  }

  async *[Symbol.asyncIterator]() {
    const messages = this.#take();
    try {
      for await (const message of messages) {
        this.#unacknowledged.check();
        yield message;
        // Whoever asks for the next one is done with this one.
        if (this.#options.autoAck) message.ack().catch(() => {});
      }
    } finally {
      await this.close();
    }
  }

  /**
   * @param {(message: Message) => unknown} handler
   * @param {unknown} [options]
   */
  async process(handler, options) {
    if (typeof handler !== "function") throw invalidArgument("handler", "a function", "process");
    const { concurrency, onError } = readProcessing(options);
    const messages = this.#take();
    const work = async () => {
      for (;;) {
        const { done, value: message } = await messages.next();
        if (done) return;
        this.#unacknowledged.check();
        try {
          await handler(message);
        } catch (error) {
          if (onError === undefined) throw error;
          await onError(error, message);
          continue;
        }
        if (this.#options.autoAck) message.ack().catch(() => {});
      }
    };
    const workers = Array.from({ length: concurrency }, () =>
      work().catch((error) => {
        this.#end();
        throw error;
      }),
    );
    const results = await Promise.allSettled(workers);
    const failed = results.find((result) => result.status === "rejected");
    // The handler's error says more than what follows from it.
    const closed = this.close();
    if (failed === undefined) return closed;
    await closed.catch(() => {});
    throw failed.reason;
  }

  async close() {
    this.#end();
    await this.#unacknowledged.settled();
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }

  get [Symbol.toStringTag]() {
    return "RedisConsumer";
  }

  #take() {
    if (this.#taken) {
      throw new RedisError("ERR_REDIS_INVALID_STATE", "The messages of this consumer are taken by somebody else");
    }
    this.#taken = true;
    const { signal } = this.#options;
    // Not before: nothing would end it for a consumer that nobody uses.
    if (signal?.aborted) this.#end();
    else if (signal !== undefined && !this.#stop.signal.aborted) this.#unwatch = onAbort(signal, () => this.#end());
    return this.#feed.messages();
  }

  /** Ends the waiting for messages; those that were given can still be acknowledged. */
  #end() {
    this.#unwatch();
    this.#stop.abort();
  }
}

/**
 * @param {Sender} sender
 * @param {unknown} streams
 * @param {unknown} options
 */
function consume(sender, streams, options) {
  return new RedisConsumer(sender, readStreams(streams), readOptions(options));
}

module.exports = { consume };
