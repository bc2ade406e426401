"use strict";
/** Transactions that depend on keys: run again as long as somebody else changes these in between. */
const { provideFeatures } = require("../client.js");
const { encode } = require("../encode.js");
const { RedisError, coded, invalidArgument, invalidProperty, outOfRange } = require("../errors.js");
const { metaOf } = require("../meta.js");
const { required } = require("../methods.js");
const { PLAIN } = require("../outcomes.js");
const { lease } = require("../pool/acquire.js");
const { makeLease } = require("../pool/lease.js");
const { pause } = require("../signals.js");
const { RedisView } = require("../view.js");
const { isDisplacement } = require("../cluster/bond.js");
const { NodeConnection } = require("../cluster/lease.js");
const { ROUTE_MASK } = require("../cluster/route.js");
const { RedisBatchError, RedisWatchError } = require("./errors.js");

const RETRIES = 16;
/** The longest pause before another attempt, in milliseconds. */
const LONGEST_PAUSE = 250;
/** The same before the first other attempt when slots are somewhere else: all together outlast the choice of a new primary. */
const FIRST_DISPLACED_PAUSE = 25;
/** So many times longer are the longest pauses then. */
const LONGEST_FACTOR = 4;
/** What becomes of the connection is seen by its commands. */
const NOBODY = { onConnected() {}, onClosed() {}, onGap: () => false };

/**
 * @typedef {import("../encode.js").Argument} Argument
 * @typedef {import("../pool/lease.js").LeaseConnection} LeaseConnection
 * @typedef {import("../cluster/bond.js").Bond} Bond
 * @typedef {import("./queue.js").Origin} Origin
 *
 * @typedef {object} Plan
 * @property {Argument[]} keys
 * @property {(view: any) => any} body
 * @property {number} retries
 */

/**
 * Checks the arguments of `watch`.
 * @param {unknown} keys
 * @param {unknown} body
 * @param {any} options
 * @returns {Plan}
 */
function plan(keys, body, options) {
  const names = (Array.isArray(keys) ? keys : [keys]).map((key) => required(key, "keys", "watch"));
  if (names.length === 0) throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "Expected keys to name a key for 'watch'.");
  if (typeof body !== "function") throw invalidArgument("callback", "a function", "watch");
  if (options !== undefined && (typeof options !== "object" || options === null)) {
    throw invalidArgument("options", "an object", "watch");
  }
  const retries = options?.retries ?? RETRIES;
  if (typeof retries !== "number") throw invalidProperty("retries", "of type number", retries);
  if (retries !== Infinity && !(Number.isInteger(retries) && retries >= 0)) {
    throw outOfRange("retries", "an integer >= 0 or Infinity", retries);
  }
  return { keys: names, body: /** @type {Plan["body"]} */ (body), retries };
}

/**
 * @param {Origin} origin
 * @param {Plan} plan
 */
async function run(origin, plan) {
  if (origin.watching) {
    const message = "The connection watches keys already; name all of them in one call of watch";
    throw new RedisError("ERR_REDIS_INVALID_STATE", message);
  }
  const signal = origin.limits?.signal ?? null;
  const bond = origin.connection().bond(plan.keys);
  for (let failed = 0; ; failed++) {
    signal?.throwIfAborted();
    const attempt = new Attempt(origin, plan, bond);
    let first = 1;
    try {
      return await attempt.run();
    } catch (error) {
      const conflict = attempt.conflictBehind(error);
      if (conflict === null) throw error;
      if (failed >= plan.retries) throw conflict;
      if (isDisplacement(conflict)) first = FIRST_DISPLACED_PAUSE;
    }
    const longest = Math.min(first * 2 ** failed, LONGEST_PAUSE * Math.min(first, LONGEST_FACTOR));
    await pause(Math.random() * longest, signal);
  }
}

/**
 * One try, on one connection.
 * @implements {Watching}
 * @typedef {import("./transaction.js").Watching} Watching
 */
class Attempt {
  /**
   * @param {Origin} origin
   * @param {Plan} plan
   * @param {Bond | null} bond in a cluster
   */
  constructor(origin, plan, bond) {
    this.origin = origin;
    this.plan = plan;
    this.bond = bond;
    /** @type {LeaseConnection | null} */
    this.connection = null;
    /** Whether the transaction was sent: from then on, a lost connection does not tell what became of it. */
    this.sent = false;
    /** Whether it was sent, and is not known to have come to nothing. */
    this.mayHaveRun = false;
    /** Whether the connection was given back. */
    this.over = false;
    /** @type {RedisWatchError | null} */
    this.conflict = null;
  }

  async run() {
    const { bond } = this;
    const given = this.origin.limits;
    // A connection leads to one node: nothing on it has a way of its own.
    const limits = bond === null || given === null ? given : { ...given, set: given.set & ~ROUTE_MASK };
    const shared = this.origin.connection();
    const { rules, acquireTimeout = 0 } = shared.options;
    const timeout = limits?.timeout ?? (rules.commandTimeout || acquireTimeout);
    const place = bond === null ? undefined : { slot: bond.slot };
    const lane = await lease(shared, timeout, limits?.signal ?? undefined, place);
    const connection = makeLease(lane, shared, NOBODY);
    this.connection = connection;
    try {
      const frame = encode("WATCH", this.plan.keys);
      const meta = metaOf("WATCH");
      const watched = limits === null
        ? connection.issue(frame, PLAIN, meta)
        : connection.issueWithin(frame, PLAIN, meta, limits);
      await watched;
      return await this.plan.body(new RedisView(() => connection, {}, limits ?? undefined, this));
    } finally {
      this.over = true;
      connection.giveBack();
    }
  }

  /** Whether the server has forgotten the keys. */
  get isLost() {
    return this.connection !== null && !this.connection.lane.active;
  }

  /**
   * The transaction is about to be sent.
   * @param {import("./queue.js").Queue} queue
   */
  exec(queue) {
    if (this.sent) {
      const message = "The watched keys were those of another transaction; each call of watch can have one";
      throw new RedisError("ERR_REDIS_INVALID_STATE", message);
    }
    // Of one that was given back, its connection says so.
    if (this.isLost && !this.over) throw (this.conflict = lost());
    const guarded = this.bond?.guard(queue) ?? false;
    this.sent = this.mayHaveRun = true;
    return guarded;
  }

  /**
   * @param {unknown} error what the transaction came to
   * @returns {unknown} what is told of it
   */
  failed(error) {
    this.mayHaveRun = !(error instanceof RedisWatchError || error instanceof RedisBatchError);
    if (error instanceof RedisWatchError) return (this.conflict = error);
    if (this.bond === null || !(error instanceof RedisBatchError)) return error;
    const refusals = [...error.errors, error.cause];
    const conflict = this.bond.conflict(error, refusals);
    return conflict === null ? error : (this.conflict = conflict);
  }

  /**
   * The conflict that an attempt has failed by, or `null`.
   * @param {unknown} error
   */
  conflictBehind(error) {
    // Whatever else was refused: another run would do it twice.
    if (this.mayHaveRun) return null;
    if (error === this.conflict) return this.conflict;
    const { connection } = this;
    if (this.bond !== null && error instanceof Error && connection instanceof NodeConnection && connection.refusals.has(error)) {
      const conflict = this.bond.conflict(error, [error]);
      if (conflict !== null) return conflict;
    }
    // Nothing but the commands of this attempt can tell that its connection is gone.
    const isLoss = error instanceof RedisError && error.code === "ERR_REDIS_CONNECTION_CLOSED";
    return isLoss && !this.sent && this.isLost ? lost(error) : null;
  }
}

/** @param {unknown} [cause] */
function lost(cause) {
  const message = "The connection that watched the keys was lost before the transaction: nothing was executed";
  return new RedisWatchError(message, cause === undefined ? undefined : { cause });
}

provideFeatures(RedisView);

module.exports = { plan, run };
