"use strict";
/** The client class. */
const { inspect } = require("node:util");
const { lazily } = require("../lazily.js");
const { coded, connectionClosed } = require("./errors.js");
const { makeProviders } = require("./provide.js");
const { SENDER } = require("./sender.js");
const { FROM_SOURCE } = require("./source.js");

const builders = lazily(() => require("./transaction/index.js"));
const contexts = lazily(() => require("./context.js"));
const leases = lazily(() => require("./pool/acquire.js"));
const servers = lazily(() => require("./server.js"));
const views = lazily(() => require("./view.js"));

/**
 * @typedef {import("./connection.js").Connection} Connection
 * @typedef {import("./sender.js").Sender} Sender
 * @typedef {import("./source.js").Source} Source
 * @typedef {import("./context.js").Callback} Callback
 * @typedef {import("./view.js").RedisView} RedisView
 */

/** @type {(receiver: unknown) => Connection} */
let connectionOf;
/**
 * What takes the commands of an object.
 * @type {(receiver: unknown) => Sender}
 */
let senderOf;

class RedisClient {
  /** @type {Source | undefined} */
  #given;
  /** @type {Connection | undefined} */
  #connection;
  /** @type {RedisView | undefined} */
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
      this.#given = /** @type {Source | undefined} */ (options);
      return;
    }
    this.#given = servers().ServerSource.of(url, options);
    this.#open();
  }

  /** Where the connection comes from; the shared client looks for it at its first use. */
  get #source() {
    return (this.#given ??= servers().ServerSource.of(undefined, undefined));
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
    this.#callbacks[name] = { value, callback: typeof value === "function" ? new (contexts().Callback)(value) : null };
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
    const { RedisView } = views();
    provideFeatures(RedisView);
    return new RedisView(() => connectionOf(this), options);
  }

  get buffers() {
    return (this.#buffers ??= this.with({ buffers: true }));
  }

  multi() {
    const connection = connectionOf(this);
    return builders().multi({ connection: () => connection, limits: null });
  }

  pipeline() {
    const connection = connectionOf(this);
    return builders().pipeline({ connection: () => connection, limits: null });
  }

  /** @param {unknown} [options] */
  acquire(options) {
    return leases().acquire(connectionOf(this), this.#source, options);
  }

  /**
   * @param {unknown} keys
   * @param {unknown} callback
   * @param {unknown} [options]
   */
  watch(keys, callback, options) {
    const connection = connectionOf(this);
    return builders().watch({ connection: () => connection, limits: null }, keys, callback, options);
  }

  ref() {
    connectionOf(this).setReferenced(true);
  }

  unref() {
    connectionOf(this).setReferenced(false);
  }

  [Symbol.for("nodejs.util.inspect.custom")]() {
    const { name } = this.constructor;
    // A proxy, or what was made with a client as its prototype, is none.
    if (!(#connection in this)) return `${name} {}`;
    const connection = this.#connection;
    if (connection === undefined) return `${name} ${inspect({ state: "idle" })}`;
    const { url, state, pending, subscriptions } = connection;
    return `${name} ${inspect({ url, state, pending, subscriptions: subscriptions.size })}`;
  }

  get [Symbol.toStringTag]() {
    return "RedisClient";
  }
}

const { provideCommands, provideFeatures, provideAll } = makeProviders(senderOf, connectionOf);
provideAll(RedisClient);

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
const redis = new RedisClient(FROM_SOURCE);

module.exports = {
  RedisClient,
  redis,
  provideCommands,
  provideFeatures,
  /** What is behind a client; throws for what is none. */
  connectionOf,
};
