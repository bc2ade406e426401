"use strict";
/** Commands that a builder gathers until they are executed. */
const { RedisError } = require("../errors.js");

/**
 * @typedef {import("../connection.js").Connection} Connection
 * @typedef {import("../frame.js").Frame} Frame
 * @typedef {import("../outcomes.js").Outcome} Outcome
 * @typedef {import("../view.js").Limits} Limits
 * @typedef {import("../sender.js").Sender} Sender
 *
 * @typedef {object} Origin what a builder was made by
 * @property {() => Connection} connection where the commands will go
 * @property {Limits | null} limits those of a view
 * @property {import("./transaction.js").Watching | null} [watching] the watched keys that its transaction depends on
 */

/**
 * Takes commands in the place of a connection.
 * @implements {Sender}
 */
class Queue {
  /**
   * @param {object} builder what its commands return
   * @param {string} kind what it is called in errors
   * @param {Origin} origin
   */
  constructor(builder, kind, origin) {
    this.builder = builder;
    this.kind = kind;
    this.origin = origin;
    /** @type {Frame[]} */
    this.frames = [];
    /** @type {Outcome[]} */
    this.outcomes = [];
    /** @type {number[]} */
    this.metas = [];
    /** What became of it. @type {"open" | "executed" | "discarded"} */
    this.state = "open";
  }

  get subscriber() {
    return this.origin.connection().subscriber;
  }

  /** Never asked for: subscriptions are refused. @returns {never} */
  get subscriptions() {
    throw this.refusal("a subscription");
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @returns {any}
   */
  issue(frame, outcome, meta) {
    this.mustBeOpen();
    this.check(frame, meta);
    this.frames.push(frame);
    this.outcomes.push(outcome);
    this.metas.push(meta);
    return this.builder;
  }

  /**
   * Throws for a command that cannot be among the others.
   * @param {Frame} _frame
   * @param {number} _meta
   */
  check(_frame, _meta) {}

  /**
   * @param {string} command
   * @returns {never}
   */
  subscribe(command) {
    throw this.refusal(command.toUpperCase());
  }

  /**
   * @param {string} command
   * @returns {never}
   */
  unsubscribe(command) {
    throw this.refusal(command.toUpperCase());
  }

  mustBeOpen() {
    if (this.state !== "open") {
      throw new RedisError("ERR_REDIS_INVALID_STATE", `The ${this.kind} was ${this.state} already`);
    }
  }

  /** @param {"executed" | "discarded"} state */
  end(state) {
    this.mustBeOpen();
    this.state = state;
  }

  /** @param {string} what */
  refusal(what) {
    return new RedisError("ERR_REDIS_INVALID_STATE", `A ${this.kind} cannot have ${what} among its commands`);
  }
}

module.exports = { Queue };
