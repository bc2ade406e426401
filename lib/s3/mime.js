"use strict";
/** Content types: by the extension of a key, and as a user wrote them. */

const UTF8 = ";charset=utf-8";
const FALLBACK = "application/octet-stream";

/** Types that are sent in another form if they were written exactly so. @type {Record<string, string>} */
const COMPLETED = {
  "text/plain": `text/plain${UTF8}`,
  "text/html": `text/html${UTF8}`,
  "text/css": `text/css${UTF8}`,
  "text/javascript": `text/javascript${UTF8}`,
  "text/jsx": `text/javascript${UTF8}`,
  "application/javascript": `text/javascript${UTF8}`,
  "application/json": `application/json${UTF8}`,
  "application/x-www-form-urlencoded": "application/x-www-form-urlencoded;charset=UTF-8",
};

/** @type {Map<string, string> | undefined} */
let byExtension;

/** Types by extension; the table is large, and few programs write a key whose type they do not give. */
function extensions() {
  if (byExtension === undefined) {
    byExtension = new Map();
    for (const [type, names] of Object.entries(require("./mime.json"))) {
      for (const name of names.split(" ")) byExtension.set(name, COMPLETED[type] ?? type);
    }
  }
  return byExtension;
}

/**
 * The content type for a key, by its extension in any letter case.
 * @param {string} key
 * @returns {string}
 */
function typeOfKey(key) {
  const dot = key.lastIndexOf(".");
  // A name that only begins with a dot has no extension.
  if (dot <= key.lastIndexOf("/") + 1) return FALLBACK;
  return extensions().get(key.slice(dot + 1).toLowerCase()) ?? FALLBACK;
}

/**
 * A content type as it is sent: known ones gain a charset if they were written in lower case,
 * others are lower-cased, and one that cannot be a header value is dropped.
 * @param {string} type
 * @returns {string}
 */
function normalizeType(type) {
  const completed = COMPLETED[type];
  if (completed !== undefined) return completed;
  return /^[\x20-\x7e]*$/.test(type) ? type.toLowerCase() : "";
}

module.exports = { typeOfKey, normalizeType };
