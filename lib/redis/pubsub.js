"use strict";
/** The methods that subscribe and unsubscribe, with the arguments of Bun's and their own. */
const { toArgument } = require("./encode.js");
const { PLAIN } = require("./outcomes.js");
const { RedisError, coded, invalidArgument } = require("./errors.js");
const { CHANNEL, PATTERN, SHARD } = require("./subscriptions.js");
const { required } = require("./methods.js");

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./subscriptions.js").Family} Family
 * @typedef {import("./subscriptions.js").Listener} Listener
 * @typedef {import("./encode.js").Argument} Argument
 */

/**
 * What a subscription command without a listener resolves with.
 * @type {import("./outcomes.js").Outcome}
 */
const PUSH = {
  ...PLAIN,
  convert: (push) => (Array.isArray(push) ? { __proto__: null, type: push[0], data: push.slice(1) } : push),
};

/**
 * The methods by their names: each is given the connection behind the client, and what the user passed.
 * @type {Record<import("./features.js").PubSubMethod, (connection: Connection, args: any[]) => Promise<any>>}
 */
const METHODS = {
  subscribe: (connection, args) => subscribe(connection, CHANNEL, "subscribe", args),
  ssubscribe: (connection, args) => subscribe(connection, SHARD, "ssubscribe", args),
  psubscribe(connection, args) {
    if (typeof args[1] === "function") return subscribe(connection, PATTERN, "psubscribe", args);
    const patterns = args.map((pattern) => required(pattern, "additional arguments", "psubscribe"));
    return connection.subscribe("PSUBSCRIBE", patterns, PUSH);
  },
  unsubscribe: (connection, args) => unsubscribe(connection, CHANNEL, "unsubscribe", args),
  sunsubscribe: (connection, args) => unsubscribe(connection, SHARD, "sunsubscribe", args),
  punsubscribe(connection, args) {
    if (typeof args[1] === "function") return removeListener(connection, PATTERN, args[0], args[1], "punsubscribe");
    const given = Array.isArray(args[0]) && args.length === 1 ? args[0] : args;
    const patterns = given.map((pattern) => required(pattern, "additional arguments", "punsubscribe"));
    connection.subscriptions.remove(PATTERN, patterns.length === 0 ? null : patterns);
    return connection.unsubscribe("PUNSUBSCRIBE", patterns, PUSH);
  },
};

/**
 * Resolves with the number of names that have listeners, once the server has confirmed all.
 * @param {Connection} connection
 * @param {Family} family
 * @param {string} method
 * @param {unknown[]} args names, a listener, options
 * @returns {Promise<number>}
 */
function subscribe(connection, family, method, [names, listener, options]) {
  if (typeof listener !== "function") throw invalidArgument("listener", "a function", method);
  const list = nameList(names, method);
  const settings = listenerOptions(options, method);
  const { subscriptions } = connection;
  const added = subscriptions.add(family, list, /** @type {Listener} */ (listener), settings);
  connection.hold();
  // At once, not behind the promise: the loss of the connection may be told in the same turn.
  const confirming = {
    ...PLAIN,
    convert: () => added.confirmed(),
  };
  return connection.subscribe(family.subscribe, list, confirming).then(
    () => {
      connection.hold();
      return subscriptions.of(family).size;
    },
    (error) => {
      const unheard = added.refused();
      connection.hold();
      // The server may still confirm what was not confirmed in time; then nobody would listen.
      if (error.code === "ERR_REDIS_COMMAND_TIMEOUT" && unheard.length > 0) {
        connection.unsubscribe(family.unsubscribe, unheard, PLAIN, connection.unlimited).catch(() => {});
      }
      throw error;
    },
  );
}

/**
 * @param {Connection} connection
 * @param {Family} family
 * @param {string} method
 * @param {unknown[]} args none, a channel, channels, or a channel and a listener
 * @returns {Promise<void>}
 */
function unsubscribe(connection, family, method, args) {
  if (!connection.subscriber && !connection.mixes) {
    throw new RedisError(
      "ERR_REDIS_INVALID_STATE",
      `RedisClient.prototype.${method} can only be called while in subscriber mode.`,
    );
  }
  if (args.length === 0) {
    // Where the channels are on several nodes, each must be told which ones.
    const named = connection.mixes && family === SHARD;
    const all = named ? [...connection.subscriptions.of(family).values()].map(({ name }) => name) : [];
    connection.subscriptions.remove(family, null);
    return named && all.length === 0 ? Promise.resolve() : confirm(connection, family, all);
  }
  const [names, listener] = args;
  if (args.length === 2) return removeListener(connection, family, names, listener, method);
  const list = nameList(names, method);
  connection.subscriptions.remove(family, list);
  return confirm(connection, family, list);
}

/**
 * @param {Connection} connection
 * @param {Family} family
 * @param {unknown} name
 * @param {unknown} listener
 * @param {string} method
 * @returns {Promise<void>}
 */
function removeListener(connection, family, name, listener, method) {
  if (typeof listener !== "function") throw invalidArgument("listener", "a function", method);
  if (typeof name !== "string") throw invalidArgument("channel", "a string", method);
  const last = connection.subscriptions.removeListener(family, name, /** @type {Listener} */ (listener));
  return last ? confirm(connection, family, [name]) : Promise.resolve();
}

/**
 * @param {Connection} connection
 * @param {Family} family
 * @param {Argument[]} names
 */
async function confirm(connection, family, names) {
  await connection.unsubscribe(family.unsubscribe, names, PLAIN);
}

/**
 * @param {unknown} names
 * @param {string} method
 * @returns {Argument[]}
 */
function nameList(names, method) {
  if (typeof names === "string" || names instanceof String) return [String(names)];
  if (!Array.isArray(names)) throw invalidArgument("channel", "a string or array", method);
  if (names.length === 0) {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `${method} requires at least one channel`);
  }
  return Array.from(names, (item) => {
    const name = toArgument(item);
    if (name === undefined) throw invalidArgument("channel", "a string", method);
    return name;
  });
}

/**
 * @param {unknown} options
 * @param {string} method
 */
function listenerOptions(options, method) {
  if (options === undefined || options === null) return { buffer: false, ongap: null };
  if (typeof options !== "object") throw invalidArgument("options", "an object", method);
  const { buffer, ongap } = /** @type {{ buffer?: unknown, ongap?: any }} */ (options);
  if (ongap !== undefined && ongap !== null && typeof ongap !== "function") {
    throw invalidArgument("ongap", "a function", method);
  }
  return { buffer: Boolean(buffer), ongap: ongap ?? null };
}

module.exports = { METHODS, PUSH };
