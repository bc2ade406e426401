"use strict";
/**
 * Replies of one connection, kept until the server tells that a key has changed.
 *
 * What keeps them right: replies and invalidations come in the order in which the server has sent them, and each is taken
 * in as soon as it is read. A place for the reply is made when the command is issued. Whatever may have changed the reply,
 * be it told by the server, written by this client or lost with the connection, takes the place away, and the reply is
 * handed over and not kept.
 */
const { decode } = require("../frame.js");
const { Meta } = require("../meta.js");
const { keyPositions } = require("../prefix.js");
const { BOOLEAN, PLAIN } = require("../outcomes.js");
const { Kind, kindOf } = require("./kinds.js");
const { startsWith } = require("./options.js");
const { RedisCache } = require("./public.js");
const { Entry, Store } = require("./store.js");
const { keep, sizeOf } = require("./values.js");

const SURROGATE = /[\ud800-\udfff]/;
/** Bits of the meta word on which the form of a reply depends. */
const FORM_BITS = Meta.BYTES | Meta.EXACT;
const TRACKING = /^CLIENT TRACKING /i;
/** Arguments that are longer than this, in bytes or characters, make no good name of an entry. */
const LONGEST_PIECE = 1024;
/** Likewise a whole command that is text, in characters. */
const LONGEST_FRAME = 16 * 1024;

/**
 * @typedef {import("../encode.js").Argument} Argument
 * @typedef {import("../frame.js").Frame} Frame
 * @typedef {import("./store.js").Form} Form
 */

class ClientCache {
  /** @param {import("./options.js").CacheOptions} options */
  constructor({ maxBytes, ttl, prefixes }) {
    this.store = new Store(maxBytes);
    this.ttl = ttl;
    this.prefixes = prefixes ?? null;
    /** Entries by the meta bits that a reply depends on, of replies as they come and of those that are truth values. */
    this.forms = {
      plain: Array.from({ length: FORM_BITS + 1 }, () => /** @type {Form} */ (new Map())),
      boolean: Array.from({ length: FORM_BITS + 1 }, () => /** @type {Form} */ (new Map())),
    };
    /** Whether the server tells of changes. */
    this.tracked = true;
    /** Whether reads are part of a transaction. */
    this.exact = false;
    this.hits = 0;
    this.misses = 0;
    this.invalidations = 0;
    this.expirations = 0;
    /** What users get. */
    this.public = new RedisCache(this);
  }

  /** Whether replies may come from here. */
  get usable() {
    return this.tracked && !this.exact;
  }

  /**
   * The entries of replies of one form; `null` if a reply is changed in a way that is not known here.
   * @param {import("../outcomes.js").Outcome} outcome
   * @param {number} bits of the meta word
   */
  formOf(outcome, bits) {
    const forms = outcome === PLAIN ? this.forms.plain : outcome === BOOLEAN ? this.forms.boolean : null;
    return forms === null ? null : /** @type {Form} */ (forms[bits & FORM_BITS]);
  }

  /**
   * What names the reply to a command among those of its form; `null` for one that is too long.
   * @param {Frame} frame
   * @returns {string | null}
   */
  idOf(frame) {
    if (typeof frame === "string") return frame.length > LONGEST_FRAME ? null : frame;
    let id = "binary";
    for (const piece of frame) {
      if (typeof piece !== "string" && !(piece instanceof Uint8Array)) return null;
      if (piece.length > LONGEST_PIECE) return null;
      id += typeof piece === "string" ? piece : Buffer.from(piece).toString("latin1");
    }
    return id;
  }

  /**
   * The entry of a reply that is here or on its way.
   * @param {Form} form
   * @param {string} id
   */
  find(form, id) {
    const entry = form.get(id);
    if (entry === undefined) return undefined;
    if (entry.expires !== Infinity && performance.now() >= entry.expires) {
      this.store.drop(entry);
      this.expirations++;
      return undefined;
    }
    entry.used = true;
    return entry;
  }

  /**
   * Makes a place for the reply to a read, unless the server would not tell of changes.
   * @param {Form} form which has no entry of this id
   * @param {string} id
   * @param {Frame} frame as it is sent
   */
  reserve(form, id, frame) {
    const keys = keysOf(frame);
    if (keys.length === 0 || !keys.every((key) => this.isTold(key))) return null;
    const entry = new Entry(form, id, [...new Set(keys.map(text))]);
    this.store.add(entry);
    this.misses++;
    return entry;
  }

  /** @param {Argument} key */
  isTold(key) {
    return this.prefixes === null || this.prefixes.some((prefix) => startsWith(Buffer.from(key), prefix));
  }

  /**
   * Takes in a reply, at the moment when it is read.
   * @param {Entry} entry
   * @param {any} value
   */
  fill(entry, value) {
    if (entry.dropped) return;
    const expires = this.ttl === Infinity ? Infinity : performance.now() + this.ttl;
    this.store.fill(entry, keep(value), sizeOf(value), expires);
  }

  /**
   * A command goes out, behind all those that went before.
   * @param {Frame} frame as it is sent
   */
  sent(frame) {
    switch (kindOf(frame)) {
      case Kind.CLIENT:
        if (TRACKING.test(decode(frame).join(" "))) this.untrack();
        break;
      case Kind.WRITE:
        this.written(frame);
        break;
      case Kind.OTHER_DATA:
        this.clear();
        break;
      case Kind.UNTRACKED:
        this.untrack();
        break;
      case Kind.BEGIN:
        this.exact = true;
        break;
      case Kind.END:
        this.exact = false;
        break;
    }
  }

  /**
   * Forgets what a command may change.
   * @param {Frame} frame as it is sent
   */
  written(frame) {
    if (this.store.entries.size === 0) return;
    const keys = keysOf(frame);
    if (keys.length === 0) this.clear();
    for (const key of keys) this.store.invalidate(text(key));
  }

  /**
   * The server tells of changes.
   * @param {unknown} keys `null` for all
   */
  invalidated(keys) {
    if (!Array.isArray(keys)) {
      this.invalidations += this.clear();
      return;
    }
    for (const key of keys) this.invalidations += this.store.invalidate(text(key));
  }

  /**
   * Watches what the client writes on another of its connections.
   * @param {import("../connection.js").Connection} connection
   */
  follow(connection) {
    const { OutgoingElsewhere } = require("./elsewhere.js");
    connection.outgoing = new OutgoingElsewhere(this);
  }

  /** A connection was made, on which the server tells of changes. */
  connected() {
    this.tracked = true;
    this.exact = false;
  }

  untrack() {
    this.clear();
    this.tracked = false;
  }

  clear() {
    return this.store.clear();
  }
}

/** @param {Frame} frame */
function keysOf(frame) {
  const args = decode(frame);
  return keyPositions(args).map((at) => /** @type {Argument} */ (args[at]));
}

/**
 * A key as the server's invalidations show it: different keys may look the same, and are forgotten together.
 * @param {Argument} key
 */
function text(key) {
  return typeof key === "string" && !SURROGATE.test(key) ? key : Buffer.from(key).toString();
}

module.exports = { ClientCache, FORM_BITS };
