"use strict";
/**
 * What is behind a `RedisClient`: one lane with its outgoing commands, events and subscriptions.
 */
const { RedisLane, LaneEvent } = require("../../binding.js");
const { port, register, forget, newTarget, listen, unlisten, report, onServerError } = require("../port.js");
const { Outgoing } = require("./outgoing.js");
const { encode } = require("./encode.js");
const { coded, connectionClosed, fromFailure, serverError } = require("./errors.js");

/** Bits of an entry's meta word; see `src/redis/meta.rs`. */
const SUBSCRIBE = 1;
const UNSUBSCRIBE = 2;
const BYTES = 1 << 2;
const COUNT_SHIFT = 8;

onServerError(serverError);

/** Names whose meta word is remembered; a caller may make up any number of them. */
const KNOWN_NAMES = 1000;
/** @type {Map<string, number>} */
const metas = new Map();

/**
 * The meta word that follows from a command's name.
 * @param {string} command
 * @returns {number}
 */
function metaOf(command) {
  let meta = metas.get(command);
  if (meta === undefined) {
    if (metas.size === KNOWN_NAMES) metas.clear();
    meta = RedisLane.commandMeta(command);
    metas.set(command, meta);
  }
  return meta;
}

/**
 * How replies become what users see.
 * @typedef {import("../port.js").Outcome} Outcome
 * @type {Outcome}
 */
const PLAIN = { failed: fromFailure, refused: serverError, convert: null };

/** @type {Outcome} */
const BOOLEAN = {
  failed: fromFailure,
  refused: serverError,
  convert: (value) => (typeof value === "number" ? value > 0 : value),
};

/**
 * A message listener: the message first, then the channel.
 * @typedef {(message: string, channel: string) => unknown} Listener
 */

class Connection {
  /**
   * @param {string} url
   * @param {ReturnType<typeof import("./options.js").resolveOptions>} options
   * @param {{ onConnected(hello: unknown): void, onClosed(error: Error): void }} owner
   */
  constructor(url, options, owner) {
    this.url = url;
    this.options = options;
    this.owner = owner;
    this.outgoing = new Outgoing();
    this.scheduled = false;
    this.connected = false;
    /** Whether typed commands are refused because of subscriptions. */
    this.subscriber = false;
    /** @type {Map<string, Listener[]>} */
    this.listeners = new Map();
    /** @type {Promise<unknown> | null} */
    this.connecting = null;
    this.reconnecting = false;
    /** Whether this connection keeps the event loop alive besides its pending calls. */
    this.held = false;
    /** `unref` was called. */
    this.released = false;
    this.flush = this.flush.bind(this);
    this.target = newTarget();
    /** Whether there are events to expect. A client that is not in use can be collected. */
    this.listening = false;
    try {
      this.lane = new RedisLane(port, this.target, url, options.lane);
    } catch (error) {
      throw fromUrlError(error);
    }
  }

  /** @param {boolean} wanted */
  expectEvents(wanted) {
    this.listening = wanted;
    if (wanted) listen(this.target, (kind, argument) => this.onEvent(kind, argument));
    else unlisten(this.target);
  }

  /**
   * Issues a command.
   * @param {string | import("./encode.js").Piece[]} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @returns {Promise<any>}
   */
  issue(frame, outcome, meta) {
    /** @type {any} */
    let resolve;
    /** @type {any} */
    let reject;
    const promise = new Promise((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    });
    const { outgoing } = this;
    if (!this.listening) this.expectEvents(true);
    outgoing.add(frame, register(resolve, reject, outcome), meta);
    if (outgoing.full || !this.options.enableAutoPipelining) {
      outgoing.flush(this.lane);
    } else if (!this.scheduled) {
      this.scheduled = true;
      process.nextTick(this.flush);
    }
    return promise;
  }

  flush() {
    this.scheduled = false;
    this.outgoing.flush(this.lane);
  }

  /** @returns {Promise<unknown>} */
  connect() {
    if (this.connecting !== null) return this.connecting;
    if (!this.listening) this.expectEvents(true);
    this.outgoing.flush(this.lane);
    const promise = new Promise((resolve, reject) => {
      const id = register(resolve, reject, PLAIN);
      try {
        this.lane.connect(id);
      } catch (error) {
        forget(id);
        throw error;
      }
    });
    if (!this.connected) {
      this.connecting = promise;
      const done = () => {
        if (this.connecting === promise) this.connecting = null;
      };
      promise.then(done, done);
    }
    return promise;
  }

  /** Returns whether there was something to close. */
  close() {
    const { outgoing } = this;
    // Commands of this turn were promised an answer: they are refused like those in flight.
    if (!this.connected) outgoing.flush(this.lane);
    const closed = this.lane.close(outgoing.take());
    this.ended();
    return closed;
  }

  ended() {
    this.connected = false;
    this.reconnecting = false;
    this.connecting = null;
    this.expectEvents(false);
    this.hold();
  }

  /**
   * @param {number} kind
   * @param {any} argument
   */
  onEvent(kind, argument) {
    switch (kind) {
      case LaneEvent.Connected:
        // It may have been on its way when the connection was closed.
        if (!this.lane.connected) return;
        this.connected = true;
        this.reconnecting = false;
        this.hold();
        this.owner.onConnected(argument);
        this.resubscribe();
        break;
      case LaneEvent.Reconnecting:
        this.connected = false;
        this.reconnecting = true;
        this.hold();
        break;
      case LaneEvent.Closed:
        this.ended();
        this.owner.onClosed(fromFailure(argument));
        break;
      case LaneEvent.Credentials:
        this.logIn(argument);
        break;
      default:
        this.onPush(argument);
    }
  }

  /**
   * Answers the native side's question for credentials.
   * @param {number} asked its number
   */
  async logIn(asked) {
    try {
      const { username, password } = credentialsOf(await this.options.credentials?.());
      this.lane.credentials(asked, username, password);
    } catch (error) {
      const { code, message } = /** @type {{ code?: unknown, message?: unknown }} */ (Object(error));
      const why = message === undefined ? String(error) : String(message);
      this.lane.noCredentials(asked, typeof code === "string" ? code : "", why);
    }
  }

  /** @param {[string, string, string]} push */
  onPush([kind, channel, message]) {
    if (kind !== "message") return;
    const listeners = this.listeners.get(channel);
    if (listeners === undefined) return;
    // A copy, since a listener may unsubscribe.
    for (const listener of [...listeners]) report(() => listener.call(undefined, message, channel));
  }

  /** The server forgets subscriptions with the connection; ask for them again. */
  resubscribe() {
    if (this.listeners.size === 0) return;
    const channels = [...this.listeners.keys()];
    this.subscribe("SUBSCRIBE", channels, PLAIN).catch((error) => {
      process.emitWarning(`could not subscribe again after a reconnect: ${error.message}`, "RedisWarning");
    });
  }

  /**
   * @param {string} command
   * @param {import("./encode.js").Argument[]} names
   * @param {Outcome} outcome
   */
  async subscribe(command, names, outcome) {
    const value = await this.issue(encode(command, names), outcome, SUBSCRIBE | (names.length << COUNT_SHIFT));
    this.subscriber = true;
    return value;
  }

  /**
   * @param {string} command
   * @param {import("./encode.js").Argument[]} names
   * @param {Outcome} outcome
   */
  async unsubscribe(command, names, outcome) {
    const value = await this.issue(encode(command, names), outcome, UNSUBSCRIBE | (names.length << COUNT_SHIFT));
    if (this.listeners.size === 0) this.subscriber = false;
    return value;
  }

  /** @param {boolean} referenced whether subscriptions keep the process from exiting */
  setReferenced(referenced) {
    this.released = !referenced;
    this.hold();
  }

  /** Keeps the event loop alive while it should be, besides the pending calls. */
  hold() {
    const live = this.connected || this.reconnecting || this.connecting !== null;
    const wanted = live && !this.released && (this.reconnecting || this.listeners.size > 0);
    if (wanted === this.held) return;
    this.held = wanted;
    if (wanted) port.retain();
    else port.release();
  }
}

/**
 * What a credentials provider has found.
 * @param {unknown} found
 */
function credentialsOf(found) {
  const { username = "", password = "" } = /** @type {Record<string, unknown>} */ (Object(found));
  if (typeof username !== "string" || typeof password !== "string") {
    throw coded(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      "credentials() must give an object with the strings username and password",
    );
  }
  if (username === "" && password === "") {
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "credentials() gave neither a username nor a password");
  }
  return { username, password };
}

/**
 * The error of an unusable URL or option.
 * @param {unknown} thrown
 */
function fromUrlError(thrown) {
  const { code, message } = /** @type {{ code?: string, message: string }} */ (thrown);
  if (code?.startsWith("ERR_INVALID_ARG")) return coded(TypeError, code, message);
  // An unknown scheme has no code.
  return new Error(message);
}

module.exports = { Connection, PLAIN, BOOLEAN, BYTES, metaOf, connectionClosed };
