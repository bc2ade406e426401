"use strict";
/** What a consumer gives: an entry of a stream that can be acknowledged. */
const { patiently } = require("./patience.js");

/** @typedef {import("./group.js").Group} Group */

class RedisStreamMessage {
  /** @type {() => Promise<boolean>} */
  #acknowledge;
  /** @type {Promise<boolean> | undefined} */
  #acknowledged;

  /**
   * @param {string} id
   * @param {string} stream
   * @param {any[]} values fields and values
   * @param {number} deliveries
   * @param {() => Promise<boolean>} acknowledge
   */
  constructor(id, stream, values, deliveries, acknowledge) {
    this.id = id;
    this.stream = stream;
    this.fields = fieldsOf(values);
    this.deliveries = deliveries;
    this.#acknowledge = acknowledge;
  }

  ack() {
    return (this.#acknowledged ??= this.#acknowledge());
  }

  get acknowledged() {
    return this.#acknowledged !== undefined;
  }

  get [Symbol.toStringTag]() {
    return "RedisStreamMessage";
  }
}

/** @param {any[]} values */
function fieldsOf(values) {
  const fields = Object.create(null);
  for (let at = 0; at < values.length; at += 2) fields[`${values[at]}`] = values[at + 1];
  return fields;
}

/** What was delivered to this process and is not acknowledged yet. */
class Unacknowledged {
  /** @param {Group} group */
  constructor(group) {
    this.group = group;
    /** Stream and id. @type {Set<string>} */
    this.known = new Set();
    /** Acknowledgements on their way. @type {Set<Promise<void>>} */
    this.leaving = new Set();
    /** Why the first one failed. @type {Error | null} */
    this.failure = null;
  }

  /**
   * @param {string} stream
   * @param {string} id
   */
  has(stream, id) {
    return this.known.has(keyOf(stream, id));
  }

  /**
   * @param {import("../encode.js").Argument} stream
   * @param {string} name
   * @param {import("./group.js").Entry} entry
   * @param {number} deliveries
   */
  add(stream, name, { id, values }, deliveries) {
    const key = keyOf(name, id);
    this.known.add(key);
    return new RedisStreamMessage(id, name, values ?? [], deliveries, () => {
      const acknowledged = patiently(
        () => this.group.acknowledge(stream, id),
        () => this.group.closed,
      );
      const left = acknowledged.then(
        () => {
          this.known.delete(key);
          this.leaving.delete(left);
        },
        (error) => {
          this.failure ??= error;
          this.leaving.delete(left);
        },
      );
      this.leaving.add(left);
      return acknowledged;
    });
  }

  /**
   * Lets a message go that nobody works on.
   * @param {{ stream: string, id: string }} message
   */
  forget({ stream, id }) {
    this.known.delete(keyOf(stream, id));
  }

  /** Throws when an acknowledgement has failed. */
  check() {
    if (this.failure !== null) throw this.failure;
  }

  /** Waits until everything that was acknowledged is so. */
  async settled() {
    while (this.leaving.size > 0) await Promise.all(this.leaving);
    this.check();
  }
}

/**
 * @param {string} stream
 * @param {string} id which has no space
 */
function keyOf(stream, id) {
  return `${id} ${stream}`;
}

module.exports = { Unacknowledged };
