"use strict";
/** One run of a transaction: MULTI, the commands and EXEC as one batch, and what is made of the replies. */
const { abandon, register } = require("../../port.js");
const { encode } = require("../encode.js");
const { RedisError } = require("../errors.js");
const { giveUp } = require("../group.js");
const { Meta, metaOf } = require("../meta.js");
const { PLAIN } = require("../outcomes.js");
const { onAbort } = require("../signals.js");
const { submitTogether } = require("./submission.js");
const { RedisBatchError, RedisWatchError, tell } = require("./errors.js");

const MULTI = encode("MULTI", []);
const EXEC = encode("EXEC", []);

/**
 * @typedef {import("./queue.js").Queue} Queue
 * @typedef {import("../frame.js").Frame} Frame
 */

/**
 * Resolves with the replies in order; the errors of commands are among them.
 * @param {Queue} queue
 * @returns {Promise<unknown[]>}
 */
function execute(queue) {
  const { origin } = queue;
  const limits = origin.limits;
  const connection = origin.connection();
  if (!connection.scheduled) connection.beginTurn();
  const frames = [MULTI, ...queue.frames, EXEC];
  const summary = { name: "MULTI", count: 0, commandCount: queue.frames.length };
  return connection.gate.issueTogether(summary, frames, limits, (frames, bits, group) => {
    return new Promise((resolve, reject) => {
      const run = new Run(queue, (bits & Meta.BYTES) !== 0, resolve, reject);
      const ids = run.register(group, limits === null ? null : limits.signal);
      submitTogether(connection, frames, ids, metasOf(queue, bits));
    });
  });
}

/** How strings and integers of replies are wanted. */
const FORM = Meta.BYTES | Meta.EXACT;

/**
 * The meta words of the batch. Inside a transaction nothing blocks, and only EXEC answers with replies.
 * @param {Queue} queue
 * @param {number} bits those that every command has
 */
function metasOf({ metas }, bits) {
  const common = bits & ~FORM;
  let form = bits & FORM;
  const words = [metaOf("MULTI") | common];
  for (const meta of metas) {
    form |= meta & FORM;
    words.push((meta & ~(FORM | Meta.HOLDS)) | common);
  }
  words.push(metaOf("EXEC") | common | form);
  return words;
}

class Run {
  /**
   * @param {Queue} queue
   * @param {boolean} bytes whether every command's strings are wanted as bytes
   * @param {(replies: unknown[]) => void} resolve
   * @param {(error: any) => void} reject
   */
  constructor(queue, bytes, resolve, reject) {
    this.queue = queue;
    this.bytes = bytes;
    this.resolve = resolve;
    this.reject = reject;
    /** The calls of MULTI and the commands; those before `answered` are over. @type {number[]} */
    this.ids = [];
    this.answered = 0;
    /** What the server said instead of QUEUED. @type {Error[]} */
    this.errors = [];
    /** Why MULTI was refused. @type {Error | null} */
    this.unprotected = null;
  }

  /**
   * Registers the calls. The deadline and the signal are those of EXEC, which stands for all.
   * @param {object} group
   * @param {AbortSignal | null} signal
   */
  register(group, signal) {
    const queued = () => {
      this.answered++;
    };
    const refused = (/** @type {Error} */ error) => this.refused(error);
    for (let left = this.queue.frames.length + 1; left > 0; left--) {
      this.ids.push(register(queued, refused, PLAIN, null));
    }
    let settled = () => {};
    const exec = register(
      (replies) => {
        settled();
        this.resolve(replies);
      },
      (error) => {
        settled();
        this.failed(error);
      },
      { ...PLAIN, convert: (reply) => this.executed(reply) },
      group,
    );
    if (signal !== null) settled = onAbort(signal, (reason) => giveUp(exec, reason));
    return [...this.ids, exec];
  }

  /** @param {Error} error */
  refused(error) {
    const index = this.answered++ - 1;
    if (!isOfServer(error)) return;
    if (index === -1) this.unprotected = error;
    else this.errors.push(tell(this.explained(error), index, /** @type {Frame} */ (this.queue.frames[index])));
  }

  /**
   * Makes the replies of EXEC's, or throws.
   * @param {any} reply
   */
  executed(reply) {
    const { frames, metas, outcomes } = this.queue;
    if (this.unprotected !== null) throw this.unprotected;
    if (reply === null) throw new RedisWatchError("A watched key was changed: nothing was executed");
    if (!Array.isArray(reply) || reply.length !== frames.length) {
      const message = "The reply of EXEC does not have the replies of the transaction";
      throw new RedisError("ERR_REDIS_INVALID_RESPONSE", message);
    }
    const mixed = !this.bytes && metas.some((meta) => (meta & Meta.BYTES) !== 0);
    for (let index = 0; index < reply.length; index++) {
      if (reply[index] instanceof Error) {
        tell(reply[index], index, /** @type {Frame} */ (frames[index]));
        continue;
      }
      if (mixed && (/** @type {number} */ (metas[index]) & Meta.BYTES) === 0) reply[index] = asText(reply[index]);
      const convert = outcomes[index]?.convert ?? null;
      if (convert !== null) reply[index] = convert(reply[index]);
    }
    return reply;
  }

  /** @param {any} error */
  failed(error) {
    // When EXEC was given up, so are the others.
    for (const id of this.ids.slice(this.answered)) abandon(id, error);
    this.reject(this.unprotected ?? (isOfServer(error) ? this.aborted(this.explained(error)) : error));
  }

  /** @param {Error} error of the server */
  explained(error) {
    return this.queue.origin.connection().explained(error);
  }

  /** @param {Error} error the reply of EXEC */
  aborted(error) {
    const { errors } = this;
    const why = errors.length === 0 ? error.message : `${errors.length} refused, the first with: ${errors[0]?.message}`;
    const code = "ERR_REDIS_TRANSACTION_ABORTED";
    return new RedisBatchError(code, `The transaction was not executed: ${why}`, errors, { cause: error });
  }
}

/** @param {any} error */
function isOfServer(error) {
  return error instanceof RedisError && error.code === "ERR_REDIS_SERVER_ERROR";
}

/**
 * A reply whose strings came as bytes, because those of another command were wanted so.
 * @param {any} value
 * @returns {any}
 */
function asText(value) {
  if (Buffer.isBuffer(value)) return value.toString();
  if (typeof value !== "object" || value === null || value instanceof Error) return value;
  for (const key of Object.keys(value)) value[key] = asText(value[key]);
  return value;
}

module.exports = { execute };
