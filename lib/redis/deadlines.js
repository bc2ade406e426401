"use strict";
/**
 * Deadlines of commands. Commands that are issued within a fraction of the same timeout share one
 * deadline and one timer, so that a limit costs a command no timer, no listener and no object.
 */
const { eachPending } = require("../port.js");
const { giveUp, Group } = require("./group.js");
const { RedisError } = require("./errors.js");

/** The longest a timer can wait, in milliseconds. */
const MAX_TIMEOUT = 0x7fffffff;
/** A timeout is late by at most this part of it, and by no more than `MAX_GRAIN` milliseconds. */
const GRAINS = 16;
const MAX_GRAIN = 250;

/** Commands with a deadline. */
class TimedGroup extends Group {
  /**
   * @param {import("./group.js").Link} connection
   * @param {number} closes when no more commands may join, in milliseconds of `performance.now()`
   */
  constructor(connection, closes) {
    super(connection);
    this.closes = closes;
  }
}

/** The deadlines of one connection. */
class Deadlines {
  /** @param {import("./group.js").Link} connection */
  constructor(connection) {
    this.connection = connection;
    /** The group that is open, for each timeout. @type {Map<number, TimedGroup>} */
    this.open = new Map();
  }

  /**
   * The group of a command that is issued now.
   * @param {number} timeout in milliseconds, from 1 to `MAX_TIMEOUT`
   * @returns {Group}
   */
  group(timeout) {
    const now = performance.now();
    const open = this.open.get(timeout);
    if (open !== undefined && now < open.closes) return open;
    const grain = Math.min(Math.max(timeout / GRAINS, 1), MAX_GRAIN);
    const group = new TimedGroup(this.connection, now + grain);
    this.open.set(timeout, group);
    // Pending commands keep the event loop alive; the timer must not do so behind them.
    setTimeout(reached, Math.min(grain + timeout, MAX_TIMEOUT), this, group, timeout).unref();
    return group;
  }
}

/**
 * What has arrived while the event loop was busy must not time out: it is taken in first.
 * @param {Deadlines} deadlines
 * @param {TimedGroup} group
 * @param {number} timeout
 */
function reached(deadlines, group, timeout) {
  setImmediate(() => {
    if (deadlines.open.get(timeout) === group) deadlines.open.delete(timeout);
    /** @type {number[]} */
    const late = [];
    eachPending((pending, id) => {
      if (pending.group === group) late.push(id);
    });
    for (const id of late) giveUp(id, timedOut(timeout));
  });
}

/** @param {number} timeout */
function timedOut(timeout) {
  return new RedisError("ERR_REDIS_COMMAND_TIMEOUT", `Command timed out after ${timeout}ms`);
}

module.exports = { Deadlines, MAX_TIMEOUT };
