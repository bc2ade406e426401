"use strict";
/** What is behind a `RedisClient`: it issues commands over one lane. */
const { register, forget, eachPending, onServerError } = require("../port.js");
const { Admission } = require("./admission.js");
const { encode } = require("./encode.js");
const { serverError } = require("./errors.js");
const { Group } = require("./group.js");
const { Lifecycle } = require("./lifecycle.js");
const { Meta } = require("./meta.js");
const { Outgoing } = require("./outgoing.js");
const { PLAIN } = require("./outcomes.js");
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
 */

class Connection extends Lifecycle {
  /**
   * @param {(target: number) => import("../../binding.js").RedisLane} openLane makes the lane, which reports its events
   *   under this number
   * @param {import("./options.js").Resolved} options
   * @param {import("./lifecycle.js").Owner} owner
   */
  constructor(openLane, options, owner) {
    super(openLane, options, owner, (command, names) => this.subscribe(command, names, PLAIN, this.unlimited));
    this.outgoing = new Outgoing();
    this.scheduled = false;
    this.flush = this.flush.bind(this);
    /** Whether typed commands are refused because of subscriptions. */
    this.subscriber = false;
    /** Whether subscriptions are beside commands, on connections of which there are several. */
    this.mixes = false;
    /** Of commands without a deadline. */
    this.group = new Group(this);
    this.gate = new Admission(this, options.rules);
    /** What commands of this turn must pass; `null`, as a rule, for nothing. @type {Admission | null} */
    this.admission = null;
    /** Issues what the client itself needs, past the limits that hold for its users. @type {Issuer} */
    this.unlimited = { issue: (frame, outcome, meta) => this.start(frame, outcome, meta, this.group) };
    /** What is fulfilled when commands have settled that were gathered while batches are traced. @type {Promise<unknown>[]} */
    this.watched = [];
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

  /**
   * @override
   * @param {import("./lifecycle.js").State} state
   * @param {Error} [error]
   */
  enter(state, error) {
    super.enter(state, error);
    // The server has forgotten what it was asked for, and nothing will be asked for again.
    if (state !== "connected" && this.subscriptions.size === 0) this.subscriber = false;
  }

  /** How many connections there are, where there are several. */
  get metrics() {
    const { inUse, idle, waiting } = this.lane.counts;
    return { total: inUse + idle, inUse, idle, waiting };
  }

  /** How many commands wait for their reply. */
  get pending() {
    let count = 0;
    this.eachPending(() => count++);
    return count;
  }

  /**
   * What is told of an error of the server.
   * @param {Error} error
   */
  explained(error) {
    return error;
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
    try {
      const value = await via.issue(encode(command, names), outcome, meta);
      this.unsubscribed();
      return value;
    } catch (error) {
      // The server has it or will have it, before whatever is sent from now on.
      if (/** @type {any} */ (error)?.code === "ERR_REDIS_COMMAND_TIMEOUT") this.unsubscribed();
      throw error;
    }
  }

  unsubscribed() {
    if (this.subscriptions.size === 0) this.subscriber = false;
    this.hold();
  }
}

module.exports = { Connection };
