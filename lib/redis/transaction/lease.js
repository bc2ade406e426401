"use strict";
/** A connection of one's own for a time, from those that a client keeps beside its shared one. */
const { forget, register } = require("../../port.js");
const { Connection } = require("../connection.js");
const { PLAIN } = require("../outcomes.js");

/** Nobody is told what becomes of a leased connection, but those who use it. */
const NOBODY = { onConnected() {}, onClosed() {}, onGap: () => false };

/**
 * @typedef {import("../../../binding.js").RedisLane} RedisLane
 * @typedef {import("../options.js").Resolved} Resolved
 */

/** Ends with its connection to the server: what was built up there, such as watched keys, would be gone. */
class LeasedConnection extends Connection {
  /**
   * @param {RedisLane} lane
   * @param {Resolved} options
   */
  constructor(lane, options) {
    super(() => lane, options, NOBODY);
    this.over = false;
    this.target = lane.target;
    /** @type {Connection["state"]} */
    this.state = "connected";
    this.expectEvents(true);
  }

  /** @param {boolean} wanted */
  expectEvents(wanted) {
    // What is issued behind the end is refused at once.
    if (!wanted || !this.over) super.expectEvents(wanted);
  }

  /** Whether the server cannot be asked any more. */
  get lost() {
    return !this.lane.active;
  }

  /** Gives the connection back. What was issued is still answered. */
  release() {
    this.submit();
    this.over = true;
    this.expectEvents(false);
    this.lane.release();
  }
}

/**
 * Waits for a connection.
 * @param {Connection} shared the client's
 * @param {number} timeout in milliseconds, 0 for none
 * @param {AbortSignal | null} signal
 * @returns {Promise<LeasedConnection>}
 */
async function lease(shared, timeout, signal) {
  let id = -1;
  const granted = new Promise((resolve, reject) => {
    // The id is free again when this has returned.
    const fetch = () => resolve(new LeasedConnection(shared.lane.fetch(id), shared.options));
    id = register(fetch, reject, PLAIN, shared.group);
    if (!shared.listening) shared.expectEvents(true);
    try {
      shared.lane.acquire(id, timeout);
    } catch (error) {
      forget(id);
      throw error;
    }
  });
  const cancel = () => void shared.lane.cancel(id);
  signal?.addEventListener("abort", cancel);
  try {
    const connection = await granted;
    if (signal?.aborted) {
      connection.release();
      throw signal.reason;
    }
    return connection;
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

module.exports = { lease };
