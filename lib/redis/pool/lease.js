"use strict";
/** A connection of one's own, with all that a client has. */
const { RedisClient, connectionOf } = require("../client.js");
const { Connection } = require("../connection.js");
const { RedisError } = require("../errors.js");
const { FROM_SOURCE } = require("../source.js");

/**
 * @typedef {new (
 *   lane: import("../../../binding.js").RedisLane,
 *   options: import("../options.js").Resolved,
 *   owner: import("../lifecycle.js").Owner,
 * ) => LeaseConnection} LeaseClass
 */

/** A connection that is there already, and is never made again. */
class LeaseConnection extends Connection {
  /**
   * @param {import("../../../binding.js").RedisLane} lane
   * @param {import("../options.js").Resolved} options
   * @param {import("../lifecycle.js").Owner} owner
   */
  constructor(lane, options, owner) {
    super(() => lane, options, owner);
    this.target = lane.target;
    this.over = !lane.active;
    /** @type {import("../lifecycle.js").State} */
    this.state = this.over ? "closed" : "connected";
    this.expectEvents(true);
  }

  /**
   * Events of a connection that was given back are its next user's, whose listener stays.
   * @param {boolean} wanted
   */
  expectEvents(wanted) {
    if (!this.over) super.expectEvents(wanted);
  }

  /**
   * Likewise its messages.
   * @param {boolean} wanted
   */
  wantBytes(wanted) {
    if (!this.over) super.wantBytes(wanted);
  }

  connect() {
    return this.over ? Promise.reject(released()) : super.connect();
  }

  /** @param {Error} error */
  ended(error) {
    super.ended(error);
    this.over = true;
    // From now on commands are told that the connection is gone.
    this.subscriber = false;
  }

  giveBack() {
    if (this.over) return;
    this.submit();
    this.lane.release();
    this.ended(released());
  }
}

/** @typedef {import("../source.js").Source} Source */

/**
 * The one connection of a lease.
 * @implements {Source}
 */
class LeaseSource {
  /**
   * @param {import("../../../binding.js").RedisLane} lane
   * @param {Connection} parent the client's
   * @param {Source} source where that comes from
   */
  constructor(lane, parent, source) {
    this.lane = lane;
    this.parent = parent;
    this.source = source;
    /** @type {LeaseConnection | undefined} */
    this.connection = undefined;
  }

  /** @param {import("../lifecycle.js").Owner} owner */
  open(owner) {
    this.connection = makeLease(this.lane, this.parent, owner);
    return this.connection;
  }

  /** @param {typeof RedisClient} Client */
  duplicate(Client) {
    return this.source.duplicate(Client);
  }
}

class RedisLease extends RedisClient {
  /** @type {LeaseSource} */
  #lease;

  /** @param {LeaseSource} source */
  constructor(source) {
    super(FROM_SOURCE, source);
    this.#lease = source;
    // What happens to the connection from now on is told.
    connectionOf(this);
  }

  release() {
    this.#lease.connection?.giveBack();
  }

  [Symbol.dispose]() {
    this.release();
  }

  async [Symbol.asyncDispose]() {
    await this.drain();
    this.release();
  }

  get [Symbol.toStringTag]() {
    return "RedisLease";
  }
}

/**
 * @param {import("../../../binding.js").RedisLane} lane
 * @param {Connection} parent whose lane has leased it
 * @param {import("../lifecycle.js").Owner} owner
 * @returns {LeaseConnection}
 */
function makeLease(lane, parent, owner) {
  const Class = parent.leaseClass ?? LeaseConnection;
  const connection = new Class(lane, parent.options, owner);
  parent.cache?.follow(connection);
  return connection;
}

function released() {
  return new RedisError("ERR_REDIS_CONNECTION_CLOSED", "The connection was released");
}

module.exports = { RedisLease, LeaseConnection, LeaseSource, makeLease };
