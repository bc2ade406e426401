"use strict";
/** One function for each operation on an object: checks what is left, calls the core. */

const { toBody } = require("./body.js");
const { detached } = require("./errors.js");
const { typeOfKey } = require("./mime.js");
const { originOf } = require("./origin.js");
const { pump } = require("./pump.js");
const { onAbort, run } = require("./run.js");
const { S3Stat } = require("./stat.js");
const { turn } = require("../turn.js");
const { isSameStore } = require("./config.js");
const { S3Writer } = require("./writer.js");

/** @typedef {import("./config.js").Config} Config */
/** @typedef {import("./range.js").Range} Range */

/** Bytes that the native side copies at most; what is longer is sent from where it lies. */
const COPIED = 64 * 1024;
/** Chunks of a stream after which the event loop gets a turn, however fast they come. */
const TAKEN = 8;

/**
 * @param {Config} config
 * @param {string} path
 * @param {Range} range
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
function get(config, path, range) {
  return run(config, path, (id) => config.handle.get(id, path, range.start, range.end, range.suffix, config.fields.versionId));
}

/**
 * The object in pieces; the request starts at once.
 * @param {Config} config
 * @param {string} path
 * @param {() => Range | "empty" | Promise<Range | "empty">} rangeOf
 * @returns {ReadableStream<Uint8Array<ArrayBuffer>>}
 */
function stream(config, path, rangeOf) {
  /** @type {import("../../binding.js").S3Download | undefined} */
  let download;
  let taken = 0;
  let cancelled = false;
  let leave = () => {};
  const cancel = () => {
    cancelled = true;
    leave();
    download?.cancel();
  };
  const { signal } = config.fields;
  return new ReadableStream({
    start(controller) {
      leave = onAbort(signal, () => {
        cancel();
        controller.error(signal?.reason);
      });
    },
    async pull(controller) {
      if (download === undefined) {
        const range = await rangeOf();
        if (cancelled) return;
        if (range === "empty") return end();
        download = config.handle.download(path, range.start, range.end, range.suffix, config.fields.versionId);
      }
      const from = download;
      let chunk;
      try {
        // The memory of chunks that were collected is given back by the event loop.
        if (++taken % TAKEN === 0) await turn();
        chunk = from.take() ?? (await run(config, path, (id) => from.read(id)));
      } catch (error) {
        leave();
        if (cancelled) return;
        throw error;
      }
      if (cancelled) return;
      if (chunk === undefined) end();
      else controller.enqueue(chunk);

      function end() {
        leave();
        controller.close();
      }
    },
    cancel,
  });
}

/**
 * @param {Config} config
 * @param {string} path
 * @returns {Promise<S3Stat>}
 */
function stat(config, path) {
  return run(config, path, (id) => config.handle.stat(id, path, config.fields.versionId), toStat);
}

/** @param {ConstructorParameters<typeof S3Stat>[0]} values */
const toStat = (values) => new S3Stat(values);

/**
 * @param {Config} config
 * @param {string} path
 * @returns {Promise<boolean>}
 */
function exists(config, path) {
  return run(config, path, (id) => config.handle.exists(id, path, config.fields.versionId));
}

/**
 * @param {Config} config
 * @param {string} path
 * @returns {Promise<boolean>}
 */
function remove(config, path) {
  return run(config, path, (id) => config.handle.delete(id, path, config.fields.versionId));
}

/**
 * How an object is stored.
 * @param {Config} config
 * @param {string} path
 * @param {string} [bodyType]
 */
function putOptions({ fields }, path, bodyType) {
  return {
    contentType: fields.type ?? bodyType ?? typeOfKey(path),
    contentDisposition: fields.contentDisposition,
    contentEncoding: fields.contentEncoding,
    acl: fields.acl,
    storageClass: fields.storageClass,
    metadata: fields.metadata,
  };
}

/**
 * Data that cannot be written is refused at once, everything else through the promise.
 * @param {Config} config
 * @param {string} path
 * @param {unknown} data
 * @returns {Promise<number>}
 */
function write(config, path, data) {
  const origin = originOf(data);
  if (origin !== undefined && isSameStore(config, origin.config)) return copy(config, path, origin);
  const body = toBody(data);
  return body.bytes === undefined ? send(config, path, body) : put(config, path, body.bytes, body.type);
}

/**
 * A whole object is copied by its own store; one that cannot do that gets it through here.
 * @param {Config} config
 * @param {string} path
 * @param {import("./origin.js").Origin} origin
 * @returns {Promise<number>}
 */
async function copy(config, path, { config: from, path: source, stream }) {
  const options = putOptions(config, path);
  try {
    return await run(config, path, (id) => config.handle.copy(id, from.handle, source, path, options, from.fields.versionId));
  } catch (error) {
    if (/** @type {{ code?: unknown }} */ (error).code !== "NotImplemented") throw error;
    return pump(stream(), new S3Writer(config, path, options), config.fields.signal);
  }
}

/**
 * @param {Config} config
 * @param {string} path
 * @param {import("./body.js").Body} body
 * @returns {Promise<number>}
 */
async function send(config, path, body) {
  const options = putOptions(config, path, body.type);
  if (body.source !== undefined) return pump(body.source, new S3Writer(config, path, options, body.length), config.fields.signal);
  const bytes = await /** @type {() => Promise<Uint8Array>} */ (body.promise)();
  return put(config, path, bytes, body.type);
}

/**
 * @param {Config} config
 * @param {string} path
 * @param {Uint8Array} bytes
 * @param {string} [type]
 * @returns {Promise<number>}
 */
function put(config, path, bytes, type) {
  const { contentType, contentDisposition, contentEncoding, acl, storageClass, metadata } = putOptions(config, path, type);
  const { byteLength } = bytes;
  const stored = run(
    config,
    path,
    (id) =>
      config.handle.put(id, path, bytes, contentType, contentDisposition, contentEncoding, acl, storageClass, metadata),
    () => byteLength,
  );
  return byteLength <= COPIED ? stored : whileLent(config, path, bytes, stored);
}

/**
 * What comes of an upload of bytes that are sent from where they lie: an error if they lie there no more,
 * since something else may have been stored.
 * @param {Config} config
 * @param {string} path
 * @param {Uint8Array} bytes
 * @param {Promise<number>} stored
 * @returns {Promise<number>}
 */
function whileLent({ fields: { signal } }, path, bytes, stored) {
  /** @param {unknown} [cause] */
  const check = (cause) => {
    // An array of a detached buffer is empty.
    if (bytes.byteLength > 0) return;
    throw detached(path, cause);
  };
  return stored.then(
    (length) => {
      check();
      return length;
    },
    (error) => {
      // Who aborts the call may do with the buffer what he wants.
      if (error !== signal?.reason) check(error);
      throw error;
    },
  );
}

/**
 * @param {Config} config
 * @param {string} path
 */
function writer(config, path) {
  return new S3Writer(config, path, putOptions(config, path));
}

module.exports = { get, stream, stat, exists, remove, write, writer };
