"use strict";
/** What is behind a pool. */
const { RedisLane } = require("../../../binding.js");
const { Connection } = require("../connection.js");
const { RedisError } = require("../errors.js");
const { decode, summary } = require("../frame.js");
const { Meta } = require("../meta.js");

/**
 * @typedef {import("../frame.js").Frame} Frame
 * @typedef {import("../outcomes.js").Outcome} Outcome
 */

/** What one connection of many would be left with is refused. */
class PoolConnection extends Connection {
  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   */
  issue(frame, outcome, meta) {
    return refusal(frame, meta) ?? super.issue(frame, outcome, meta);
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @param {import("../view.js").Limits} limits
   */
  issueWithin(frame, outcome, meta, limits) {
    return refusal(frame, meta) ?? super.issueWithin(frame, outcome, meta, limits);
  }

  /**
   * Throws for a command that a transaction would leave the connection with.
   * @param {Frame} frame
   * @param {number} meta
   */
  check(frame, meta) {
    if (changesState(frame, meta)) throw needsConnection(summary(frame).name);
  }

  /** @param {string} command */
  async subscribe(command) {
    throw needsConnection(command);
  }

  /** @param {string} command */
  async unsubscribe(command) {
    throw needsConnection(command);
  }
}

/**
 * @param {Frame} frame
 * @param {number} meta
 * @returns {Promise<never> | undefined}
 */
function refusal(frame, meta) {
  return changesState(frame, meta) ? Promise.reject(needsConnection(summary(frame).name)) : undefined;
}

/**
 * @param {Frame} frame
 * @param {number} meta
 */
function changesState(frame, meta) {
  if ((meta & Meta.STATE) === 0) return false;
  const words = decode(frame).map((argument) => (typeof argument === "string" ? argument : ""));
  return RedisLane.changesState(meta, words);
}

/** @param {string} command */
function needsConnection(command) {
  return new RedisError(
    "ERR_REDIS_INVALID_STATE",
    `${command.toUpperCase()} changes the state of one connection: use one of acquire(), or a client of its own`,
  );
}

module.exports = { PoolConnection };
