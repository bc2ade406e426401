"use strict";
/**
 * What takes commands. The methods of the command table (`methods.js`) find the sender behind the object that they are
 * called on: a client's connection, a view of one, or whatever an object gives under `SENDER`.
 *
 * @typedef {Pick<import("./connection.js").Connection, "subscriber" | "subscriptions" | "issue" | "subscribe" | "unsubscribe"> & Spread} Sender
 *
 * @typedef {object} Spread what only some senders have
 * @property {() => Promise<Node[]>} [primaries] what issues commands to each server that has keys of its own, where there
 *   are several
 * @property {boolean} [closed] whether the client was closed, or has failed for good
 * @property {object} [builder] what `issue` returns, instead of a promise, where commands are gathered to be sent later
 *
 * @typedef {Pick<import("./connection.js").Connection, "issue" | "issueWithin">} Node
 */

/** Under this key an object that has the command methods gives its {@link Sender}. */
const SENDER = Symbol("sender");

module.exports = { SENDER };
