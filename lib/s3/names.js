"use strict";
/** What a path says about itself before it is resolved: for display only, requests are made by the core. */

/**
 * A path as `name` shows it: without its scheme, else without its first slash.
 * @param {string} path
 */
function nameOf(path) {
  const scheme = /^s3:\/\//i.exec(path);
  return scheme === null ? path.replace(/^[/\\]/, "") : path.slice(scheme[0].length);
}

/**
 * The bucket that a path names when none is configured.
 * @param {string} path
 * @returns {string | undefined}
 */
function bucketOf(path) {
  return /^\/?([^/]+)\//.exec(nameOf(path))?.[1];
}

module.exports = { nameOf, bucketOf };
