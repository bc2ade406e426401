"use strict";
/** How a client of one server comes by its connection. */
const { RedisLane } = require("../../binding.js");
const { port } = require("../port.js");
const { resolveUrl, split } = require("./address.js");
const { Connection } = require("./connection.js");
const { coded } = require("./errors.js");
const { resolveOptions } = require("./options.js");
const { FROM_SOURCE } = require("./source.js");

/** @typedef {import("./source.js").Source} Source */

/**
 * One server.
 * @implements {Source}
 */
class ServerSource {
  /**
   * @param {unknown} url `undefined` for that of the environment
   * @param {Record<string, unknown>} options
   */
  constructor(url, options) {
    this.url = url;
    this.options = options;
  }

  /**
   * From the arguments of a client's constructor.
   * @param {unknown} url
   * @param {unknown} options
   */
  static of(url, options) {
    const given = split(url, options);
    return new ServerSource(given.url, given.options);
  }

  /** @param {import("./lifecycle.js").Owner} owner */
  open(owner) {
    // Copies have the address that this one has found.
    const url = resolveUrl(this.url, this.options);
    this.url = url;
    const options = this.resolve(url);
    const openLane = (/** @type {number} */ target) => {
      try {
        return new RedisLane(port, target, url, options.lane);
      } catch (error) {
        throw fromThrown(error);
      }
    };
    return this.make(openLane, options, owner);
  }

  /**
   * @param {string} url
   * @returns {import("./options.js").Resolved}
   */
  resolve(url) {
    return resolveOptions(url, this.options);
  }

  /**
   * @param {(target: number) => RedisLane} openLane
   * @param {import("./options.js").Resolved} options
   * @param {import("./lifecycle.js").Owner} owner
   */
  make(openLane, options, owner) {
    const Class = connectionClass(Connection, options);
    return new Class(openLane, options, owner);
  }

  /** @param {typeof import("./client.js").RedisClient} Client */
  duplicate(Client) {
    return new Client(FROM_SOURCE, new ServerSource(this.url, this.options));
  }
}

/**
 * A class of connections, with the cache that the options may ask for.
 * @template {new (...args: any[]) => Connection} Class
 * @param {Class} Base
 * @param {import("./options.js").Resolved} options
 * @returns {Class}
 */
function connectionClass(Base, options) {
  return options.cache === undefined ? Base : require("./cache/connection.js").cached(Base);
}

/**
 * The error of an unusable URL or option, as the native side throws it.
 * @param {unknown} thrown
 */
function fromThrown(thrown) {
  const { code, message } = /** @type {{ code?: string, message: string }} */ (thrown);
  if (code?.startsWith("ERR_INVALID_ARG")) return coded(TypeError, code, message);
  // An unknown scheme has no code.
  return new Error(message);
}

module.exports = { ServerSource, connectionClass, fromThrown };
