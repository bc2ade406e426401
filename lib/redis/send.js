"use strict";
/** Any command, by its name. */
const { encode, toArgument } = require("./encode.js");
const { invalidArgument } = require("./errors.js");
const { metaOf } = require("./meta.js");
const { PLAIN } = require("./outcomes.js");
const { PUSH } = require("./pubsub.js");
const { CHANNEL } = require("./subscriptions.js");

/** Commands that are answered by pushes. */
const SUBSCRIBES = new Set(["SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"]);
const UNSUBSCRIBES = new Set(["UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);

/**
 * @param {import("./sender.js").Sender} connection
 * @param {unknown} command
 * @param {unknown} args
 * @returns {Promise<any>}
 */
function send(connection, command, args) {
  const name = `${/** @type {any} */ (command)}`;
  if (!Array.isArray(args)) throw new Error("Arguments must be an array");
  const converted = Array.from(args, (argument) => {
    const value = toArgument(argument);
    if (value === undefined) throw invalidArgument("argument", "a string or buffer", "sendCommand");
    return value;
  });
  const upper = name.toUpperCase();
  if (upper === "SUBSCRIBE") {
    return connection.subscribe(name, converted, PLAIN).then(() => connection.subscriptions.of(CHANNEL).size);
  }
  if (upper === "UNSUBSCRIBE") return connection.unsubscribe(name, converted, PLAIN).then(() => undefined);
  if (SUBSCRIBES.has(upper)) return connection.subscribe(name, converted, PUSH);
  if (UNSUBSCRIBES.has(upper)) return connection.unsubscribe(name, converted, PUSH);
  return connection.issue(encode(name, converted), PLAIN, metaOf(name));
}

module.exports = { send };
