"use strict";
/** The client class. */
const { inspect } = require("node:util");
const { encode, toArgument } = require("./encode.js");
const { Callback } = require("./context.js");
const { coded, connectionClosed, invalidArgument } = require("./errors.js");
const { metaOf } = require("./meta.js");
const { PLAIN } = require("./outcomes.js");
const { makeMakers, named } = require("./methods.js");
const { makePubSub, PUSH } = require("./pubsub.js");
const { CHANNEL } = require("./subscriptions.js");
const { SENDER } = require("./sender.js");
const { FROM_SOURCE, ServerSource } = require("./source.js");
const builders = require("./transaction/index.js");
const { RedisView } = require("./view.js");
const makeCommands = require("./commands.js");
const makeFeatures = require("./features.js");
const makeSpecial = require("./special.js");

/** Commands that are answered by pushes. */
const SUBSCRIBES = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]);
const UNSUBSCRIBES = new Set(["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./sender.js").Sender} Sender
 * @typedef {import("./source.js").Source} Source
 */

/** @type {(receiver: unknown) => Connection} */
let connectionOf;
/**
 * What takes the commands of an object.
 * @type {(receiver: unknown) => Sender}
 */
let senderOf;

class RedisClient {
  /** @type {Source} */
  #source;
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
      return /** @type {any} */ (receiver)?.[SENDER] ?? connectionOf(receiver);
    };
  }

  /**
   * @param {unknown} [url]
   * @param {unknown} [options]
   */
  constructor(url, options) {
    if (url === FROM_SOURCE) {
      this.#source = /** @type {Source} */ (options);
      return;
    }
    this.#source = ServerSource.of(url, options);
    this.#open();
  }

  #open() {
    this.#connection = this.#source.open({
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

  get cache() {
    return connectionOf(this).cache?.public ?? null;
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
    const client = this.#source.duplicate(RedisClient);
    return connected ? client.connect().then(() => client) : Promise.resolve(client);
  }

  /** @param {unknown} options */
  with(options) {
    provideFeatures(RedisView);
    return new RedisView(() => connectionOf(this), options);
  }

  get buffers() {
    return (this.#buffers ??= this.with({ buffers: true }));
  }

  multi() {
    const connection = connectionOf(this);
    return builders.multi({ connection: () => connection, limits: null });
  }

  pipeline() {
    const connection = connectionOf(this);
    return builders.pipeline({ connection: () => connection, limits: null });
  }

  /** @param {unknown} [options] */
  acquire(options) {
    const { acquire } = require("./pool/acquire.js");
    return acquire(connectionOf(this), this.#source, options);
  }

  /**
   * @param {unknown} keys
   * @param {unknown} callback
   * @param {unknown} [options]
   */
  watch(keys, callback, options) {
    const connection = connectionOf(this);
    return builders.watch({ connection: () => connection, limits: null }, keys, callback, options);
  }

  ref() {
    connectionOf(this).setReferenced(true);
  }

  unref() {
    connectionOf(this).setReferenced(false);
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    const connection = this.#connection;
    const { name } = this.constructor;
    if (connection === undefined) return `${name} ${inspect({ state: "idle" })}`;
    const { url, state, pending, subscriptions } = connection;
    return `${name} ${inspect({ url, state, pending, subscriptions: subscriptions.size })}`;
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
const features = makeFeatures(makers);
define(RedisClient, commands);
define(RedisClient, features);
define(RedisClient, makePubSub((receiver) => connectionOf(receiver)));

/**
 * Gives a class the command methods, unless it has them: when its first object is made, for it takes a while, and most
 * programs need none. Its objects must have a `SENDER`.
 * @param {Function} Class
 */
function provideCommands(Class) {
  if (!("send" in Class.prototype)) define(Class, commands);
}

/**
 * Gives a class the command methods and what is built on them.
 * @param {Function} Class
 */
function provideFeatures(Class) {
  provideCommands(Class);
  if (!("scanIterator" in Class.prototype)) define(Class, features);
}

/**
 * @param {Function} Class
 * @param {Record<string, import("./methods.js").Method>} methods
 */
function define(Class, methods) {
  // Adding hundreds of properties one by one takes milliseconds, unless the object is a table; a deletion makes it one.
  Object.defineProperty(Class.prototype, FROM_SOURCE, { configurable: true });
  Reflect.deleteProperty(Class.prototype, FROM_SOURCE);
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
const redis = new RedisClient(FROM_SOURCE, new ServerSource(undefined, {}));

module.exports = {
  RedisClient,
  redis,
  provideCommands,
  provideFeatures,
  /** What is behind a client; throws for what is none. */
  connectionOf: (/** @type {unknown} */ receiver) => connectionOf(receiver),
};
