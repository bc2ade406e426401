"use strict";
/**
 * What a command passes before it is issued, on a connection or by a view that asks for more than
 * the usual: key prefix, bounds of the queue, deadline, signal, tracing. A connection without any
 * of these never comes here.
 */
const { RedisLane } = require("../../binding.js");
const { register } = require("../port.js");
const { Meta } = require("./meta.js");
const { RedisError } = require("./errors.js");
const { Deadlines } = require("./deadlines.js");
const { encode } = require("./encode.js");
const { byteLength, decode, summary } = require("./frame.js");
const { giveUp } = require("./group.js");
const { onAbort } = require("./signals.js");
const tracing = require("./tracing.js");

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./outcomes.js").Outcome} Outcome
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./view.js").Limits} Limits
 *
 * @typedef {object} Rules what holds for every command of a connection
 * @property {number} commandTimeout in milliseconds, 0 for none
 * @property {number} meta bits that are added to every command
 * @property {string | Uint8Array} keyPrefix empty for none
 * @property {number} maxQueueBytes
 * @property {number} maxQueueCommands
 */

class Admission {
  /**
   * @param {Connection} connection
   * @param {Rules} rules
   */
  constructor(connection, rules) {
    this.connection = connection;
    this.rules = rules;
    this.deadlines = new Deadlines(connection);
    /** How to prefix keys. @type {((frame: Frame) => Frame) | null} */
    this.prefixed = null;
    if (rules.keyPrefix.length > 0) this.prefixed = require("./prefix.js").makePrefixer(rules.keyPrefix);
    this.bounded = rules.maxQueueBytes !== Infinity || rules.maxQueueCommands !== Infinity;
    /** Bytes that waited when the current batch was begun, and those that have joined it. */
    this.queuedBytes = 0;
    this.queuedCommands = 0;
  }

  /** Whether all commands of the connection must come here. */
  get always() {
    const { commandTimeout, meta } = this.rules;
    return commandTimeout > 0 || meta !== 0 || this.prefixed !== null || this.bounded;
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @param {Limits | null} limits what a view asks for
   * @returns {Promise<any>}
   */
  issue(frame, outcome, meta, limits) {
    const signal = limits === null ? null : limits.signal;
    if (signal !== null && signal.aborted) return Promise.reject(signal.reason);
    if (this.prefixed !== null) frame = this.prefixed(frame);
    if (this.bounded) {
      const full = this.queueFull(byteLength(frame), 1);
      if (full !== null) return Promise.reject(full);
    }
    const wanted = meta | this.bits(limits);
    const group = this.group(frame, meta, limits);
    if (!tracing.active()) return this.start(frame, outcome, wanted, group, signal);
    const start = () => this.start(frame, outcome, wanted, group, signal);
    return tracing.command(this.connection, summary(frame), start);
  }

  /**
   * The same for commands that go out as one: they share a deadline and a trace, and have room together or not at all.
   * @param {{ name: string, count: number, commandCount: number }} summary for the trace
   * @param {Frame[]} frames
   * @param {Limits | null} limits what a view asks for
   * @param {(frames: Frame[], bits: number, group: object) => Promise<any>} start issues them, with the meta bits that
   *   every command has
   * @returns {Promise<any>}
   */
  issueTogether(summary, frames, limits, start) {
    if (limits !== null && limits.signal?.aborted) return Promise.reject(limits.signal.reason);
    const wanted = this.prefixed === null ? frames : frames.map((frame) => this.asSent(frame));
    if (this.bounded) {
      const bytes = wanted.reduce((sum, frame) => sum + byteLength(frame), 0);
      const full = this.queueFull(bytes, wanted.length);
      if (full !== null) return Promise.reject(full);
    }
    const bits = this.bits(limits);
    const group = this.group("", 0, limits);
    if (!tracing.active()) return start(wanted, bits, group);
    return tracing.command(this.connection, summary, () => start(wanted, bits, group));
  }

  /**
   * A command with the prefix.
   * @param {Frame} frame
   * @returns {Frame}
   */
  asSent(frame) {
    return this.prefixed === null ? frame : this.prefixed(frame);
  }

  /**
   * Keys with the prefix.
   * @param {readonly import("./encode.js").Argument[]} keys
   */
  keysAsSent(keys) {
    return decode(this.asSent(encode("WATCH", keys))).slice(1);
  }

  /**
   * The meta bits that every command has.
   * @param {Limits | null} limits
   */
  bits(limits) {
    const usual = this.rules.meta;
    return limits === null ? usual : (usual & ~limits.cleared) | limits.set;
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @param {object} group
   * @param {AbortSignal | null} signal
   * @returns {Promise<any>}
   */
  start(frame, outcome, meta, group, signal) {
    return signal === null
      ? this.connection.start(frame, outcome, meta, group)
      : this.startAbortable(frame, outcome, meta, group, signal);
  }

  /**
   * The group that holds the command's deadline.
   * @param {Frame} frame
   * @param {number} meta
   * @param {Limits | null} limits
   */
  group(frame, meta, limits) {
    const { commandTimeout } = this.rules;
    let timeout = commandTimeout;
    if (limits !== null && limits.timeout !== undefined) timeout = limits.timeout;
    else if (timeout > 0 && (meta & Meta.HOLDS) !== 0 && waits(frame)) timeout = 0;
    return timeout > 0 ? this.deadlines.group(timeout) : this.connection.group;
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @param {object} group
   * @param {AbortSignal} signal
   * @returns {Promise<any>}
   */
  startAbortable(frame, outcome, meta, group, signal) {
    return new Promise((resolve, reject) => {
      const id = register(
        (value) => {
          unwatch();
          resolve(value);
        },
        (reason) => {
          unwatch();
          reject(reason);
        },
        outcome,
        group,
      );
      const unwatch = onAbort(signal, (reason) => giveUp(id, reason));
      this.connection.enqueue(frame, id, meta);
    });
  }

  /**
   * The error of commands for which the queue has no room.
   * @param {number} bytes
   * @param {number} commands
   */
  queueFull(bytes, commands) {
    const { outgoing, lane } = this.connection;
    const { maxQueueBytes, maxQueueCommands } = this.rules;
    const hasRoom = () =>
      this.queuedBytes + bytes <= maxQueueBytes && this.queuedCommands + outgoing.count + commands <= maxQueueCommands;
    const measure = () => {
      this.queuedBytes = lane.backlogBytes;
      this.queuedCommands = lane.backlogCommands;
    };
    if (outgoing.count === 0) measure();
    if (!hasRoom()) {
      // What only waits for the end of this turn need not be in the way.
      this.connection.submit();
      measure();
      if (!hasRoom()) {
        const limit = this.queuedBytes + bytes > maxQueueBytes ? "Bytes" : "Commands";
        return new RedisError(
          "ERR_REDIS_QUEUE_FULL",
          `The queue of commands is full: maxQueue${limit} is ${limit === "Bytes" ? maxQueueBytes : maxQueueCommands}`,
        );
      }
    }
    this.queuedBytes += bytes;
    return null;
  }
}

/**
 * Whether a command that may wait on the server does so.
 * @param {Frame} frame
 */
function waits(frame) {
  // Binary arguments decide nothing.
  return RedisLane.waits(decode(frame).map((argument) => (typeof argument === "string" ? argument : "")));
}

module.exports = { Admission };
