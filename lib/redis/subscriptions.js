"use strict";
/**
 * The subscriptions of one connection: who listens to what, which were confirmed, and how they are
 * made again after the connection was lost.
 */
const { Callback } = require("./context.js");

/** The commands of a kind of subscription, and the first word of its messages. */
const CHANNEL = { subscribe: "SUBSCRIBE", unsubscribe: "UNSUBSCRIBE", message: "message", names: "channels" };
const PATTERN = { subscribe: "PSUBSCRIBE", unsubscribe: "PUNSUBSCRIBE", message: "pmessage", names: "patterns" };
const SHARD = { subscribe: "SSUBSCRIBE", unsubscribe: "SUNSUBSCRIBE", message: "smessage", names: "shardChannels" };
const FAMILIES = [CHANNEL, PATTERN, SHARD];

/**
 * @typedef {typeof CHANNEL} Family
 * @typedef {import("./encode.js").Argument} Argument
 * @typedef {(message: any, channel: string, pattern?: string) => unknown} Listener
 * @typedef {import("./types.js").RedisGap} Gap
 *
 * @typedef {object} Recipient one registration of a listener
 * @property {Callback} callback
 * @property {boolean} buffer whether it wants messages as bytes
 * @property {Callback | null} ongap
 *
 * @typedef {object} Subscription what is subscribed to by one name
 * @property {Argument} name as it is sent
 * @property {Recipient[]} recipients
 * @property {boolean} confirmed whether the server has ever said yes
 *
 * @typedef {object} Link what the registry needs of its connection
 * @property {() => boolean} connected
 * @property {(command: string, names: Argument[]) => Promise<unknown>} subscribe
 * @property {(wanted: boolean) => void} wantBytes
 * @property {(gap: Gap) => boolean} onGap returns whether somebody was told
 */

class Subscriptions {
  /** @param {Link} link */
  constructor(link) {
    this.link = link;
    /** @type {Map<Family, Map<string, Subscription>>} */
    this.families = new Map(FAMILIES.map((family) => [family, new Map()]));
    /** How many recipients want bytes. */
    this.buffered = 0;
    /** When messages began to be missed, in milliseconds of `performance.now()`. @type {number | null} */
    this.lostAt = null;
    /** Counts attempts to subscribe again: only the latest one tells of the gap. */
    this.round = 0;
  }

  /** @param {Family} family */
  of(family) {
    return /** @type {Map<string, Subscription>} */ (this.families.get(family));
  }

  /** How many names have listeners. */
  get size() {
    let size = 0;
    for (const names of this.families.values()) size += names.size;
    return size;
  }

  /**
   * Adds a listener to each name. Returns what to do when the server has confirmed or refused.
   * @param {Family} family
   * @param {Argument[]} names
   * @param {Listener} listener
   * @param {{ buffer: boolean, ongap: ((gap: Gap) => unknown) | null }} options
   */
  add(family, names, listener, { buffer, ongap }) {
    const of = this.of(family);
    /** @type {Recipient} */
    const recipient = {
      callback: new Callback(listener),
      buffer,
      ongap: ongap === null ? null : new Callback(ongap),
    };
    const added = names.map((name) => {
      const key = text(name);
      let subscription = of.get(key);
      if (subscription === undefined) {
        subscription = { name, recipients: [], confirmed: false };
        of.set(key, subscription);
      }
      subscription.recipients.push(recipient);
      this.count(recipient, 1);
      return subscription;
    });
    return {
      confirmed: () => {
        for (const subscription of added) subscription.confirmed = true;
      },
      /** Returns the names that nobody listens to any more. */
      refused: () => {
        for (const subscription of added) this.keep(family, subscription, withoutOne(subscription.recipients, recipient));
        return added.filter(({ name }) => !of.has(text(name))).map(({ name }) => name);
      },
    };
  }

  /**
   * Removes all registrations of a listener. Returns whether it was the last one of the name, so
   * that the server must be told.
   * @param {Family} family
   * @param {string} name
   * @param {Listener} listener
   */
  removeListener(family, name, listener) {
    const subscription = this.of(family).get(name);
    if (subscription === undefined) return false;
    const left = subscription.recipients.filter(({ callback }) => callback.run !== listener);
    if (left.length === subscription.recipients.length) return false;
    this.keep(family, subscription, left);
    return left.length === 0;
  }

  /**
   * Removes names with all their listeners.
   * @param {Family} family
   * @param {Argument[] | null} names `null` for all
   */
  remove(family, names) {
    const of = this.of(family);
    for (const key of names === null ? [...of.keys()] : names.map(text)) {
      const subscription = of.get(key);
      if (subscription !== undefined) this.keep(family, subscription, []);
    }
  }

  /**
   * @param {Family} family
   * @param {Subscription} subscription
   * @param {Recipient[]} left
   */
  keep(family, subscription, left) {
    for (const recipient of subscription.recipients) this.count(recipient, -1);
    for (const recipient of left) this.count(recipient, 1);
    subscription.recipients = left;
    const [of, key] = [this.of(family), text(subscription.name)];
    if (left.length === 0 && of.get(key) === subscription) of.delete(key);
  }

  /**
   * @param {Recipient} recipient
   * @param {1 | -1} change
   */
  count({ buffer }, change) {
    if (!buffer) return;
    const before = this.buffered > 0;
    this.buffered += change;
    if (this.buffered > 0 !== before) this.link.wantBytes(this.buffered > 0);
  }

  /**
   * Delivers a message to its listeners; other pushes are none of ours.
   * @param {unknown[]} push
   */
  deliver(push) {
    const kind = text(push[0]);
    const family = FAMILIES.find(({ message }) => message === kind);
    if (family === undefined) {
      if (kind === "sunsubscribe") this.endedByServer(text(push[1]));
      return;
    }
    const name = text(push[1]);
    const subscription = this.of(family).get(name);
    if (subscription === undefined) return;
    const [channel, payload] = family === PATTERN ? [text(push[2]), push[3]] : [name, push[2]];
    const pattern = family === PATTERN ? [name] : [];
    // The list is replaced, never changed, while a listener unsubscribes.
    for (const { callback, buffer } of subscription.recipients) {
      callback.call(undefined, buffer ? bytes(payload) : text(payload), channel, ...pattern);
    }
  }

  /**
   * A shard's slot has moved: ask again, here or wherever the connection leads now.
   * @param {string} name
   */
  endedByServer(name) {
    if (!this.of(SHARD).get(name)?.confirmed) return;
    this.lost();
    void this.restore([name]);
  }

  /** The connection is gone: from now on messages are missed. */
  lost() {
    if ([...this.families.values()].some((names) => [...names.values()].some(isConfirmed))) {
      this.lostAt ??= performance.now();
    }
  }

  /**
   * The server forgets subscriptions with the connection: makes them again, then tells users of
   * the gap. Those that were never confirmed are on their way already.
   * @param {string[]} [shards] only these shard channels
   */
  async restore(shards) {
    const round = ++this.round;
    /** @type {Promise<unknown>[]} */
    const commands = [];
    const restored = FAMILIES.map((family) => {
      const again = [...this.of(family)].filter(([, subscription]) => subscription.confirmed);
      const wanted = shards === undefined ? again : again.filter(([key]) => family === SHARD && shards.includes(key));
      const names = wanted.map(([, { name }]) => name);
      // Channels of different slots are refused together.
      const batches = family === SHARD ? names.map((name) => [name]) : names.length > 0 ? [names] : [];
      commands.push(...batches.map((batch) => this.link.subscribe(family.subscribe, batch)));
      return { family, keys: wanted.map(([key]) => key) };
    });
    if (commands.length === 0) return;
    const results = await Promise.allSettled(commands);
    // Lost once more: the next attempt tells of both.
    if (round !== this.round || !this.link.connected() || this.lostAt === null) return;
    const failed = results.find((result) => result.status === "rejected");
    const milliseconds = Math.round(performance.now() - this.lostAt);
    this.lostAt = null;
    this.tell(restored, milliseconds, failed === undefined ? null : failed.reason);
  }

  /**
   * @param {{ family: Family, keys: string[] }[]} restored
   * @param {number} milliseconds
   * @param {Error | null} error
   */
  tell(restored, milliseconds, error) {
    /** @type {Gap} */
    const gap = { channels: [], patterns: [], shardChannels: [], milliseconds, error };
    /** @type {Set<Callback>} */
    const callbacks = new Set();
    for (const { family, keys } of restored) {
      const left = keys.filter((key) => this.of(family).has(key));
      gap[/** @type {"channels"} */ (family.names)] = left;
      for (const { ongap } of left.flatMap((key) => this.of(family).get(key)?.recipients ?? [])) {
        if (ongap !== null) callbacks.add(ongap);
      }
    }
    for (const callback of callbacks) callback.call(undefined, gap);
    const told = this.link.onGap(gap) || callbacks.size > 0;
    if (error !== null && !told) {
      process.emitWarning(`could not subscribe again after a reconnect: ${error.message}`, "RedisWarning");
    }
  }
}

/** @param {Subscription} subscription */
function isConfirmed({ confirmed }) {
  return confirmed;
}

/**
 * @template T
 * @param {T[]} list
 * @param {T} item
 */
function withoutOne(list, item) {
  const at = list.lastIndexOf(item);
  return at === -1 ? list : [...list.slice(0, at), ...list.slice(at + 1)];
}

/**
 * A name or payload as text.
 * @param {unknown} value
 */
function text(value) {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length).toString() : `${value}`;
}

/**
 * A payload as bytes.
 * @param {unknown} value
 */
function bytes(value) {
  return value instanceof Uint8Array ? value : Buffer.from(`${value}`);
}

module.exports = { Subscriptions, CHANNEL, PATTERN, SHARD };
