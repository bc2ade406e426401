"use strict";
/** Replies by command, found again by the keys that they depend on, within a number of bytes. */

/** What an entry costs beside its reply, in bytes, roughly. */
const ENTRY_BYTES = 300;

/**
 * Entries by the command that they are the replies to. Replies to the same command may have several forms.
 * @typedef {Map<string, Entry>} Form
 */

/** A reply, or the place for one that is on its way. */
class Entry {
  /**
   * @param {Form} form
   * @param {string} id
   * @param {string[]} keys which the reply depends on
   */
  constructor(form, id, keys) {
    this.form = form;
    this.id = id;
    this.keys = keys;
    /** Whether it was wanted since there was a look at it. */
    this.used = false;
    /** Whether the reply is there. */
    this.filled = false;
    /** Whether it must not be used, now or when it comes. */
    this.dropped = false;
    /** @type {any} */
    this.value = undefined;
    /** For those who want the reply that is on its way. @type {Promise<any> | null} */
    this.promise = null;
    /** Whether there are any. */
    this.shared = false;
    /** What they copy of a reply that came and could not be kept. @type {any} */
    this.unkept = undefined;
    this.bytes = ENTRY_BYTES + 2 * id.length;
    /** In milliseconds of `performance.now()`. */
    this.expires = Infinity;
  }
}

class Store {
  /** @param {number} maxBytes */
  constructor(maxBytes) {
    this.maxBytes = maxBytes;
    this.bytes = 0;
    this.evictions = 0;
    /** In the order in which they were made, or looked at while they were in use. @type {Set<Entry>} */
    this.entries = new Set();
    /** @type {Map<string, Set<Entry>>} */
    this.byKey = new Map();
  }

  /** @param {Entry} entry that its form does not have */
  add(entry) {
    entry.form.set(entry.id, entry);
    this.entries.add(entry);
    this.bytes += entry.bytes;
    for (const key of entry.keys) {
      const others = this.byKey.get(key);
      if (others === undefined) this.byKey.set(key, new Set([entry]));
      else others.add(entry);
    }
    this.shrink();
  }

  /**
   * The reply of an entry has come.
   * @param {Entry} entry that was not dropped
   * @param {any} value
   * @param {number} bytes
   * @param {number} expires
   */
  fill(entry, value, bytes, expires) {
    if (entry.bytes + bytes > this.maxBytes) return this.drop(entry);
    entry.filled = true;
    entry.value = value;
    entry.promise = null;
    entry.expires = expires;
    entry.bytes += bytes;
    this.bytes += bytes;
    this.shrink();
  }

  /** Makes room at the expense of what was not used for the longest time, but for what was used since the last look. */
  shrink() {
    // What is looked at and stays comes last, and is not in use any more when it is its turn again.
    for (const entry of this.entries) {
      if (this.bytes <= this.maxBytes) return;
      if (entry.used) {
        entry.used = false;
        this.entries.delete(entry);
        this.entries.add(entry);
      } else {
        this.drop(entry);
        this.evictions++;
      }
    }
  }

  /** @param {Entry} entry */
  drop(entry) {
    if (entry.dropped) return;
    entry.dropped = true;
    entry.form.delete(entry.id);
    this.entries.delete(entry);
    this.bytes -= entry.bytes;
    for (const key of entry.keys) {
      const others = this.byKey.get(key);
      if (others === undefined) continue;
      others.delete(entry);
      if (others.size === 0) this.byKey.delete(key);
    }
  }

  /**
   * A key has changed.
   * @param {string} key
   * @returns {number} how many replies were dropped
   */
  invalidate(key) {
    const entries = this.byKey.get(key);
    if (entries === undefined) return 0;
    const { size } = entries;
    for (const entry of [...entries]) this.drop(entry);
    return size;
  }

  /** @returns {number} how many replies were dropped */
  clear() {
    const { size } = this.entries;
    for (const entry of this.entries) {
      entry.dropped = true;
      entry.form.delete(entry.id);
    }
    this.entries.clear();
    this.byKey.clear();
    this.bytes = 0;
    return size;
  }
}

module.exports = { Entry, Store };
