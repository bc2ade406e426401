"use strict";
/** The commands of a consumer of a group, and their replies. */
const { encode } = require("../encode.js");
const { RedisError } = require("../errors.js");
const { metaOf } = require("../meta.js");
const { PLAIN } = require("../outcomes.js");
const { nameOf } = require("./options.js");

/**
 * @typedef {import("../encode.js").Argument} Argument
 * @typedef {Pick<import("../sender.js").Sender, "issue" | "closed">} Issuer
 *
 * @typedef {object} Entry
 * @property {string} id
 * @property {any[] | null} values fields and values, `null` for an entry that was deleted
 */

/** One consumer of one group, which may read several streams. */
class Group {
  /**
   * @param {Issuer} issuer
   * @param {Argument[]} streams
   * @param {import("./options.js").Options} options
   * @param {Argument[]} sent the streams with the client's prefix, as replies name them
   */
  constructor(issuer, streams, options, sent) {
    this.issuer = issuer;
    this.streams = streams;
    this.options = options;
    this.names = sent.map(nameOf);
  }

  /** Whether the client was closed, or has failed for good. */
  get closed() {
    return this.issuer.closed === true;
  }

  /**
   * @param {string} command
   * @param {Argument[]} args
   * @param {Issuer} [issuer]
   */
  send(command, args, issuer = this.issuer) {
    return issuer.issue(encode(command, args), PLAIN, metaOf(command));
  }

  /** Makes the group, and the streams, where there are none. */
  async create() {
    const { group, start } = this.options;
    const made = this.streams.map((stream) => this.send("XGROUP", ["CREATE", stream, group, start, "MKSTREAM"]));
    for (const result of await Promise.allSettled(made)) {
      if (result.status === "rejected" && !result.reason?.message?.startsWith("BUSYGROUP")) throw result.reason;
    }
  }

  /**
   * Entries that nobody has got yet, of each stream.
   * @param {Issuer} issuer what may wait
   * @param {number} block in milliseconds
   * @returns {Promise<Entry[][]>}
   */
  async readNew(issuer, block) {
    const ids = this.streams.map(() => ">");
    const reply = await this.send("XREADGROUP", this.read(["BLOCK", String(block)], this.streams, ids), issuer);
    return this.byStream(reply);
  }

  /**
   * Entries of a stream that this consumer has got and not acknowledged.
   * @param {Argument} stream
   * @param {string} after the last one that is known
   * @returns {Promise<Entry[]>}
   */
  async readPending(stream, after) {
    const reply = await this.send("XREADGROUP", this.read([], [stream], [after]));
    return entriesOf(onlyOne(reply));
  }

  /**
   * @param {string[]} how
   * @param {Argument[]} streams
   * @param {string[]} ids
   */
  read(how, streams, ids) {
    const { group, consumer, count } = this.options;
    return ["GROUP", group, consumer, "COUNT", String(count), ...how, "STREAMS", ...streams, ...ids];
  }

  /**
   * Takes over entries that some consumer has had for too long.
   * @param {Argument} stream
   * @param {string} cursor
   */
  async claim(stream, cursor) {
    const { group, consumer, minIdle, count } = this.options;
    const args = [stream, group, consumer, String(minIdle), cursor, "COUNT", String(count)];
    const reply = await this.send("XAUTOCLAIM", args);
    if (!Array.isArray(reply)) throw unexpected("XAUTOCLAIM");
    return { cursor: `${reply[0]}`, entries: entriesOf(reply[1]) };
  }

  /**
   * How often each entry was delivered.
   * @param {Argument} stream
   * @param {Entry[]} entries which this consumer has
   * @returns {Promise<number[]>}
   */
  deliveries(stream, entries) {
    return Promise.all(
      entries.map(async ({ id }) => {
        const reply = await this.send("XPENDING", [stream, this.options.group, id, id, "1"]);
        return Array.isArray(reply) && Array.isArray(reply[0]) ? Number(reply[0][3]) : 1;
      }),
    );
  }

  /**
   * @param {Argument} stream
   * @param {string} id
   * @returns {Promise<boolean>} whether it was pending
   */
  async acknowledge(stream, id) {
    return (await this.send("XACK", [stream, this.options.group, id])) === 1;
  }

  /**
   * @param {any} reply an object or, from a server that speaks RESP2, pairs; `null` for nothing
   * @returns {Entry[][]}
   */
  byStream(reply) {
    if (this.streams.length === 1) return [entriesOf(onlyOne(reply))];
    const found = new Map(pairsOf(reply).map(([name, entries]) => [`${name}`, entries]));
    return this.names.map((name) => entriesOf(found.get(name) ?? []));
  }
}

/** @param {any} reply */
function pairsOf(reply) {
  if (reply === null) return [];
  if (Array.isArray(reply)) return /** @type {[any, any][]} */ (reply);
  if (typeof reply === "object") return Object.entries(reply);
  throw unexpected("XREADGROUP");
}

/** @param {any} reply */
function onlyOne(reply) {
  return pairsOf(reply)[0]?.[1] ?? [];
}

/**
 * @param {any} list
 * @returns {Entry[]}
 */
function entriesOf(list) {
  if (!Array.isArray(list)) throw unexpected("The stream");
  // Servers before 7.0 give nothing for an entry that was claimed and is gone.
  const entries = list.filter((entry) => entry !== null);
  if (!entries.every((entry) => Array.isArray(entry) && (entry[1] === null || Array.isArray(entry[1])))) {
    throw unexpected("The stream");
  }
  return entries.map(([id, values]) => ({ id: `${id}`, values }));
}

/** @param {string} what */
function unexpected(what) {
  return new RedisError("ERR_REDIS_INVALID_RESPONSE", `${what} was not answered with entries`);
}

module.exports = { Group };
