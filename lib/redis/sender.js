"use strict";
/**
 * What takes commands. The methods of the command table (`methods.js`) find the sender behind the object that they are
 * called on: a client's connection, a view of one, or whatever an object gives under `SENDER`.
 *
 * @typedef {Pick<import("./connection.js").Connection, "subscriber" | "subscriptions" | "issue" | "subscribe" | "unsubscribe">} Sender
 */

/** Under this key an object that has the command methods gives its {@link Sender}. */
const SENDER = Symbol("sender");

module.exports = { SENDER };
