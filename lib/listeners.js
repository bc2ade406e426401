"use strict";
/** Who hears the events that native objects report. */

/** @type {Map<number, (kind: number, argument: any) => void>} */
const listeners = new Map();
let nextTarget = 0;

/**
 * A number under which a native object may report events.
 * @returns {number}
 */
function newTarget() {
  return nextTarget++;
}

/**
 * Receives the events of a target. The listener is held until `unlisten`, so an object that has
 * nothing to expect must not listen, or it would never be collected.
 * @param {number} target
 * @param {(kind: number, argument: any) => void} listener
 */
function listen(target, listener) {
  listeners.set(target, listener);
}

/**
 * Ends what `listen` began.
 * @param {number} target
 */
function unlisten(target) {
  listeners.delete(target);
}

/**
 * Tells a target's listener, if there is one.
 * @param {number} target
 * @param {number} kind
 * @param {any} argument
 */
function notify(target, kind, argument) {
  report(() => listeners.get(target)?.(kind, argument));
}

/**
 * Runs a listener; what it throws is an uncaught exception and stops nothing else.
 * @param {() => void} run
 */
function report(run) {
  try {
    run();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

module.exports = { newTarget, listen, unlisten, notify, report };
