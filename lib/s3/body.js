"use strict";
/** What can be written: bytes that are there, bytes that are awaited, or a source of chunks. */

// @types/node does not know isDisturbed.
const { isDisturbed } = /** @type {any} */ (require("node:stream"));
const { isAnyArrayBuffer, isSharedArrayBuffer } = require("node:util/types");
const { coded, received } = require("./errors.js");
const { MIN_PART_SIZE, unboxed } = require("./options.js");

/** @typedef {AsyncIterable<unknown>} Source */
/**
 * `type` is set only where the bytes mean nothing without it, `length` where it is known of a source.
 * @typedef {{ bytes?: Uint8Array, promise?: () => Promise<Uint8Array>, source?: Source, length?: number, type?: string }} Body
 */

/** Blobs from this size on are read piece by piece. */
const BUFFERED_BLOB = MIN_PART_SIZE;

/**
 * @param {unknown} data
 * @returns {Body}
 */
function toBody(data) {
  const bytes = toBytes(unboxed(data));
  if (bytes !== undefined) return { bytes };
  if (typeof data !== "object" || data === null) throw unwritable(data);
  if (data instanceof Response || data instanceof Request) return bodyOf(data);
  if (data instanceof ReadableStream) {
    return isUsed(data) ? used() : { source: /** @type {any} */ (data) };
  }
  if (data instanceof URLSearchParams) return { bytes: Buffer.from(data.toString()) };
  if (data instanceof FormData) {
    const response = new Response(data);
    return { ...bodyOf(response), type: response.headers.get("content-type") ?? undefined };
  }
  if (data instanceof Blob) {
    const remote = Object.prototype.toString.call(data) === "[object S3File]";
    if (data.size < BUFFERED_BLOB && !remote) {
      return { promise: async () => new Uint8Array(await data.arrayBuffer()) };
    }
    // The size of an object in S3 is not known here.
    return { source: /** @type {any} */ (data.stream()), length: remote ? undefined : data.size };
  }
  if (Array.isArray(data) && data.every(isBlobPart)) return toBody(new Blob(data));
  const iterable = /** @type {Partial<AsyncIterable<unknown>>} */ (data);
  if (typeof iterable[Symbol.asyncIterator] === "function") return { source: /** @type {Source} */ (data) };
  const archive = /** @type {{ bytes?: unknown }} */ (data);
  if (typeof archive.bytes === "function") return { promise: async () => toChunk(await /** @type {any} */ (data).bytes()) };
  throw unwritable(data);
}

/** @param {unknown} item */
function isBlobPart(item) {
  return toBytes(item) !== undefined || item instanceof Blob;
}

/**
 * @param {Response | Request} message
 * @returns {Body}
 */
function bodyOf(message) {
  if (message.body === null) return { bytes: new Uint8Array(0) };
  if (message.bodyUsed || isUsed(message.body)) return used();
  return { source: /** @type {any} */ (message.body) };
}

/**
 * The bytes of a string, a view or a buffer; memory is shared with it, except for memory that
 * others may change or give back at any time.
 * @param {unknown} data
 * @returns {Uint8Array | undefined}
 */
function toBytes(data) {
  if (typeof data === "string") return Buffer.from(data);
  if (ArrayBuffer.isView(data)) {
    const view = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return isUnsteady(data.buffer) ? Uint8Array.from(view) : view;
  }
  if (isAnyArrayBuffer(data)) {
    const view = new Uint8Array(data);
    return isUnsteady(data) ? Uint8Array.from(view) : view;
  }
  return undefined;
}

/**
 * Whether the bytes of a buffer may change, or its memory go away, while they are sent.
 * @param {ArrayBufferLike} buffer
 */
function isUnsteady(buffer) {
  // TypeScript's library does not know `resizable` yet.
  return isSharedArrayBuffer(buffer) || /** @type {any} */ (buffer).resizable === true;
}

/** @param {unknown} chunk */
function toChunk(chunk) {
  const bytes = toBytes(chunk);
  if (bytes !== undefined) return bytes;
  const code = chunk === null ? "ERR_STREAM_NULL_VALUES" : "ERR_INVALID_ARG_TYPE";
  throw coded(TypeError, code, "write() expects a string, ArrayBufferView, or ArrayBuffer");
}

/**
 * Whether a stream is read by someone else, or was: then only its rest would be stored.
 * @param {ReadableStream} stream
 */
function isUsed(stream) {
  return stream.locked || isDisturbed(stream);
}

/**
 * What was read already is told by the promise, as in Bun.
 * @returns {Body}
 */
function used() {
  return { promise: () => Promise.reject(coded(TypeError, "ERR_BODY_ALREADY_USED", "Body already used")) };
}

/** @param {unknown} data */
function unwritable(data) {
  const kinds = "a string, ArrayBuffer, TypedArray, Blob, Response, Request or a stream of bytes";
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", `Expected ${kinds} to write. ${received(data)}`);
}

module.exports = { toBody, toBytes, toChunk };
