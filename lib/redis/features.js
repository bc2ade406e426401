"use strict";
/** What a client offers on top of single commands. */
const { lazily } = require("../lazily.js");
const { named } = require("./methods.js");

const consumers = lazily(() => require("./streams/consumer.js"));
const iterators = lazily(() => require("./iterators/index.js"));
const libraries = lazily(() => require("./scripts/library.js"));
const pubsub = lazily(() => require("./pubsub.js"));
const scripts = lazily(() => require("./scripts/script.js"));

/** @typedef {typeof PUBSUB[number]} PubSubMethod */
const PUBSUB = /** @type {const} */ ([
  "subscribe",
  "ssubscribe",
  "psubscribe",
  "unsubscribe",
  "sunsubscribe",
  "punsubscribe",
]);

/**
 * @param {import("./methods.js").Makers} makers
 * @returns {Record<string, import("./methods.js").Method>}
 */
function makeFeatures({ enter }) {
  /** @type {import("./scripts/script.js").SenderOf} */
  const senderOf = (target, method) => enter(target, method, {});

  /**
   * A method of a feature, which is given the sender behind its receiver.
   * @param {string} name
   * @param {number} length
   * @param {(sender: import("./sender.js").Sender, ...args: any[]) => any} run
   */
  const feature = (name, length, run) => ({
    [name]: named(name, { length }, function (...args) {
      return run(enter(this, name, {}), ...args);
    }),
  });

  return {
    ...feature("scanIterator", 0, (sender, options) => iterators().scan(sender, options)),
    ...feature("hscanIterator", 1, (sender, key, options) => iterators().hscan(sender, key, options)),
    ...feature("sscanIterator", 1, (sender, key, options) => iterators().sscan(sender, key, options)),
    ...feature("zscanIterator", 1, (sender, key, options) => iterators().zscan(sender, key, options)),
    ...feature("consume", 2, (sender, streams, options) => consumers().consume(sender, streams, options)),
    defineScript: named("defineScript", { length: 1 }, function (lua, options) {
      return scripts().defineScript(senderOf, this, lua, options);
    }),
    defineLibrary: named("defineLibrary", { length: 1 }, function (code) {
      return libraries().defineLibrary(senderOf, this, code);
    }),
  };
}

/**
 * The methods that subscribe and unsubscribe.
 * @param {(receiver: unknown) => import("./connection.js").Connection} connectionOf
 * @returns {Record<string, import("./methods.js").Method>}
 */
function makePubSub(connectionOf) {
  const method = (/** @type {PubSubMethod} */ name) =>
    named(name, {}, function (...args) {
      return pubsub().METHODS[name](connectionOf(this), args);
    });
  return Object.fromEntries(PUBSUB.map((name) => [name, method(name)]));
}

module.exports = { makeFeatures, makePubSub };
