"use strict";
/** The methods whose arguments follow rules of their own. */
const { lazily } = require("../lazily.js");
const { encode } = require("./encode.js");
const { coded, invalidArgument, outOfRange } = require("./errors.js");
const { PLAIN } = require("./outcomes.js");
const { required, named } = require("./methods.js");

const anything = lazily(() => require("./send.js"));

const MAX_INT32 = 0x7fffffff;

/**
 * While there are subscriptions, RESP2 answers PING with an array like that of a message.
 * @type {import("../port.js").Outcome}
 */
const PONG = {
  ...PLAIN,
  convert: (reply) => (Array.isArray(reply) ? reply[1] || "PONG" : reply),
};

/**
 * @typedef {import("./methods.js").Makers} Makers
 * @typedef {import("./methods.js").Method} Method
 * @typedef {import("./encode.js").Argument} Argument
 */

/**
 * @param {Makers} makers
 * @returns {Record<string, Method>}
 */
module.exports = ({ enter }) => {
  /**
   * A method that builds its arguments by hand.
   * @param {string} name
   * @param {number} length
   * @param {(values: any[]) => Argument[]} build
   * @param {{ guard?: boolean, outcome?: import("../port.js").Outcome }} [options]
   */
  const method = (name, length, build, options = {}) =>
    named(name, { length }, function (...values) {
      const connection = enter(this, name, options);
      return connection.issue(encode(name.toUpperCase(), build(values)), options.outcome ?? PLAIN, 0);
    });

  /**
   * A key and an optional count.
   * @param {string} name
   */
  const counted = (name) =>
    method(name, 1, ([key, count]) => {
      const args = [required(key, "key", name)];
      if (!isMissing(count)) args.push(described(count, "count", "a number or string", name));
      return args;
    });

  /**
   * A key, a field and an amount, of which nothing is checked.
   * @param {string} name
   */
  const increment = (name) =>
    method(name, 3, (values) => [0, 1, 2].map((index) => coerced(values[index], name)));

  return {
    send: named("send", { length: 2 }, function (command, args) {
      return anything().send(enter(this, "send", { guard: false }), command, args);
    }),
    set: method("set", 2, ([key, value, ...options]) => {
      const args = [required(key, "key", "set"), described(value, "value", "a string or buffer or number", "set")];
      return [...args, ...leading(options, "arguments", "set")];
    }),
    expire: method("expire", 2, ([key, seconds, ...conditions]) => [
      required(key, "key", "expire"),
      wholeSeconds(seconds),
      ...leading(conditions, "additional arguments", "expire"),
    ]),
    sadd: method("sadd", 2, (values) => members(values, "sadd")),
    srem: method("srem", 2, (values) => members(values, "srem")),
    hmget: method("hmget", 2, hmget),
    hset: method("hset", 2, (values) => fieldsAndValues(values, "hset")),
    hmset: method("hmset", 2, (values) => fieldsAndValues(values, "hmset")),
    hincrby: increment("hincrby"),
    hincrbyfloat: increment("hincrbyfloat"),
    spop: counted("spop"),
    srandmember: counted("srandmember"),
    ping: method("ping", 0, ([message]) => (isMissing(message) ? [] : [required(message, "message", "ping")]), {
      guard: false,
      outcome: PONG,
    }),
    publish: method("publish", 0, ([channel, message]) => [
      textOrBytes(channel, "channel", "publish"),
      textOrBytes(message, "message", "publish"),
    ]),
  };
};

/** @param {unknown} value */
function isMissing(value) {
  return value === undefined || value === null;
}

/**
 * @param {unknown} value
 * @param {string} argument
 * @param {string} expected
 * @param {string} method
 */
function described(value, argument, expected, method) {
  try {
    return required(value, argument, method);
  } catch {
    throw invalidArgument(argument, expected, method);
  }
}

/**
 * The values before the first null or undefined.
 * @param {unknown[]} values
 * @param {string} argument
 * @param {string} method
 */
function leading(values, argument, method) {
  const end = values.findIndex(isMissing);
  return (end === -1 ? values : values.slice(0, end)).map((value) => required(value, argument, method));
}

/** @param {unknown} seconds */
function wholeSeconds(seconds) {
  if (typeof seconds !== "number") {
    throw coded(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      `The "seconds" property must be of type number. Received ${typeof seconds}`,
    );
  }
  if (!Number.isInteger(seconds) && Math.abs(seconds) !== Infinity) {
    throw coded(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      'The "seconds" property must be of type integer. Received number',
    );
  }
  if (seconds < 0 || seconds > MAX_INT32) {
    throw outOfRange("seconds", `>= 0 and <= ${MAX_INT32}`, seconds);
  }
  return String(seconds);
}

/**
 * @param {unknown[]} values
 * @param {string} method
 */
function members(values, method) {
  if (values.length < 2) throw new Error(`${method.toUpperCase()} requires at least a key and one member`);
  return [required(values[0], "key", method), ...leading(values.slice(1), "member", method)];
}

/** @param {any[]} values */
function hmget(values) {
  if (values.length < 2) throw new Error("HMGET requires at least a key and one field");
  const key = required(values[0], "key", "hmget");
  const [, fields] = values;
  if (!Array.isArray(fields)) return [key, ...leading(values.slice(1), "field", "hmget")];
  if (fields.length === 0) throw new Error("HMGET requires at least one field");
  return [key, ...Array.from(fields, (field) => required(field, "field", "hmget"))];
}

/**
 * The three forms of HSET: an object, an array of pairs laid flat, or the pairs themselves.
 * @param {any[]} values
 * @param {string} method
 */
function fieldsAndValues(values, method) {
  const key = coerced(values[0], method);
  const [, fields] = values;
  if (Array.isArray(fields)) {
    if (fields.length % 2 !== 0) {
      throw new Error("Array must have an even number of elements (field-value pairs)");
    }
    if (fields.length === 0) throw new Error("HSET requires at least one field-value pair");
    return [key, ...coercedAll(Array.from(fields), method)];
  }
  if ((typeof fields === "object" || typeof fields === "function") && fields !== null && !isBinary(fields)) {
    const pairs = Object.entries(fields);
    if (pairs.length === 0) throw new Error("HSET requires at least one field-value pair");
    return [key, ...coercedAll(pairs.flat(), method)];
  }
  if (values.length < 3) throw new Error("HSET requires at least key, field, and value arguments");
  if (values.length % 2 === 0) {
    throw new Error("HSET requires field-value pairs (even number of arguments after key)");
  }
  return [key, ...coercedAll(values.slice(1), method)];
}

/** @param {unknown} value */
function isBinary(value) {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/**
 * What String() makes of a value; binary data stays as it is, and the text of a Blob is never meant.
 * @param {any} value
 * @param {string} method
 * @returns {Argument}
 */
function coerced(value, method) {
  return isBinary(value) || value instanceof Blob ? required(value, "value", method) : `${value}`;
}

/**
 * @param {unknown[]} values
 * @param {string} method
 */
function coercedAll(values, method) {
  return values.map((value) => coerced(value, method));
}

/**
 * @param {unknown} value
 * @param {string} argument
 * @param {string} method
 */
function textOrBytes(value, argument, method) {
  if (typeof value === "string" || value instanceof String || isBinary(value)) return required(value, argument, method);
  throw invalidArgument(argument, "a string", method);
}
