"use strict";
/** Waiting out what passes: a lost connection, a server that is starting or changing its role. */
const { pause } = require("../signals.js");

/** Attempts in a row after which a failure is told. */
const MAX_FAILURES = 20;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2000;
const PASSING_CODES = new Set([
  "ERR_REDIS_CONNECTION_CLOSED",
  "ERR_REDIS_CONNECTION_TIMEOUT",
  "ERR_REDIS_IDLE_TIMEOUT",
  "ERR_REDIS_COMMAND_TIMEOUT",
]);
const PASSING_WORDS = /^(LOADING|READONLY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN)\b/;

/** Counts failures, and waits longer after each. */
class Patience {
  failures = 0;

  /** @param {() => boolean} closed whether nothing passes any more */
  constructor(closed) {
    this.closed = closed;
  }

  succeeded() {
    this.failures = 0;
  }

  /**
   * Waits before the next attempt; throws what does not pass, and what has failed too often.
   * @param {any} error
   * @param {AbortSignal} [signal] ends the wait
   */
  async failed(error, signal) {
    this.failures++;
    if (!passes(error) || this.failures >= MAX_FAILURES || this.closed()) throw error;
    await pause(Math.min(FIRST_PAUSE * 2 ** (this.failures - 1), LONGEST_PAUSE), signal);
  }
}

/** @param {any} error */
function passes(error) {
  return PASSING_CODES.has(error?.code) || PASSING_WORDS.test(error?.message);
}

/**
 * Repeats what may be done twice until it has succeeded.
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {() => boolean} closed
 * @returns {Promise<T>}
 */
async function patiently(attempt, closed) {
  const patience = new Patience(closed);
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      await patience.failed(error);
    }
  }
}

module.exports = { Patience, patiently };
