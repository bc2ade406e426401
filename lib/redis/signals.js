"use strict";
/** What ends with an `AbortSignal`: one listener for each signal, however much waits, for Node warns of more than ten. */
// Taken when the package is imported: tests replace it later by a fake that waits for them.
const { clearTimeout, setTimeout } = require("node:timers");

/** @typedef {(reason: any) => void} Abort */

/** @type {WeakMap<AbortSignal, Watch>} */
const watches = new WeakMap();

class Watch {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
    /** @type {Set<Abort>} */
    this.waiting = new Set();
    this.abort = this.abort.bind(this);
  }

  /** @param {Abort} run */
  add(run) {
    if (this.waiting.size === 0) this.signal.addEventListener("abort", this.abort);
    this.waiting.add(run);
  }

  /** @param {Abort} run */
  delete(run) {
    this.waiting.delete(run);
    if (this.waiting.size === 0) this.signal.removeEventListener("abort", this.abort);
  }

  abort() {
    // Who is aborted may end others.
    for (const run of [...this.waiting]) if (this.waiting.has(run)) run(this.signal.reason);
  }
}

/**
 * Calls a function when a signal is aborted, which it is not yet.
 *
 * @example
 * const unwatch = onAbort(signal, (reason) => giveUp(id, reason));
 *
 * @param {AbortSignal} signal
 * @param {Abort} run
 * @returns {() => void} to be called when there is nothing to abort any more, also behind `run`
 */
function onAbort(signal, run) {
  let watch = watches.get(signal);
  if (watch === undefined) {
    watch = new Watch(signal);
    watches.set(signal, watch);
  }
  watch.add(run);
  return watch.delete.bind(watch, run);
}

/**
 * Waits, but no longer than until a signal is aborted.
 * @param {number} milliseconds
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal = null) {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    let unwatch = () => {};
    const end = () => {
      clearTimeout(timer);
      unwatch();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    if (signal !== null) unwatch = onAbort(signal, end);
  });
}

module.exports = { onAbort, pause };
