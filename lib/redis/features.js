"use strict";
/**
 * What a client offers on top of single commands. Each feature is loaded when it is used for the first time, so that a
 * program which needs none pays for none.
 */
const { named } = require("./methods.js");

/**
 * @param {import("./methods.js").Makers} makers
 * @returns {Record<string, import("./methods.js").Method>}
 */
module.exports = ({ enter }) => {
  /** @type {import("./scripts/script.js").SenderOf} */
  const senderOf = (target, method) => enter(target, method, {});
  const iterators = () => require("./iterators/index.js");

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
    ...feature("consume", 2, (sender, streams, options) => {
      return require("./streams/consumer.js").consume(sender, streams, options);
    }),
    defineScript: named("defineScript", { length: 1 }, function (lua, options) {
      return require("./scripts/script.js").defineScript(senderOf, this, lua, options);
    }),
    defineLibrary: named("defineLibrary", { length: 1 }, function (code) {
      return require("./scripts/library.js").defineLibrary(senderOf, this, code);
    }),
  };
};
