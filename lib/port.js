"use strict";
/**
 * The JavaScript end of the completion port: promises by id, settled in bulk.
 *
 * Work is started by a synchronous native call that takes an id. Finished ids come back in bulk
 * through `settle`, as triples `id, tag, payload` on a shared array, with the values that had to be
 * created as arguments (see `src/js/tape.rs`).
 */
const { Port, Tag } = require("../binding.js");
const { notify } = require("./listeners.js");
const { tape, signed, strings, map } = require("./tape.js");

/** Codes as the operating system and Node's own modules give them. */
const SYSTEM_CODE = /^E[A-Z]+$/;

/**
 * What is told about a failure: `[kind, code, message, status, requestId, bucket, path, causes]`.
 * The causes are code and message of each error behind it, the nearest first.
 * @typedef {[string, string, string, number | null, string | null, string | null, string | null,
 *   string[] | null]} Failure
 */

/**
 * How the results of one kind of call become what users see.
 * @typedef {object} Outcome
 * @property {(failure: Failure) => Error} failed builds the error of a rejected call
 * @property {(message: string) => Error} refused builds the error of a command that the server
 *   answered with an error
 * @property {((value: any) => any) | null} convert changes a value before it is handed over
 */

/** A call that waits for its result. */
class Pending {
  /**
   * @param {(value: any) => void} resolve
   * @param {(reason: Error) => void} reject
   * @param {Outcome} outcome
   * @param {object | null} group what its kind of call needs to find it again, with `eachPending`
   */
  constructor(resolve, reject, outcome, group) {
    this.resolve = resolve;
    this.reject = reject;
    this.outcome = outcome;
    this.group = group;
  }
}

/** @type {(Pending | undefined)[]} */
const slots = [];
/** @type {number[]} */
const free = [];
/** Where commands are written before they are submitted. */
const slab = Buffer.allocUnsafeSlow(256 * 1024);
/** Their ids and meta words, in pairs. */
const entries = new Uint32Array(2 * 4096);

/** @type {(message: string) => Error} */
let makeServerError = (message) => new Error(message);

const port = new Port(() => port.drain(), settle, (message) => makeServerError(message), tape, slab, entries);

/** Keeps the id of a call that was given up taken until its result has come, and drops that. */
const GIVEN_UP = new Pending(
  () => port.retain(),
  () => port.retain(),
  { failed: () => new Error("given up"), refused: (message) => new Error(message), convert: null },
  null,
);

/**
 * Sets how errors inside larger replies are built.
 * @param {(message: string) => Error} make
 */
function onServerError(make) {
  makeServerError = make;
}

/**
 * Registers a call; its id must be given to the native side, which settles it exactly once.
 * @param {(value: any) => void} resolve
 * @param {(reason: Error) => void} reject
 * @param {Outcome} outcome
 * @param {object | null} group
 * @returns {number} the id
 */
function register(resolve, reject, outcome, group) {
  const pending = new Pending(resolve, reject, outcome, group);
  const id = free.pop();
  if (id === undefined) return slots.push(pending) - 1;
  slots[id] = pending;
  return id;
}

/**
 * The errors behind a failure, chained by `cause`.
 * @param {string[] | null} causes
 * @param {(code: string, message: string, options?: { cause: unknown }) => Error} make builds one
 *   of the client's own errors
 * @returns {Error | undefined}
 */
function causeOf(causes, make) {
  if (causes === null) return undefined;
  /** @type {Error | undefined} */
  let cause;
  for (let at = causes.length - 2; at >= 0; at -= 2) {
    const [code, message] = /** @type {[string, string]} */ (causes.slice(at, at + 2));
    const options = cause === undefined ? undefined : { cause };
    if (code === "") cause = new Error(message, options);
    else if (SYSTEM_CODE.test(code)) cause = Object.assign(new Error(message, options), { code });
    else cause = make(code, message, options);
  }
  return cause;
}

/**
 * Lets something happen right before a call that waits is settled, whichever way.
 * @param {number} id
 * @param {() => void} run
 */
function beforeSettled(id, run) {
  const pending = /** @type {Pending} */ (slots[id]);
  const { resolve, reject } = pending;
  pending.resolve = (value) => {
    run();
    resolve(value);
  };
  pending.reject = (reason) => {
    run();
    reject(reason);
  };
}

/**
 * Gives back an id that was never handed to the native side.
 * @param {number} id
 */
function forget(id) {
  slots[id] = undefined;
  free.push(id);
}

/**
 * Rejects a call although its result is still to come. The result will be dropped; until then the
 * id stays taken, but the call does not keep the event loop alive any more.
 * @param {number} id of a call that waits
 * @param {any} reason
 */
function abandon(id, reason) {
  const { reject } = /** @type {Pending} */ (slots[id]);
  slots[id] = GIVEN_UP;
  port.release();
  reject(reason);
}

/**
 * The group of a call that waits.
 * @param {number} id
 */
function groupOf(id) {
  return slots[id]?.group;
}

/**
 * Visits the calls that wait.
 * @param {(pending: Pending, id: number) => void} visit
 */
function eachPending(visit) {
  for (let id = 0; id < slots.length; id++) {
    const pending = slots[id];
    if (pending !== undefined && pending !== GIVEN_UP) visit(pending, id);
  }
}

/** @param {string} message */
const plainError = (message) => new Error(message);

/**
 * Starts one asynchronous native call.
 * @param {(id: number) => void} start the native call; what it throws becomes a rejection
 * @param {(failure: Failure) => Error} failed
 * @param {((value: any) => any) | null} [convert] what the promise is fulfilled with, of the result
 * @returns {Promise<any>}
 */
function call(start, failed, convert = null) {
  return new Promise((resolve, reject) => {
    const id = register(resolve, reject, { failed, refused: plainError, convert }, null);
    try {
      start(id);
    } catch (error) {
      forget(id);
      reject(error);
    }
  });
}

/**
 * Settles what is on the tape.
 * @param {number} end words in use
 * @param {any[]} values
 */
function settle(end, ...values) {
  let next = 0;
  for (let at = 0; at < end; ) {
    const id = /** @type {number} */ (tape[at]);
    const tag = tape[at + 1];
    const payload = /** @type {number} */ (tape[at + 2]);
    at += 3;
    if (tag === Tag.Event) {
      const argument = values[next++];
      notify(id, payload, argument);
      continue;
    }
    const { resolve, reject, outcome } = /** @type {Pending} */ (slots[id]);
    slots[id] = undefined;
    free.push(id);
    let value;
    switch (tag) {
      case Tag.Value:
        value = values[next++];
        break;
      case Tag.Nil:
        value = null;
        break;
      case Tag.Ok:
        value = "OK";
        break;
      case Tag.Queued:
        value = "QUEUED";
        break;
      case Tag.Integer:
        value = signed[at - 1];
        break;
      case Tag.Undefined:
        break;
      case Tag.Strings:
        value = strings(/** @type {string} */ (values[next++]), at, payload);
        at += payload;
        break;
      case Tag.Map:
        value = map(/** @type {string} */ (values[next++]), at, payload);
        at += payload;
        break;
      case Tag.ServerError:
        reject(outcome.refused(/** @type {string} */ (values[next++])));
        continue;
      default:
        reject(outcome.failed(/** @type {Failure} */ (values[next++])));
        continue;
    }
    if (outcome.convert === null) {
      resolve(value);
      continue;
    }
    try {
      resolve(outcome.convert(value));
    } catch (error) {
      reject(/** @type {Error} */ (error));
    }
  }
}

module.exports = {
  port,
  slab,
  entries,
  call,
  causeOf,
  register,
  forget,
  abandon,
  beforeSettled,
  groupOf,
  eachPending,
  onServerError,
};
