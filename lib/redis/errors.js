"use strict";
/** The errors of the Redis client. */
const { lazily } = require("../lazily.js");

const port = lazily(() => require("../port.js"));

/**
 * An error of the Redis client or of the server; `code` tells which.
 *
 * @example
 * try {
 *   await redis.incr("a list");
 * } catch (error) {
 *   if (error instanceof RedisError && error.code === "ERR_REDIS_SERVER_ERROR") report(error);
 * }
 */
class RedisError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.code = code;
  }

  toString() {
    return `${this.name} [${this.code}]: ${this.message}`;
  }
}
Object.defineProperty(RedisError.prototype, "name", { value: "RedisError", writable: true, configurable: true });

/**
 * An error with a code, as Node's own argument errors have.
 * @param {ErrorConstructor} Class
 * @param {string} code
 * @param {string} message
 * @returns {Error}
 */
function coded(Class, code, message) {
  const error = Object.assign(new Class(message), { code });
  const text = () => `${error.name} [${code}]: ${error.message}`;
  return Object.defineProperty(error, "toString", { value: text, writable: true, configurable: true });
}

/**
 * @param {string} argument
 * @param {string} expected
 * @param {string} method
 */
function invalidArgument(argument, expected, method) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", `Expected ${argument} to be ${expected} for '${method}'.`);
}

/**
 * The error of an option of a wrong type, which is named and not shown: it may be a secret.
 * @param {string} name
 * @param {string} expected
 * @param {unknown} value
 */
function invalidProperty(name, expected, value) {
  const received = value === null ? "null" : typeof value;
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", `The "${name}" property must be ${expected}. Received ${received}`);
}

/**
 * The error of a number that is not among those which are allowed.
 * @param {string} name
 * @param {string} expected
 * @param {number} value
 */
function outOfRange(name, expected, value) {
  return coded(RangeError, "ERR_OUT_OF_RANGE", `The value of "${name}" is out of range. It must be ${expected}. Received ${value}`);
}

/** @param {string} method */
function subscriberMode(method) {
  return new RedisError(
    "ERR_REDIS_INVALID_STATE",
    `RedisClient.prototype.${method} cannot be called while in subscriber mode.`,
  );
}

/** @param {string} message the server's text */
function serverError(message) {
  return new RedisError("ERR_REDIS_SERVER_ERROR", message === "" ? "Valkey error: ServerError" : message);
}

function connectionClosed() {
  return new RedisError("ERR_REDIS_CONNECTION_CLOSED", "Connection closed");
}

/**
 * Builds the error of a failed call.
 * @param {import("../port.js").Failure} failure
 */
function fromFailure([kind, code, message, , , , , causes]) {
  const cause = port().causeOf(causes, withCode);
  const options = cause === undefined ? undefined : { cause };
  // TLS failures are told by the codes of Node's own tls module.
  if (kind === "Tls") return Object.assign(new Error(message, options), { code });
  return new RedisError(code, message, options);
}

/**
 * An error behind another: of this client, or of the system, TLS or the caller's own.
 * @param {string} code
 * @param {string} message
 * @param {{ cause: unknown }} [options]
 */
function withCode(code, message, options) {
  if (code.startsWith("ERR_REDIS_")) return new RedisError(code, message, options);
  return Object.assign(new Error(message, options), { code });
}

/**
 * What is told of something that a user's function has thrown, which may be anything.
 * @param {unknown} thrown
 * @returns {{ code: string, message: string }}
 */
function reasonOf(thrown) {
  try {
    const { code, message } = /** @type {{ code?: unknown, message?: unknown }} */ (Object(thrown));
    return { code: typeof code === "string" ? code : "", message: String(message === undefined ? thrown : message) };
  } catch {
    return { code: "", message: "what was thrown has no text" };
  }
}

module.exports = {
  RedisError,
  coded,
  invalidArgument,
  invalidProperty,
  outOfRange,
  subscriberMode,
  serverError,
  connectionClosed,
  fromFailure,
  reasonOf,
};
