"use strict";
/** The errors of transactions and pipelines. */
const { RedisError } = require("../errors.js");
const { summary } = require("../frame.js");

/**
 * Several commands failed that were sent as one; `errors` has the error of each, with the command's name and its place.
 *
 * @example
 * try {
 *   await redis.multi().set("key", "value").send("NOSUCHCOMMAND", []).exec();
 * } catch (error) {
 *   if (error instanceof RedisBatchError) for (const { index, command, message } of error.errors) report(index, command, message);
 * }
 */
class RedisBatchError extends RedisError {
  /**
   * @param {string} code
   * @param {string} message
   * @param {readonly Error[]} errors
   * @param {{ cause?: unknown, replies?: readonly unknown[] }} [options]
   */
  constructor(code, message, errors, { cause, replies } = {}) {
    super(code, message, cause === undefined ? undefined : { cause });
    this.errors = errors;
    this.replies = replies;
  }
}
rename(RedisBatchError);

/**
 * A watched key was changed, or the watching connection lost, before the transaction: nothing of it was executed.
 *
 * @example
 * try {
 *   await redis.watch("seats", book, { retries: 3 });
 * } catch (error) {
 *   if (error instanceof RedisWatchError) answer("too many book at once, try again");
 * }
 */
class RedisWatchError extends RedisError {
  /**
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(message, options) {
    super("ERR_REDIS_WATCH_CONFLICT", message, options);
  }
}
rename(RedisWatchError);

/** @param {Function} Class */
function rename(Class) {
  Object.defineProperty(Class.prototype, "name", { value: Class.name, writable: true, configurable: true });
}

/**
 * Tells an error which command it belongs to.
 * @template {Error} E
 * @param {E} error
 * @param {number} index
 * @param {import("../frame.js").Frame} frame
 */
function tell(error, index, frame) {
  return Object.assign(error, { index, command: summary(frame).name.toUpperCase() });
}

/**
 * Throws when there are errors among the replies.
 * @param {readonly unknown[]} replies
 */
function throwErrors(replies) {
  const errors = /** @type {Error[]} */ (replies.filter((reply) => reply instanceof Error));
  if (errors.length === 0) return;
  const [first] = errors;
  const message = `${errors.length} of ${replies.length} commands failed, the first one with: ${first?.message}`;
  throw new RedisBatchError("ERR_REDIS_COMMANDS_FAILED", message, errors, { replies });
}

module.exports = { RedisBatchError, RedisWatchError, tell, throwErrors };
