"use strict";
/** The client class. */
const { inspect } = require("node:util");
const { encode, toArgument } = require("./encode.js");
const { Connection, PLAIN, metaOf, connectionClosed } = require("./connection.js");
const { coded, invalidArgument } = require("./errors.js");
const { report } = require("../port.js");
const { resolveUrl, resolveOptions } = require("./options.js");
const { makeMakers, required, named } = require("./methods.js");
const { subscribe, unsubscribe } = require("./subscriptions.js");
const makeCommands = require("./commands.js");
const makeSpecial = require("./special.js");

/** Marks the one client whose environment is read at first use. */
const LAZY = Symbol("lazy");

/** Commands that are answered by pushes. */
const SUBSCRIBES = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]);
const UNSUBSCRIBES = new Set(["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);

/**
 * What a raw subscription command resolves with.
 * @type {import("./connection.js").Outcome}
 */
const PUSH = {
  ...PLAIN,
  convert: (push) => (Array.isArray(push) ? { type: push[0], data: push.slice(1) } : push),
};

/** @type {(receiver: unknown) => Connection} */
let connectionOf;

class RedisClient {
  /** @type {unknown} */
  #url;
  /** @type {unknown} */
  #options;
  /** @type {Connection | undefined} */
  #connection;
  /** @type {any} */
  #onconnect;
  /** @type {any} */
  #onclose;

  static {
    connectionOf = (receiver) => {
      if (typeof receiver !== "object" || receiver === null || !(#connection in receiver)) {
        throw invalidReceiver(receiver);
      }
      return receiver.#connection ?? receiver.#open();
    };
  }

  /**
   * @param {unknown} [url]
   * @param {unknown} [options]
   */
  constructor(url, options) {
    this.#options = options;
    if (url === LAZY) return;
    this.#url = resolveUrl(url);
    this.#open();
  }

  #open() {
    const url = /** @type {string} */ ((this.#url ??= resolveUrl(undefined)));
    this.#connection = new Connection(url, resolveOptions(url, this.#options), {
      onConnected: (hello) => {
        const onconnect = this.#onconnect;
        if (typeof onconnect !== "function") return;
        queueMicrotask(() => onconnect.call(undefined, this, hello));
      },
      onClosed: (error) => this.#closed(error),
    });
    return this.#connection;
  }

  /** @param {Error} error */
  #closed(error) {
    const onclose = this.#onclose;
    if (typeof onclose === "function") report(() => onclose.call(this, error));
  }

  get connected() {
    return connectionOf(this).connected;
  }

  get bufferedAmount() {
    return connectionOf(this).lane.buffered;
  }

  get onconnect() {
    return this.#onconnect;
  }

  set onconnect(callback) {
    this.#onconnect = callback;
  }

  get onclose() {
    return this.#onclose;
  }

  set onclose(callback) {
    this.#onclose = callback;
  }

  connect() {
    return connectionOf(this).connect();
  }

  close() {
    if (connectionOf(this).close()) this.#closed(connectionClosed());
  }

  async duplicate() {
    const { connected } = connectionOf(this);
    const client = new RedisClient(this.#url, this.#options);
    if (connected) await client.connect();
    return client;
  }

  /**
   * @param {unknown} command
   * @param {unknown} args
   * @returns {Promise<any>}
   */
  send(command, args) {
    const connection = connectionOf(this);
    const name = `${/** @type {any} */ (command)}`;
    if (!Array.isArray(args)) throw new Error("Arguments must be an array");
    const converted = Array.from(args, (argument) => {
      const value = toArgument(argument);
      if (value === undefined) throw invalidArgument("argument", "a string or buffer", "sendCommand");
      return value;
    });
    const upper = name.toUpperCase();
    if (SUBSCRIBES.has(upper)) return connection.subscribe(name, converted, PUSH);
    if (UNSUBSCRIBES.has(upper)) return connection.unsubscribe(name, converted, PUSH);
    return connection.issue(encode(name, converted), PLAIN, metaOf(name));
  }

  /**
   * @param {unknown} channels
   * @param {unknown} listener
   */
  subscribe(channels, listener) {
    return subscribe(connectionOf(this), channels, listener);
  }

  /** @param {unknown[]} args */
  unsubscribe(...args) {
    return unsubscribe(connectionOf(this), args);
  }

  ref() {
    connectionOf(this).setReferenced(true);
  }

  unref() {
    connectionOf(this).setReferenced(false);
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    const connection = this.#connection;
    const url = connection === undefined ? undefined : withoutCredentials(connection.url);
    return `RedisClient ${inspect({ url, connected: connection?.connected ?? false })}`;
  }

  get [Symbol.toStringTag]() {
    return "RedisClient";
  }
}

/**
 * `psubscribe` and `punsubscribe`: raw commands without a listener.
 * @param {"psubscribe" | "punsubscribe"} name
 */
function patternMethod(name) {
  return named(name, {}, function (...patterns) {
    const connection = connectionOf(this);
    const args = patterns.map((pattern) => required(pattern, "additional arguments", name));
    return name === "psubscribe"
      ? connection.subscribe("PSUBSCRIBE", args, PUSH)
      : connection.unsubscribe("PUNSUBSCRIBE", args, PUSH);
  });
}

const makers = makeMakers(connectionOf);
const methods = {
  ...makeCommands(makers),
  ...makeSpecial(makers),
  psubscribe: patternMethod("psubscribe"),
  punsubscribe: patternMethod("punsubscribe"),
};
// Adding hundreds of properties one by one to a prototype takes milliseconds, unless it is a table; a deletion makes it one.
Object.defineProperty(RedisClient.prototype, LAZY, { configurable: true });
Reflect.deleteProperty(RedisClient.prototype, LAZY);
for (const [name, method] of Object.entries(methods)) {
  Object.defineProperty(RedisClient.prototype, name, { value: method, enumerable: true, writable: true });
}

/** @param {unknown} receiver */
function invalidReceiver(receiver) {
  const isObject = typeof receiver === "object" && receiver !== null;
  const name = isObject ? `, but received an instance of ${receiver.constructor?.name ?? "Object"}` : "";
  return coded(TypeError, "ERR_INVALID_THIS", `Expected this to be instanceof RedisClient${name}`);
}

/** @param {string} url */
function withoutCredentials(url) {
  return url.replace(/^([^/]*:\/\/)?[^/]*@/, "$1");
}

/** The client that takes its URL from the environment, at first use. */
const redis = new RedisClient(LAZY);

module.exports = { RedisClient, redis };
