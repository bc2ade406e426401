"use strict";
/** Starting native calls, with or without an `AbortSignal`. */

const { call, port } = require("../port.js");
const { failedAt } = require("./errors.js");

/**
 * Starts a call; what the native side refuses at once becomes a rejection as well.
 * @param {import("./config.js").Config} config
 * @param {string} path
 * @param {(id: number) => void} start
 * @param {((value: any) => any) | null} [convert] what the promise is fulfilled with, of the result
 * @returns {Promise<any>}
 */
function run({ fields: { signal } }, path, start, convert = null) {
  if (signal === undefined) return call(start, failedAt(path), convert);
  if (signal.aborted) return Promise.reject(signal.reason);
  let token = 0;
  const cancellable = (/** @type {number} */ id) => {
    token = port.makeCancellable();
    start(id);
  };
  const work = call(cancellable, failedAt(path), convert);
  return untilAborted(signal, work, () => port.cancel(token));
}

/**
 * What comes of `work`, or a rejection with the signal's reason as soon as it is aborted.
 * @template T
 * @param {AbortSignal} signal
 * @param {Promise<T>} work
 * @param {() => void} stop called when it is aborted
 * @returns {Promise<T>}
 */
function untilAborted(signal, work, stop) {
  return new Promise((resolve, reject) => {
    const leave = onAbort(signal, () => {
      reject(signal.reason);
      stop();
    });
    work.finally(leave).then(resolve, reject);
  });
}

/**
 * Does something when a signal is aborted, at once if it is already.
 * @param {AbortSignal | undefined} signal
 * @param {() => void} action
 * @returns {() => void} leaves the signal alone from then on
 */
function onAbort(signal, action) {
  if (signal === undefined) return () => {};
  if (signal.aborted) action();
  else signal.addEventListener("abort", action, { once: true });
  return () => signal.removeEventListener("abort", action);
}

module.exports = { run, untilAborted, onAbort };
