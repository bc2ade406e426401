"use strict";
/** Asks for a connection of one's own. */
const { forget, register } = require("../../port.js");
const { RedisError, invalidProperty } = require("../errors.js");
const { PLAIN } = require("../outcomes.js");
const { onAbort } = require("../signals.js");
const { resolveTimeout } = require("../view.js");
const { RedisLease, LeaseSource } = require("./lease.js");

/**
 * @typedef {import("../connection.js").Connection} Connection
 * @typedef {import("../source.js").Source} Source
 */

/**
 * @param {Connection} connection the client's
 * @param {Source} source where that comes from
 * @param {unknown} options
 * @returns {Promise<RedisLease>}
 */
async function acquire(connection, source, options) {
  const { timeout, signal } = resolve(options, connection.options.acquireTimeout ?? 0);
  const lane = await lease(connection, timeout, signal, connection.place(options));
  return new RedisLease(new LeaseSource(lane, connection, source));
}

/**
 * Waits for a connection that is free.
 * @param {Connection} connection the client's
 * @param {number} timeout in milliseconds, 0 for none
 * @param {AbortSignal | undefined} signal
 * @param {import("../../../binding.js").LeasePlace} [place] where in a cluster
 * @returns {Promise<import("../../../binding.js").RedisLane>}
 */
async function lease(connection, timeout, signal, place) {
  signal?.throwIfAborted();
  if (!connection.listening) connection.expectEvents(true);
  // A SELECT of this turn counts.
  connection.submit();
  const { lane } = connection;
  return new Promise((resolve, reject) => {
    let waits = true;
    let unwatch = () => {};
    const granted = () => {
      unwatch();
      const own = lane.fetch(id);
      if (waits) resolve(own);
      else own.release();
    };
    const failed = (/** @type {Error} */ error) => {
      unwatch();
      reject(error);
    };
    const id = register(granted, failed, PLAIN, connection.group);
    try {
      lane.acquire(id, timeout, place);
    } catch (error) {
      forget(id);
      const { code, message } = /** @type {{ code: string, message: string }} */ (error);
      throw new RedisError(code, message);
    }
    if (signal === undefined) return;
    unwatch = onAbort(signal, (reason) => {
      waits = false;
      lane.cancel(id);
      reject(reason);
    });
  });
}

/**
 * @param {unknown} options
 * @param {number} usual the timeout when none is given
 * @returns {{ timeout: number, signal: AbortSignal | undefined }}
 */
function resolve(options, usual) {
  if (options === undefined) return { timeout: usual, signal: undefined };
  if (typeof options !== "object" || options === null) throw invalidProperty("options", "of type object", options);
  const { timeout, signal } = /** @type {Record<string, any>} */ (options);
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidProperty("signal", "an AbortSignal", signal);
  return { timeout: timeout === undefined ? usual : resolveTimeout(timeout, "timeout"), signal };
}

module.exports = { acquire, lease };
