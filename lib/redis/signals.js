"use strict";
/** Commands that wait under an `AbortSignal`: one listener for each signal, however many they are. */
const { giveUp } = require("./group.js");

/** @type {WeakMap<AbortSignal, Watch>} */
const watches = new WeakMap();

class Watch {
  /** @param {AbortSignal} signal */
  constructor(signal) {
    this.signal = signal;
    /** The commands that wait. @type {Set<number>} */
    this.ids = new Set();
    this.abort = this.abort.bind(this);
  }

  /** @param {number} id of a command that `delete` is called for as soon as it has settled */
  add(id) {
    if (this.ids.size === 0) this.signal.addEventListener("abort", this.abort);
    this.ids.add(id);
  }

  /** @param {number} id */
  delete(id) {
    this.ids.delete(id);
    if (this.ids.size === 0) this.signal.removeEventListener("abort", this.abort);
  }

  abort() {
    for (const id of [...this.ids]) giveUp(id, this.signal.reason);
  }
}

/**
 * The watch of a signal.
 * @param {AbortSignal} signal
 * @returns {Watch}
 */
function watchOf(signal) {
  let watch = watches.get(signal);
  if (watch === undefined) {
    watch = new Watch(signal);
    watches.set(signal, watch);
  }
  return watch;
}

module.exports = { watchOf };
