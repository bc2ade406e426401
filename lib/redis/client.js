"use strict";
/** The client class. */
const { inspect } = require("node:util");
const { encode, toArgument } = require("./encode.js");
const { split, resolveUrl } = require("./address.js");
const { Connection } = require("./connection.js");
const { Callback } = require("./context.js");
const { coded, connectionClosed, invalidArgument } = require("./errors.js");
const { resolveOptions } = require("./options.js");
const { metaOf } = require("./meta.js");
const { PLAIN } = require("./outcomes.js");
const { makeMakers, named } = require("./methods.js");
const { makePubSub, PUSH } = require("./pubsub.js");
const { CHANNEL } = require("./subscriptions.js");
const { RedisView, scopeOf } = require("./view.js");
const makeCommands = require("./commands.js");
const makeSpecial = require("./special.js");

/** Marks the one client whose environment is read at first use. */
const LAZY = Symbol("lazy");

/** Commands that are answered by pushes. */
const SUBSCRIBES = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]);
const UNSUBSCRIBES = new Set(["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);

/** @type {(receiver: unknown) => Connection} */
let connectionOf;
/**
 * What takes the commands of a client or of a view.
 * @type {(receiver: unknown) => import("./methods.js").Sender}
 */
let senderOf;

class RedisClient {
  /** What the constructor was given. @type {{ url: unknown, options: Record<string, unknown> }} */
  #given;
  /** @type {Connection | undefined} */
  #connection;
  /** @type {InstanceType<typeof RedisView> | undefined} */
  #buffers;
  /**
   * What the setters were given, with the context of then.
   * @type {Record<string, { value: any, callback: Callback | null }>}
   */
  #callbacks = {};

  static {
    connectionOf = (receiver) => {
      if (typeof receiver !== "object" || receiver === null || !(#connection in receiver)) {
        throw invalidReceiver(receiver);
      }
      return receiver.#connection ?? receiver.#open();
    };
    senderOf = (receiver) => {
      if (typeof receiver === "object" && receiver !== null && #connection in receiver) {
        return receiver.#connection ?? receiver.#open();
      }
      return scopeOf(receiver) ?? connectionOf(receiver);
    };
  }

  /**
   * @param {unknown} [url]
   * @param {unknown} [options]
   */
  constructor(url, options) {
    if (url === LAZY) {
      this.#given = { url: undefined, options: {} };
      return;
    }
    this.#given = split(url, options);
    this.#open();
  }

  #open() {
    const { options } = this.#given;
    const url = resolveUrl(this.#given.url, options);
    this.#given.url = url;
    this.#connection = new Connection(url, resolveOptions(url, options), {
      onConnected: (hello) => {
        const { callback } = this.#callbacks["onconnect"] ?? {};
        if (callback) queueMicrotask(() => callback.call(undefined, this, hello));
      },
      onClosed: (error) => this.#closed(error),
      onGap: (gap) => {
        const { callback } = this.#callbacks["ongap"] ?? {};
        callback?.call(this, gap);
        return Boolean(callback);
      },
    });
    return this.#connection;
  }

  /** @param {Error} error */
  #closed(error) {
    this.#callbacks["onclose"]?.callback?.call(this, error);
  }

  /**
   * @param {string} name
   * @param {any} value whatever it is, the getter gives it back
   */
  #setCallback(name, value) {
    this.#callbacks[name] = { value, callback: typeof value === "function" ? new Callback(value) : null };
  }

  get connected() {
    return connectionOf(this).connected;
  }

  get bufferedAmount() {
    return connectionOf(this).lane.buffered;
  }

  get onconnect() {
    return this.#callbacks["onconnect"]?.value;
  }

  set onconnect(callback) {
    this.#setCallback("onconnect", callback);
  }

  get onclose() {
    return this.#callbacks["onclose"]?.value;
  }

  set onclose(callback) {
    this.#setCallback("onclose", callback);
  }

  get ongap() {
    return this.#callbacks["ongap"]?.value;
  }

  set ongap(callback) {
    this.#setCallback("ongap", callback);
  }

  connect() {
    return connectionOf(this).connect();
  }

  close() {
    const error = connectionClosed();
    if (connectionOf(this).close(error)) this.#closed(error);
  }

  drain() {
    return connectionOf(this).drain();
  }

  async [Symbol.asyncDispose]() {
    await this.drain();
    this.close();
  }

  duplicate() {
    const { connected } = connectionOf(this);
    const client = new RedisClient(this.#given.url, this.#given.options);
    return connected ? client.connect().then(() => client) : Promise.resolve(client);
  }

  /** @param {unknown} options */
  with(options) {
    provideViews();
    return new RedisView(() => connectionOf(this), options);
  }

  get buffers() {
    return (this.#buffers ??= this.with({ buffers: true }));
  }

  ref() {
    connectionOf(this).setReferenced(true);
  }

  unref() {
    connectionOf(this).setReferenced(false);
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    const connection = this.#connection;
    if (connection === undefined) return `RedisClient ${inspect({ state: "idle" })}`;
    const { url, state, pending, subscriptions } = connection;
    return `RedisClient ${inspect({ url, state, pending, subscriptions: subscriptions.size })}`;
  }

  get [Symbol.toStringTag]() {
    return "RedisClient";
  }
}

/**
 * @param {unknown} command
 * @param {unknown} args
 * @returns {Promise<any>}
 */
const send = named("send", { length: 2 }, function (command, args) {
  const connection = senderOf(this);
  const name = `${/** @type {any} */ (command)}`;
  if (!Array.isArray(args)) throw new Error("Arguments must be an array");
  const converted = Array.from(args, (argument) => {
    const value = toArgument(argument);
    if (value === undefined) throw invalidArgument("argument", "a string or buffer", "sendCommand");
    return value;
  });
  const upper = name.toUpperCase();
  if (upper === "SUBSCRIBE") {
    return connection.subscribe(name, converted, PLAIN).then(() => connection.subscriptions.of(CHANNEL).size);
  }
  if (upper === "UNSUBSCRIBE") return connection.unsubscribe(name, converted, PLAIN).then(() => undefined);
  if (SUBSCRIBES.has(upper)) return connection.subscribe(name, converted, PUSH);
  if (UNSUBSCRIBES.has(upper)) return connection.unsubscribe(name, converted, PUSH);
  return connection.issue(encode(name, converted), PLAIN, metaOf(name));
});

const makers = makeMakers(senderOf);
const commands = Object.assign(makeCommands(makers), makeSpecial(makers), { send });
define(RedisClient, commands);
define(RedisClient, makePubSub((receiver) => connectionOf(receiver)));

/** Gives views the commands, when the first one is made: it takes a while, and most programs need none. */
function provideViews() {
  if (!("send" in RedisView.prototype)) define(RedisView, commands);
}

/**
 * @param {Function} Class
 * @param {Record<string, import("./methods.js").Method>} methods
 */
function define(Class, methods) {
  // Adding hundreds of properties one by one takes milliseconds, unless the object is a table; a deletion makes it one.
  Object.defineProperty(Class.prototype, LAZY, { configurable: true });
  Reflect.deleteProperty(Class.prototype, LAZY);
  for (const [name, method] of Object.entries(methods)) {
    Object.defineProperty(Class.prototype, name, { value: method, enumerable: true, writable: true });
  }
}

// What the class itself declares has the same flags, and its length is Bun's.
for (const name of Object.getOwnPropertyNames(RedisClient.prototype)) {
  if (name !== "constructor") Object.defineProperty(RedisClient.prototype, name, { enumerable: true, configurable: false });
}
Object.defineProperty(RedisClient, "length", { value: 0 });

/** @param {any} receiver */
function invalidReceiver(receiver) {
  const actual = receiver === undefined ? "" : `, but received ${described(receiver)}`;
  return coded(TypeError, "ERR_INVALID_THIS", `Expected this to be instanceof RedisClient${actual}`);
}

/** @param {any} value */
function described(value) {
  if (value === null) return "null";
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value === "object") {
    return value.constructor?.name === undefined ? inspect(value) : `an instance of ${value.constructor.name}`;
  }
  const text = typeof value === "string" && value.length > 28 ? `${value.slice(0, 25)}...` : value;
  return `type ${typeof value} (${inspect(text)})`;
}

/** The client that takes its URL from the environment, at first use. */
const redis = new RedisClient(LAZY);

module.exports = { RedisClient, redis };
