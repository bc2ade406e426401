"use strict";

/**
 * What is loaded when it is called for the first time. What an import does not need by itself goes through here, so
 * that importing the package costs little.
 *
 * @example
 * const operations = lazily(() => require("./operations.js"));
 * operations().get(path);
 *
 * @template T
 * @param {() => T} load
 * @returns {() => T}
 */
function lazily(load) {
  /** @type {T | undefined} */
  let loaded;
  return () => (loaded ??= load());
}

module.exports = { lazily };
