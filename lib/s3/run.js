"use strict";
/** Starting native calls, with or without an `AbortSignal`. */

const { call, port } = require("../port.js");
const { failedAt } = require("./errors.js");

/**
 * Starts a call; what the native side refuses at once becomes a rejection as well.
 * @param {import("./config.js").Config} config
 * @param {string} path
 * @param {(id: number) => void} start
 * @returns {Promise<any>}
 */
async function run({ fields: { signal } }, path, start) {
  if (signal === undefined) return call(start, failedAt(path));
  signal.throwIfAborted();
  let token = 0;
  const work = call((id) => {
    token = port.makeCancellable();
    start(id);
  }, failedAt(path));
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
