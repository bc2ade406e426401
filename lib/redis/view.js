"use strict";
/**
 * Views of a client: the same commands on the same connection, each with a deadline, a signal or
 * another form of reply.
 */
const { invalidProperty, outOfRange } = require("./errors.js");
const { MAX_TIMEOUT } = require("./deadlines.js");
const { Meta } = require("./meta.js");
const { SENDER } = require("./sender.js");
const builders = require("./transaction/index.js");

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./outcomes.js").Outcome} Outcome
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./transaction/transaction.js").Watching} Watching
 *
 * @typedef {object} Limits
 * @property {AbortSignal | null} signal
 * @property {number | undefined} timeout in milliseconds, 0 for none, `undefined` for the client's
 * @property {number} set bits that every command has
 * @property {number} cleared bits of the client's that no command has
 */

/** @type {Limits} */
const NONE = { signal: null, timeout: undefined, set: 0, cleared: 0 };

/** Stands for the connection where a view's commands look for one. */
class Scope {
  /**
   * @param {() => Connection} connection
   * @param {Limits} limits
   * @param {Watching | null} [watching]
   */
  constructor(connection, limits, watching = null) {
    this.connection = connection;
    this.limits = limits;
    this.watching = watching;
  }

  get subscriber() {
    return this.connection().subscriber;
  }

  get subscriptions() {
    return this.connection().subscriptions;
  }

  get closed() {
    return this.connection().closed;
  }

  /**
   * The same limits at each server that has keys of its own.
   * @returns {Promise<Scope[]>}
   */
  async primaries() {
    /** @type {import("./sender.js").Sender} */
    const sender = this.connection();
    if (sender.primaries === undefined) return [this];
    const nodes = await sender.primaries();
    return nodes.map((node) => new Scope(() => /** @type {Connection} */ (node), this.limits));
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   */
  issue(frame, outcome, meta) {
    return this.connection().issueWithin(frame, outcome, meta, this.limits);
  }

  /** @type {Connection["subscribe"]} */
  subscribe(command, names, outcome) {
    return this.connection().subscribe(command, names, outcome, this);
  }

  /** @type {Connection["unsubscribe"]} */
  unsubscribe(command, names, outcome) {
    return this.connection().unsubscribe(command, names, outcome, this);
  }
}

/** What `with` and `buffers` return; `client.js` gives it the commands. */
class RedisView {
  /** @type {Scope} */
  #scope;
  /** @type {RedisView | undefined} */
  #buffers;

  /**
   * @param {(() => Connection) | Scope} connection
   * @param {unknown} [options] none where a scope says it all
   * @param {Limits} [base] the limits that stay where the options say nothing
   * @param {Watching | null} [watching] the watched keys that transactions depend on
   */
  constructor(connection, options, base = NONE, watching = null) {
    this.#scope =
      connection instanceof Scope ? connection : new Scope(connection, resolveLimits(options, base), watching);
  }

  /** @param {unknown} options */
  with(options) {
    const { connection, limits, watching } = this.#scope;
    return new RedisView(connection, options, limits, watching);
  }

  get buffers() {
    return (this.#buffers ??= this.with({ buffers: true }));
  }

  multi() {
    return builders.multi(this.#scope);
  }

  pipeline() {
    return builders.pipeline(this.#scope);
  }

  /**
   * @param {unknown} keys
   * @param {unknown} callback
   * @param {unknown} [options]
   */
  watch(keys, callback, options) {
    return builders.watch(this.#scope, keys, callback, options);
  }

  get [SENDER]() {
    return #scope in this ? this.#scope : undefined;
  }

  get [Symbol.toStringTag]() {
    return "RedisView";
  }
}

/**
 * @param {unknown} options
 * @param {Limits} base
 * @returns {Limits}
 */
function resolveLimits(options, base) {
  if (typeof options !== "object" || options === null) throw invalidProperty("options", "of type object", options);
  const { signal, timeout, buffers, bigint } = /** @type {Record<string, any>} */ (options);
  const limits = { ...base };
  if (signal !== undefined) {
    if (!(signal instanceof AbortSignal)) throw invalidProperty("signal", "an AbortSignal", signal);
    limits.signal = signal;
  }
  if (timeout !== undefined) limits.timeout = resolveTimeout(timeout, "timeout");
  if (buffers !== undefined) change(limits, Meta.BYTES, buffers);
  if (bigint !== undefined) change(limits, Meta.EXACT, bigint);
  return limits;
}

/**
 * Checks a number of milliseconds.
 * @param {unknown} value
 * @param {string} name
 * @returns {number}
 */
function resolveTimeout(value, name) {
  if (typeof value !== "number") throw invalidProperty(name, "of type number", value);
  if (!Number.isInteger(value) || value < 0 || value > MAX_TIMEOUT) {
    throw outOfRange(name, `an integer >= 0 and <= ${MAX_TIMEOUT}`, value);
  }
  return value;
}

/**
 * @param {Limits} limits
 * @param {number} bit
 * @param {unknown} wanted
 */
function change(limits, bit, wanted) {
  limits.set = wanted ? limits.set | bit : limits.set & ~bit;
  limits.cleared = wanted ? limits.cleared & ~bit : limits.cleared | bit;
}

module.exports = { NONE, RedisView, Scope, resolveLimits, resolveTimeout };
