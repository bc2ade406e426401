"use strict";
/** Gives classes the methods of clients. */
const makeCommands = require("./commands.js");
const { makeFeatures, makePubSub } = require("./features.js");
const { makeMakers } = require("./methods.js");
const makeSpecial = require("./special.js");

const TABLE = Symbol("table");

/**
 * @typedef {import("./sender.js").Sender} Sender
 * @param {(receiver: unknown) => Sender} senderOf finds what is behind an object, or throws
 * @param {(receiver: unknown) => import("./connection.js").Connection} connectionOf the same for clients
 */
function makeProviders(senderOf, connectionOf) {
  const makers = makeMakers(senderOf);
  const commands = Object.assign(makeCommands(makers), makeSpecial(makers));
  const features = makeFeatures(makers);

  /**
   * Gives a class the command methods, unless it has them: when its first object is made, for most programs need none.
   * Its objects must have a `SENDER`.
   * @param {Function} Class
   */
  function provideCommands(Class) {
    if (!("send" in Class.prototype)) define(Class, commands);
  }

  /**
   * Gives a class the command methods and what is built on them.
   * @param {Function} Class
   */
  function provideFeatures(Class) {
    provideCommands(Class);
    if (!("scanIterator" in Class.prototype)) define(Class, features);
  }

  /**
   * Gives a class of clients everything.
   * @param {Function} Class
   */
  function provideAll(Class) {
    provideFeatures(Class);
    define(Class, makePubSub(connectionOf));
  }

  return { provideCommands, provideFeatures, provideAll };
}

/**
 * @param {Function} Class
 * @param {Record<string, import("./methods.js").Method>} methods
 */
function define({ prototype }, methods) {
  // Adding hundreds of properties one by one takes milliseconds, unless the object is a table; a deletion makes it one.
  Object.defineProperty(prototype, TABLE, { configurable: true });
  Reflect.deleteProperty(prototype, TABLE);
  for (const name in methods) {
    Object.defineProperty(prototype, name, { value: methods[name], enumerable: true, writable: true });
  }
}

module.exports = { makeProviders };
