"use strict";
/** What the bytes of an object mean. */
const buffer = require("node:buffer");

/**
 * Text as `Blob.text()` decodes it; UTF-16 is recognised by its byte order mark.
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function decode(bytes) {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text[0] === 0xff && text[1] === 0xfe) return new TextDecoder("utf-16le").decode(text);
  const start = text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf ? 3 : 0;
  return buffer.isAscii(text) ? text.toString("latin1") : text.toString("utf8", start);
}

/**
 * A form as `Blob.formData()` reads it.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} type the media type, with the boundary of its parts
 * @returns {Promise<FormData>}
 */
async function decodeForm(bytes, type) {
  try {
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    throw new Error("Invalid encoding", { cause });
  }
}

module.exports = { decode, decodeForm };
