"use strict";
/** How a client comes by its connection. */

/** As the first argument of a client's constructor: the second one is the source. */
const FROM_SOURCE = Symbol("from source");

/**
 * @typedef {object} Source what a client asks for its connection; each kind of client has its own
 * @property {(owner: import("./lifecycle.js").Owner) => import("./connection.js").Connection} open makes the connection; called once, at first use
 * @property {(Client: typeof import("./client.js").RedisClient) => import("./client.js").RedisClient} duplicate makes another
 *   client like this one; `Client` is the base class
 */

module.exports = { FROM_SOURCE };
