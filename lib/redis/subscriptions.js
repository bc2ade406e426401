"use strict";
/** `subscribe` and `unsubscribe`: which listeners there are, and what the server is told. */
const { toArgument } = require("./encode.js");
const { PLAIN } = require("./connection.js");
const { RedisError, coded, invalidArgument } = require("./errors.js");

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./connection.js").Listener} Listener
 * @typedef {import("./encode.js").Argument} Argument
 */

/**
 * Resolves with the number of channels that have listeners, once the server has confirmed all.
 * @param {Connection} connection
 * @param {unknown} channels
 * @param {unknown} listener
 * @returns {Promise<number>}
 */
function subscribe(connection, channels, listener) {
  if (typeof listener !== "function") throw invalidArgument("listener", "a function", "subscribe");
  const names = channelNames(channels, "subscribe");
  const added = /** @type {Listener} */ (listener);
  for (const name of names) {
    const key = String(name);
    const listeners = connection.listeners.get(key);
    if (listeners === undefined) connection.listeners.set(key, [added]);
    else listeners.push(added);
  }
  connection.hold();
  return connection.subscribe("SUBSCRIBE", names, PLAIN).then(
    () => {
      connection.hold();
      return connection.listeners.size;
    },
    (error) => {
      for (const name of names) removeOnce(connection, String(name), added);
      connection.hold();
      throw error;
    },
  );
}

/**
 * @param {Connection} connection
 * @param {unknown[]} args none, a channel, channels, or a channel and a listener
 * @returns {Promise<void>}
 */
function unsubscribe(connection, args) {
  if (!connection.subscriber) {
    throw new RedisError(
      "ERR_REDIS_INVALID_STATE",
      "RedisClient.prototype.unsubscribe can only be called while in subscriber mode.",
    );
  }
  if (args.length === 0) {
    connection.listeners.clear();
    return confirm(connection, []);
  }
  const [channels, listener] = args;
  if (args.length === 2) {
    if (typeof listener !== "function") throw invalidArgument("listener", "a function", "unsubscribe");
    if (typeof channels !== "string") throw invalidArgument("channel", "a string", "unsubscribe");
    return removeListener(connection, channels, /** @type {Listener} */ (listener));
  }
  const names = channelNames(channels, "unsubscribe");
  for (const name of names) connection.listeners.delete(String(name));
  return confirm(connection, names);
}

/**
 * @param {Connection} connection
 * @param {string} channel
 * @param {Listener} listener
 */
async function removeListener(connection, channel, listener) {
  const listeners = connection.listeners.get(channel);
  if (listeners === undefined) return;
  const left = listeners.filter((other) => other !== listener);
  if (left.length === listeners.length) return;
  if (left.length > 0) {
    connection.listeners.set(channel, left);
    return;
  }
  connection.listeners.delete(channel);
  await confirm(connection, [channel]);
}

/**
 * @param {Connection} connection
 * @param {Argument[]} names
 */
async function confirm(connection, names) {
  await connection.unsubscribe("UNSUBSCRIBE", names, PLAIN);
  connection.hold();
}

/**
 * @param {Connection} connection
 * @param {string} channel
 * @param {Listener} listener
 */
function removeOnce(connection, channel, listener) {
  const listeners = connection.listeners.get(channel);
  const at = listeners?.lastIndexOf(listener) ?? -1;
  if (listeners === undefined || at === -1) return;
  listeners.splice(at, 1);
  if (listeners.length === 0) connection.listeners.delete(channel);
}

/**
 * @param {unknown} channels
 * @param {string} method
 * @returns {Argument[]}
 */
function channelNames(channels, method) {
  if (typeof channels === "string" || channels instanceof String) return [String(channels)];
  if (!Array.isArray(channels)) throw invalidArgument("channel", "a string or array", method);
  if (channels.length === 0) {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `${method} requires at least one channel`);
  }
  return Array.from(channels, (channel) => {
    const name = toArgument(channel);
    if (name === undefined) throw invalidArgument("channel", "a string", method);
    return name;
  });
}

module.exports = { subscribe, unsubscribe };
