"use strict";
/** Objects in S3 as the source of a copy, which the store makes by itself. */

/**
 * A whole object as the source of a copy.
 * @typedef {{ config: import("./config.js").Config, path: string, stream: () => AsyncIterable<unknown> }} Origin
 */

/** What marks an object in S3, and tells where it is if all of it is meant. */
const ORIGIN = Symbol("origin");

/**
 * @param {unknown} data
 * @returns {Origin | undefined}
 */
function originOf(data) {
  return typeof data === "object" && data !== null ? /** @type {{ [ORIGIN]?: Origin }} */ (data)[ORIGIN] : undefined;
}

module.exports = { ORIGIN, originOf };
