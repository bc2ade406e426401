"use strict";
/**
 * What is behind a `RedisClient`: one lane with its outgoing commands, events and subscriptions.
 */
const { LaneEvent } = require("../../binding.js");
const { newTarget, listen, unlisten } = require("../listeners.js");
const { port, register, forget, eachPending, onServerError } = require("../port.js");
const { translate } = require("./address_map.js");
const { Admission } = require("./admission.js");
const { Group } = require("./group.js");
const { Outgoing } = require("./outgoing.js");
const { encode } = require("./encode.js");
const { fromFailure, serverError } = require("./errors.js");
const { logIn } = require("./login.js");
const { Meta } = require("./meta.js");
const { PLAIN } = require("./outcomes.js");
const { Subscriptions } = require("./subscriptions.js");
const tracing = require("./tracing.js");

onServerError(serverError);

/** @type {(value: any) => void} */
let resolve;
/** @type {(reason: Error) => void} */
let reject;

/**
 * Keeps the functions of the promise that is being made: one closure for all commands.
 * @param {(value: any) => void} onResolve
 * @param {(reason: Error) => void} onReject
 */
function capture(onResolve, onReject) {
  resolve = onResolve;
  reject = onReject;
}

/**
 * @typedef {import("./outcomes.js").Outcome} Outcome
 * @typedef {import("./encode.js").Argument} Argument
 * @typedef {import("./frame.js").Frame} Frame
 *
 * @typedef {{ issue(frame: Frame, outcome: Outcome, meta: number): Promise<any> }} Issuer
 *
 * @typedef {object} Owner who is told
 * @property {(hello: unknown) => void} onConnected
 * @property {(error: Error) => void} onClosed
 * @property {(gap: import("./types.js").RedisGap) => boolean} onGap returns whether somebody listens
 *
 * @typedef {"idle" | "connecting" | "connected" | "reconnecting" | "closed"} State
 */

class Connection {
  /**
   * @param {(target: number) => import("../../binding.js").RedisLane} openLane makes the lane, which reports its events
   *   under this number
   * @param {import("./options.js").Resolved} options
   * @param {Owner} owner
   */
  constructor(openLane, options, owner) {
    this.options = options;
    this.owner = owner;
    this.outgoing = new Outgoing();
    this.scheduled = false;
    /** @type {State} */
    this.state = "idle";
    /** Whether typed commands are refused because of subscriptions. */
    this.subscriber = false;
    /** Whether subscriptions are beside commands, on connections of which there are several. */
    this.mixes = false;
    /** Issues what the client itself needs, past the limits that hold for its users. @type {Issuer} */
    this.unlimited = { issue: (frame, outcome, meta) => this.start(frame, outcome, meta, this.group) };
    this.subscriptions = new Subscriptions({
      connected: () => this.connected,
      subscribe: (command, names) => this.subscribe(command, names, PLAIN, this.unlimited),
      wantBytes: (wanted) => this.lane.setPushBytes(wanted),
      onGap: (gap) => this.owner.onGap(gap),
    });
    /** @type {Promise<unknown> | null} */
    this.connecting = null;
    /** Whether this connection keeps the event loop alive besides its pending calls. */
    this.held = false;
    /** `unref` was called. */
    this.released = false;
    this.flush = this.flush.bind(this);
    this.target = newTarget();
    /** Whether there are events to expect. A client that is not in use can be collected. */
    this.listening = false;
    /** Of commands without a deadline. */
    this.group = new Group(this);
    this.gate = new Admission(this, options.rules);
    /** What commands of this turn must pass; `null`, as a rule, for nothing. @type {Admission | null} */
    this.admission = null;
    /** Promises of commands that were gathered while batches are traced. @type {Promise<unknown>[]} */
    this.watched = [];
    /** @type {import("./tracing.js").Attempt | null} */
    this.attempt = null;
    this.lane = openLane(this.target);
    /** What answers reads from memory, where the options ask for it. @type {import("./cache/cache.js").ClientCache | null} */
    this.cache = null;
  }

  /**
   * Of connections that are leased from this one; `undefined` for the usual class.
   * @returns {import("./pool/lease.js").LeaseClass | undefined}
   */
  get leaseClass() {
    return undefined;
  }

  /**
   * Where a connection that is leased from this one leads, which is a question only in a cluster.
   * @param {unknown} _options those of `acquire`
   * @returns {import("../../binding.js").LeasePlace | undefined}
   */
  place(_options) {
    return undefined;
  }

  /**
   * What ties watched keys to their place.
   * @param {Argument[]} _keys
   * @returns {import("./cluster/bond.js").Bond | null}
   */
  bond(_keys) {
    return null;
  }

  /** The address without the password. */
  get url() {
    return this.lane.url;
  }

  get connected() {
    return this.state === "connected";
  }

  get closed() {
    return this.state === "closed";
  }

  /** How many commands wait for their reply. */
  get pending() {
    let count = 0;
    this.eachPending(() => count++);
    return count;
  }

  /** @param {boolean} wanted */
  expectEvents(wanted) {
    this.listening = wanted;
    if (wanted) listen(this.target, (kind, argument) => this.onEvent(kind, argument));
    else unlisten(this.target);
    if (wanted && this.state === "idle") this.enter("connecting");
  }

  /**
   * @param {State} state
   * @param {Error} [error] why a connection has ended
   */
  enter(state, error) {
    const before = this.state;
    this.state = state;
    if (state === "connected") this.attempt?.succeeded();
    else if (error !== undefined) this.attempt?.failed(error);
    if (state === "connecting" || state === "reconnecting") {
      if (before !== "connecting" && before !== "reconnecting") {
        this.attempt = new tracing.Attempt(this, state === "reconnecting");
      }
    } else {
      this.attempt = null;
    }
    if (before === "connected") this.subscriptions.lost();
  }

  /**
   * Throws for a command that this connection does not take inside a transaction.
   * @param {Frame} _frame
   * @param {number} _meta
   */
  check(_frame, _meta) {}

  /**
   * Issues a command.
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @returns {Promise<any>}
   */
  issue(frame, outcome, meta) {
    if (!this.scheduled) this.beginTurn();
    if (this.admission !== null) return this.admission.issue(frame, outcome, meta, null);
    return this.start(frame, outcome, meta, this.group);
  }

  /**
   * Issues a command with the limits of a view.
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @param {import("./view.js").Limits} limits
   * @returns {Promise<any>}
   */
  issueWithin(frame, outcome, meta, limits) {
    if (!this.scheduled) this.beginTurn();
    return this.gate.issue(frame, outcome, meta, limits);
  }

  /** The first command of a turn sees to it that the turn's commands are sent together. */
  beginTurn() {
    this.admission = this.gate.always || tracing.active() ? this.gate : null;
    if (!this.options.enableAutoPipelining) return;
    this.scheduled = true;
    process.nextTick(this.flush);
  }

  /**
   * @param {Frame} frame
   * @param {Outcome} outcome
   * @param {number} meta
   * @param {object} group
   * @returns {Promise<any>}
   */
  start(frame, outcome, meta, group) {
    const promise = new Promise(capture);
    this.enqueue(frame, register(resolve, reject, outcome, group), meta);
    return promise;
  }

  /**
   * @param {Frame} frame
   * @param {number} id
   * @param {number} meta
   */
  enqueue(frame, id, meta) {
    const { outgoing } = this;
    if (!this.listening) this.expectEvents(true);
    outgoing.add(frame, id, meta);
    if (outgoing.full || !this.scheduled) this.submit();
  }

  flush() {
    this.scheduled = false;
    this.submit();
  }

  /** Sends what has gathered. */
  submit() {
    if (this.watched.length === 0) this.outgoing.flush(this.lane);
    else tracing.batch(this, () => this.outgoing.flush(this.lane));
  }

  /** @returns {Promise<unknown>} */
  connect() {
    if (this.connecting !== null) return this.connecting;
    if (!this.listening) this.expectEvents(true);
    if (!this.connected) this.lane.hold();
    this.submit();
    /** @type {Promise<unknown>} */
    const promise = new Promise((resolve, reject) => {
      // Not by `then`, which would hide a rejection that nobody handles.
      const settling = (/** @type {(value: any) => void} */ settle) => (/** @type {any} */ value) => {
        if (this.connecting === promise) this.connecting = null;
        settle(value);
      };
      const id = register(settling(resolve), settling(reject), PLAIN, this.group);
      try {
        this.lane.connect(id);
      } catch (error) {
        forget(id);
        throw error;
      }
    });
    if (!this.connected) {
      if (this.state === "closed") this.enter("connecting");
      this.connecting = promise;
    }
    return promise;
  }

  /**
   * @param {Error} error why
   * @returns {boolean} whether there was something to close
   */
  close(error) {
    const { outgoing } = this;
    // The lane may have ended just now; its event will not be heard any more.
    const live = this.listening && this.state !== "closed";
    // Commands of this turn were promised an answer: they are refused like those in flight.
    if (!this.connected) outgoing.flush(this.lane);
    this.watched = [];
    const closed = this.lane.close(outgoing.take()) || live;
    if (closed) this.ended(error);
    return closed;
  }

  /** @param {Error} error */
  ended(error) {
    this.enter("closed", error);
    this.connecting = null;
    this.expectEvents(false);
    this.hold();
  }

  /** Resolves when every command that was issued so far has settled. */
  async drain() {
    /** @type {Promise<void>[]} */
    const settled = [];
    this.eachPending((pending) => {
      const { resolve, reject } = pending;
      settled.push(
        new Promise((done) => {
          pending.resolve = (value) => done(resolve(value));
          pending.reject = (reason) => done(reject(reason));
        }),
      );
    });
    await Promise.all(settled);
  }

  /** @param {(pending: { resolve(value: any): void, reject(reason: any): void }) => void} visit */
  eachPending(visit) {
    eachPending((pending) => {
      if (pending.group instanceof Group && pending.group.connection === this) visit(pending);
    });
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
        this.enter("connected");
        this.hold();
        this.owner.onConnected(argument);
        void this.subscriptions.restore();
        break;
      case LaneEvent.Reconnecting:
        this.enter("reconnecting");
        this.hold();
        break;
      case LaneEvent.Closed: {
        const error = fromFailure(argument);
        this.ended(error);
        // Somebody may have connected again before this was heard.
        if (this.lane.active) {
          this.expectEvents(true);
          this.enter("connecting");
        }
        this.owner.onClosed(error);
        break;
      }
      case LaneEvent.Credentials:
        void logIn(this.lane, Number(argument), this.options.credentials);
        break;
      case LaneEvent.Address:
        void translate(this.lane, argument, this.options.addressMap);
        break;
      case LaneEvent.SubscriptionsLost:
        this.subscriptions.lost();
        void this.subscriptions.restore();
        break;
      default:
        this.subscriptions.deliver(argument);
    }
  }

  /**
   * @param {string} command
   * @param {Argument[]} names
   * @param {Outcome} outcome
   * @param {Issuer} [via] who issues the command
   */
  async subscribe(command, names, outcome, via = this) {
    const meta = Meta.SUBSCRIBE | (names.length << Meta.COUNT_SHIFT);
    const value = await via.issue(encode(command, names), outcome, meta);
    this.subscriber = !this.mixes;
    return value;
  }

  /**
   * @param {string} command
   * @param {Argument[]} names
   * @param {Outcome} outcome
   * @param {Issuer} [via] who issues the command
   */
  async unsubscribe(command, names, outcome, via = this) {
    const meta = Meta.UNSUBSCRIBE | (names.length << Meta.COUNT_SHIFT);
    const value = await via.issue(encode(command, names), outcome, meta);
    if (this.subscriptions.size === 0) this.subscriber = false;
    this.hold();
    return value;
  }

  /** @param {boolean} referenced whether subscriptions keep the process from exiting */
  setReferenced(referenced) {
    this.released = !referenced;
    this.hold();
  }

  /** Keeps the event loop alive while it should be, besides the pending calls. */
  hold() {
    const reconnecting = this.state === "reconnecting";
    const live = this.connected || reconnecting || this.connecting !== null;
    const wanted = live && !this.released && (reconnecting || this.subscriptions.size > 0);
    if (wanted === this.held) return;
    this.held = wanted;
    if (wanted) port.retain();
    else port.release();
  }
}

module.exports = { Connection };
