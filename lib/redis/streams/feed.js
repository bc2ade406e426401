"use strict";
/**
 * Where a consumer's messages come from, in this order: what it had got before and not acknowledged, what others have had
 * for too long, and what is new. Nothing is asked for before it is wanted.
 */
const { nameOf } = require("./options.js");
const { Patience } = require("./patience.js");

const FIRST_ID = "0";
const NO_CURSOR = "0-0";
/** How often in a row a group may be gone as soon as it was made. */
const MAX_MISSED = 5;

/**
 * @typedef {import("../encode.js").Argument} Argument
 * @typedef {import("./group.js").Entry} Entry
 * @typedef {import("./group.js").Group} Group
 * @typedef {import("./message.js").Unacknowledged} Unacknowledged
 * @typedef {ReturnType<Unacknowledged["add"]>} Message
 *
 * @typedef {object} Stream
 * @property {Argument} key
 * @property {string} name
 * @property {string | null} pendingAfter up to where the own pending entries are read; `null` when all are
 * @property {string} cursor where to claim next
 * @property {number} claimAt when to claim next, in milliseconds of `performance.now()`
 */

class Feed {
  /**
   * @param {Group} group
   * @param {Unacknowledged} unacknowledged
   * @param {import("./group.js").Issuer} reader what waits for entries
   * @param {AbortSignal} stop
   */
  constructor(group, unacknowledged, reader, stop) {
    this.group = group;
    this.unacknowledged = unacknowledged;
    this.reader = reader;
    this.stop = stop;
    /** @type {Stream[]} */
    this.streams = group.streams.map((key) => ({
      key,
      name: nameOf(key),
      pendingAfter: FIRST_ID,
      cursor: NO_CURSOR,
      claimAt: group.options.minIdle === Infinity ? Infinity : 0,
    }));
  }

  /** @returns {AsyncGenerator<Message, void, undefined>} */
  async *messages() {
    const patience = new Patience(() => this.group.closed);
    let made = false;
    let missed = 0;
    while (!this.stop.aborted) {
      let batch;
      try {
        if (!made) await this.group.create();
        made = true;
        batch = await this.nextBatch();
        patience.succeeded();
        missed = 0;
      } catch (error) {
        if (this.stop.aborted) return;
        if (isGroupMissing(error)) {
          if (++missed > MAX_MISSED) throw error;
          made = false;
        } else {
          await patience.failed(error, this.stop);
        }
        // What was on its way may be pending now.
        for (const stream of this.streams) stream.pendingAfter = FIRST_ID;
        continue;
      }
      for (const message of batch) {
        if (this.stop.aborted) return;
        yield message;
      }
    }
  }

  /** @returns {Promise<Message[]>} */
  async nextBatch() {
    for (const stream of this.streams) {
      if (stream.pendingAfter !== null) return this.pending(stream, stream.pendingAfter);
    }
    const now = performance.now();
    for (const stream of this.streams) {
      if (stream.claimAt <= now) return this.claimed(stream);
    }
    const { block } = this.group.options;
    const claimAt = Math.min(...this.streams.map((stream) => stream.claimAt));
    const wait = Math.max(1, Math.min(block, Math.ceil(claimAt - now)));
    const found = await this.group.readNew(this.reader, wait);
    return this.streams.flatMap((stream, index) => this.added(stream, found[index] ?? []));
  }

  /**
   * @param {Stream} stream
   * @param {string} after
   */
  async pending(stream, after) {
    const entries = await this.group.readPending(stream.key, after);
    stream.pendingAfter = entries.at(-1)?.id ?? null;
    // What is being worked on is no news.
    return this.again(stream, entries.filter(({ id }) => !this.unacknowledged.has(stream.name, id)));
  }

  /** @param {Stream} stream */
  async claimed(stream) {
    const { cursor, entries } = await this.group.claim(stream.key, stream.cursor);
    stream.cursor = cursor;
    if (cursor === NO_CURSOR) stream.claimAt = performance.now() + this.group.options.minIdle;
    return this.again(stream, entries);
  }

  /**
   * Entries that were delivered before. Those that were deleted since, or delivered too often, are acknowledged.
   * @param {Stream} stream
   * @param {Entry[]} entries
   */
  async again(stream, entries) {
    const { maxDeliveries, onDeadLetter } = this.group.options;
    const [left, deleted] = [entries.filter(({ values }) => values !== null), entries.filter(({ values }) => values === null)];
    await Promise.all(deleted.map(({ id }) => this.group.acknowledge(stream.key, id)));
    const deliveries = await this.group.deliveries(stream.key, left);
    const known = left.map((entry, index) => ({ entry, count: /** @type {number} */ (deliveries[index]) }));
    const message = (/** @type {typeof known[0]} */ { entry, count }) => {
      return this.unacknowledged.add(stream.key, stream.name, entry, count);
    };
    for (const dead of known.filter(({ count }) => count > maxDeliveries)) {
      const letter = message(dead);
      try {
        await onDeadLetter?.(letter);
        await letter.ack();
      } catch (error) {
        this.unacknowledged.forget(letter);
        throw error;
      }
    }
    return known.filter(({ count }) => count <= maxDeliveries).map(message);
  }

  /**
   * @param {Stream} stream
   * @param {Entry[]} entries
   */
  added(stream, entries) {
    return entries.map((entry) => this.unacknowledged.add(stream.key, stream.name, entry, 1));
  }
}

/**
 * Whether the stream or the group is gone, also from under a read that waits.
 * @param {any} error
 */
function isGroupMissing(error) {
  return /^(NOGROUP|UNBLOCKED)\b/.test(error?.message);
}

module.exports = { Feed };
