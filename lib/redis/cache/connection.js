"use strict";
/** Connections whose reads are answered from memory. Loaded by the first client that has a `clientCache`. */
const { LaneEvent } = require("../../../binding.js");
const { Meta } = require("../meta.js");
const { Outgoing } = require("../outgoing.js");
const { ClientCache, FORM_BITS } = require("./cache.js");
const { Kind, kindOf } = require("./kinds.js");
const { copyOf } = require("./values.js");

/**
 * @typedef {import("../connection.js").Connection} Connection
 * @typedef {import("../outcomes.js").Outcome} Outcome
 * @typedef {import("../frame.js").Frame} Frame
 * @typedef {import("../view.js").Limits} Limits
 */

/** @type {WeakMap<Function, any>} */
const classes = new WeakMap();

/**
 * A class of connections with a cache.
 * @template {new (...args: any[]) => Connection} Class
 * @param {Class} Base
 * @returns {Class}
 */
function cached(Base) {
  const known = classes.get(Base);
  if (known !== undefined) return known;
  const made = extend(Base);
  classes.set(Base, made);
  return made;
}

/**
 * @template {new (...args: any[]) => Connection} Class
 * @param {Class} Base
 */
function extend(Base) {
  return class CachedConnection extends Base {
    /** @param {any[]} args those of the class below */
    constructor(...args) {
      super(...args);
      this.cache = new ClientCache(/** @type {import("./options.js").CacheOptions} */ (this.options.cache));
      this.outgoing = new WatchedOutgoing(this.cache);
    }

    /** @type {Connection["issue"]} */
    issue(frame, outcome, meta) {
      return this.serve(frame, outcome, meta, null);
    }

    /** @type {Connection["issueWithin"]} */
    issueWithin(frame, outcome, meta, limits) {
      return this.serve(frame, outcome, meta, limits);
    }

    /**
     * @param {Frame} frame
     * @param {Outcome} outcome
     * @param {number} meta
     * @param {Limits | null} limits
     * @returns {Promise<any>}
     */
    serve(frame, outcome, meta, limits) {
      const { cache } = this;
      if (limits !== null && limits.signal?.aborted) return this.request(frame, outcome, meta, limits);
      if ((meta & Meta.HOLDS) !== 0) return this.request(frame, this.forgetting(frame, outcome), meta, limits);
      const form = cache.usable && !isSpecial(limits) ? cache.formOf(outcome, meta | this.gate.bits(limits)) : null;
      const id = form === null || kindOf(frame) !== Kind.READ ? null : cache.idOf(frame);
      if (form === null || id === null) return this.request(frame, outcome, meta, limits);
      const found = cache.find(form, id);
      if (found === undefined) return this.fetch(form, id, frame, outcome, meta, limits);
      if (found.filled) {
        cache.hits++;
        return Promise.resolve(copyOf(found.value));
      }
      // Whoever has limits of his own waits for a reply of his own.
      if (found.promise === null || isLimited(limits)) return this.request(frame, outcome, meta, limits);
      cache.hits++;
      found.shared = true;
      // Not of the promise's value, which whoever asked first may have changed by now.
      return found.promise.then(() => copyOf(found.filled ? found.value : found.unkept));
    }

    /**
     * Asks the server, and keeps the reply if it can be kept.
     * @param {import("./store.js").Form} form
     * @param {string} id
     * @param {Frame} frame
     * @param {Outcome} outcome
     * @param {number} meta
     * @param {Limits | null} limits
     */
    fetch(form, id, frame, outcome, meta, limits) {
      const { cache } = this;
      const entry = cache.reserve(form, id, this.gate.asSent(frame));
      if (entry === null) return this.request(frame, outcome, meta, limits);
      const keeping = {
        ...outcome,
        convert: (/** @type {any} */ reply) => {
          const value = outcome.convert === null ? reply : outcome.convert(reply);
          cache.fill(entry, value);
          if (entry.shared && !entry.filled) entry.unkept = copyOf(value);
          return value;
        },
      };
      const promise = this.request(frame, keeping, meta, limits).catch((error) => {
        cache.store.drop(entry);
        throw error;
      });
      if (!entry.filled && !isLimited(limits)) entry.promise = promise;
      return promise;
    }

    /**
     * @param {Frame} frame
     * @param {Outcome} outcome
     * @param {number} meta
     * @param {Limits | null} limits
     */
    request(frame, outcome, meta, limits) {
      return limits === null ? super.issue(frame, outcome, meta) : super.issueWithin(frame, outcome, meta, limits);
    }

    /**
     * For a command that waits, perhaps on another connection: its keys change when it is answered, not when it goes out.
     * @param {Frame} frame
     * @param {Outcome} outcome
     * @returns {Outcome}
     */
    forgetting(frame, outcome) {
      if (kindOf(frame) !== Kind.WRITE) return outcome;
      const convert = (/** @type {any} */ reply) => {
        this.cache.written(this.gate.asSent(frame));
        return outcome.convert === null ? reply : outcome.convert(reply);
      };
      return { ...outcome, convert };
    }

    /** @type {Connection["enter"]} */
    enter(state, error) {
      if (state === "connected") this.cache.connected();
      else if (this.connected || state === "closed") this.cache.clear();
      super.enter(state, error);
    }

    /** @type {Connection["onEvent"]} */
    onEvent(kind, argument) {
      if (kind === LaneEvent.TrackingLost) this.cache.clear();
      else if (kind === LaneEvent.Push && `${argument?.[0]}` === "invalidate") this.cache.invalidated(argument[1]);
      else super.onEvent(kind, argument);
    }
  };
}

/** Tells the cache of all that goes out. */
class WatchedOutgoing extends Outgoing {
  /** @param {ClientCache} cache */
  constructor(cache) {
    super();
    this.cache = cache;
  }

  /** @type {Outgoing["add"]} */
  add(frame, id, meta) {
    this.cache.sent(frame);
    super.add(frame, id, meta);
  }
}

/**
 * Whether a view asks for more than another form of reply, such as that of one node.
 * @param {Limits | null} limits
 */
function isSpecial(limits) {
  return limits !== null && (limits.set & ~FORM_BITS) !== 0;
}

/** @param {Limits | null} limits */
function isLimited(limits) {
  return limits !== null && (limits.signal !== null || limits.timeout !== undefined);
}

module.exports = { cached };
