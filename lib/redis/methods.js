"use strict";
/**
 * Makes the methods of the command table (`commands/`). Each maker is one class of arguments:
 * what is required, what may be left out, and which error names which argument.
 */
const { lazily } = require("../lazily.js");
const { LONG_TEXT, bulk, head, encode, toArgument } = require("./encode.js");
const { coded, invalidArgument, subscriberMode } = require("./errors.js");
const { Meta, metaOf } = require("./meta.js");
const { PLAIN, BOOLEAN } = require("./outcomes.js");

/**
 * @typedef {import("./sender.js").Sender} Sender
 * @typedef {import("./encode.js").Argument} Argument
 * @typedef {(this: unknown, ...args: any[]) => any} Method
 * @typedef {object} Options
 * @property {number} [length] the function's `length`
 * @property {"boolean" | "buffer"} [reply] how the reply is changed
 * @property {boolean} [guard] `false` when the method may be called in subscriber mode
 */

/**
 * @param {(receiver: unknown) => Sender} senderOf finds what is behind a client or a view, or throws
 */
function makeMakers(senderOf) {
  /**
   * @param {unknown} receiver
   * @param {string} name
   * @param {Options} options
   */
  function enter(receiver, name, options) {
    const connection = senderOf(receiver);
    if (connection.subscriber && options.guard !== false) throw subscriberMode(name);
    return connection;
  }

  /**
   * No arguments; what is passed is ignored.
   * @param {string} name
   * @param {string} command
   * @param {Options} [options]
   */
  function none(name, command, options = {}) {
    const wire = lazily(() => ({ frame: head(command, 0), ...reply(command, options) }));
    return named(name, options, function () {
      const { frame, outcome, meta } = wire();
      return enter(this, name, options).issue(frame, outcome, meta);
    });
  }

  /**
   * A fixed number of arguments, each required; more are ignored.
   * @param {string} name
   * @param {string} command
   * @param {string[]} names
   * @param {Options} [options]
   */
  function fixed(name, command, names, options = {}) {
    const wire = lazily(() => ({ start: head(command, names.length), ...reply(command, options) }));
    /** @param {Sender} connection @param {unknown[]} values */
    const general = (connection, values) => {
      const args = names.map((argument, index) => required(values[index], argument, name));
      const { outcome, meta } = wire();
      return connection.issue(encode(command, args), outcome, meta);
    };
    if (names.length === 1) {
      return named(name, options, function (first) {
        const connection = enter(this, name, options);
        if (!isShortText(first)) return general(connection, [first]);
      const { start, outcome, meta } = wire();
        return connection.issue(start + bulk(first), outcome, meta);
      });
    }
    if (names.length === 2) {
      return named(name, options, function (first, second) {
        const connection = enter(this, name, options);
        if (!isShortText(first) || !isShortText(second)) return general(connection, [first, second]);
      const { start, outcome, meta } = wire();
        return connection.issue(start + bulk(first) + bulk(second), outcome, meta);
      });
    }
    return named(name, options, function (...values) {
      return general(enter(this, name, options), values);
    });
  }

  /**
   * Any number of arguments; null and undefined are refused.
   * @param {string} name
   * @param {string} command
   * @param {Options} [options]
   */
  function variadic(name, command, options = {}) {
    const wire = lazily(() => reply(command, options));
    return named(name, options, function (...values) {
      const connection = enter(this, name, options);
      const args = values.map((value) => required(value, "additional arguments", name));
      const { outcome, meta } = wire();
      return connection.issue(encode(command, args), outcome, meta);
    });
  }

  /**
   * A key, then any number of arguments; null and undefined behind the key are left out.
   * @param {string} name
   * @param {string} command
   * @param {Options} [options]
   */
  function keyed(name, command, options = {}) {
    const wire = lazily(() => reply(command, options));
    return named(name, options, function (...values) {
      const connection = enter(this, name, options);
      if (values[0] === undefined || values[0] === null) {
        throw coded(TypeError, "ERR_MISSING_ARGS", 'The "key" argument must be specified');
      }
      const { outcome, meta } = wire();
      return connection.issue(encode(command, present(values, name)), outcome, meta);
    });
  }

  /**
   * Any number of arguments; null and undefined are left out.
   * @param {string} name
   * @param {string} command
   * @param {Options} [options]
   */
  function loose(name, command, options = {}) {
    const wire = lazily(() => reply(command, options));
    return named(name, options, function (...values) {
      const connection = enter(this, name, options);
      const { outcome, meta } = wire();
      return connection.issue(encode(command, present(values, name)), outcome, meta);
    });
  }

  /**
   * A number of arguments that are required, then any number, of which null and undefined are left
   * out.
   * @param {string} name
   * @param {string} command
   * @param {string[]} names
   * @param {Options} [options]
   */
  function atLeast(name, command, names, options = {}) {
    const wire = lazily(() => reply(command, options));
    return named(name, options, function (...values) {
      const connection = enter(this, name, options);
      const args = names.map((argument, index) => required(values[index], argument, name));
      args.push(...present(values.slice(names.length), name));
      const { outcome, meta } = wire();
      return connection.issue(encode(command, args), outcome, meta);
    });
  }

  /**
   * The named arguments, each required, then any number; undefined behind the named ones is left out. A command of two
   * words is sent as two arguments.
   * @param {string} name
   * @param {string} command
   * @param {string[]} names
   * @param {Options} [options]
   */
  function listed(name, command, names, options = {}) {
    const wire = lazily(() => ({ words: command.split(" "), ...reply(command, options) }));
    return named(name, { length: names.length, ...options }, function (...values) {
      const connection = enter(this, name, options);
      const args = names.map((argument, index) => required(values[index], argument, name));
      const rest = values.slice(names.length).filter((value) => value !== undefined);
      args.push(...rest.map((value) => required(value, "additional arguments", name)));
      const { words: [word = "", ...words], outcome, meta } = wire();
      return connection.issue(encode(word, [...words, ...args]), outcome, meta);
    });
  }

  return { none, fixed, atLeast, variadic, keyed, loose, listed, enter };
}

/** @typedef {ReturnType<typeof makeMakers>} Makers */

/**
 * @param {unknown} value
 * @returns {value is string}
 */
function isShortText(value) {
  return typeof value === "string" && value.length < LONG_TEXT;
}

/**
 * @param {unknown} value
 * @param {string} argument
 * @param {string} method
 * @returns {Argument}
 */
function required(value, argument, method) {
  const converted = toArgument(value);
  if (converted === undefined) throw invalidArgument(argument, "a string or buffer", method);
  return converted;
}

/**
 * @param {unknown[]} values
 * @param {string} method
 */
function present(values, method) {
  return values
    .filter((value) => value !== undefined && value !== null)
    .map((value) => required(value, "additional arguments", method));
}

/**
 * What is sent and kept beside a command. Methods ask for it when they are called for the first time: most of the
 * hundreds that there are never will be.
 * @param {string} command
 * @param {Options} options
 */
function reply(command, options) {
  return {
    outcome: options.reply === "boolean" ? BOOLEAN : PLAIN,
    meta: metaOf(command) | (options.reply === "buffer" ? Meta.BYTES : 0),
  };
}

/**
 * @param {string} name
 * @param {Options} options
 * @param {Method} method
 * @returns {Method}
 */
function named(name, options, method) {
  Object.defineProperty(method, "name", { value: name, configurable: true });
  Object.defineProperty(method, "length", { value: options.length ?? 0, configurable: true });
  return method;
}

module.exports = { makeMakers, required, named };
