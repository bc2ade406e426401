"use strict";
/** Callbacks that keep the asynchronous context in which they were given. */
const { AsyncResource } = require("node:async_hooks");
const { report } = require("../listeners.js");

/**
 * A user's function, called where `AsyncLocalStorage` has the values of its registration. What it
 * throws is an uncaught exception and stops nothing else.
 */
class Callback {
  /** @param {(...args: any[]) => unknown} run */
  constructor(run) {
    this.run = run;
    this.resource = new AsyncResource("RedisCallback");
  }

  /**
   * @param {unknown} receiver
   * @param {unknown[]} args
   */
  call(receiver, ...args) {
    report(() => this.resource.runInAsyncScope(this.run, receiver, ...args));
  }
}

module.exports = { Callback };
