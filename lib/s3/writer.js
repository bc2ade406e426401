"use strict";
/** Writing an object piece by piece, with back-pressure. */

const { call, port } = require("../port.js");
const { toBytes } = require("./body.js");
const { coded, detached, failedAt, leftBehind } = require("./errors.js");
const { MIN_PART_SIZE } = require("./options.js");
const { onAbort, run } = require("./run.js");
const { S3Stat } = require("./stat.js");

/** Small writes are gathered in chunks of this size before they cross to the native side. */
const CHUNK_SIZE = 256 * 1024;
/** Chunks from this size on are not gathered. */
const OWN_CHUNK = 64 * 1024;
/** Bytes of a source that wait at most: the upload gathers a part itself. */
const PUSHED = 1024 * 1024;

/** @typedef {{ resolve: (value: number) => void, reject: (reason: unknown) => void, value: number }} Waiter */

/** Does nothing: marks a rejection as seen, because it is also told by `end()`. */
const seen = () => {};

/**
 * The sink that `S3File.writer()` returns. Nothing is stored before `end()`.
 */
class S3Writer {
  #config;
  #path;
  #upload;
  #highWaterMark;
  /** @type {Buffer | undefined} */
  #chunk;
  #used = 0;
  /** Pieces that wait; of those without bytes the native side has a copy. @type {{ length: number, bytes?: Uint8Array }[]} */
  #queue = [];
  /** Bytes that were written and not yet taken by the upload. */
  #waiting = 0;
  #written = 0;
  #flushed = 0;
  /** @type {Promise<void> | undefined} */
  #draining;
  /** @type {Waiter[]} */
  #waiters = [];
  /** @type {{ error: unknown } | undefined} */
  #failure;
  /** @type {Promise<number> | undefined} */
  #ended;
  #retained = false;
  #leaveSignal;

  /**
   * @param {import("./config.js").Config} config
   * @param {string} path
   * @param {import("../../binding.js").PutInit} options
   * @param {number} [length] bytes of the object, if that is known
   */
  constructor(config, path, options, length) {
    this.#config = config;
    this.#path = path;
    this.#upload = config.handle.upload(path, options, length);
    this.#highWaterMark = config.fields.highWaterMark ?? config.fields.partSize ?? MIN_PART_SIZE;
    const { signal } = config.fields;
    this.#leaveSignal = onAbort(signal, () => {
      this.#failure ??= { error: signal?.reason };
      this.#wake();
      // What fails now is told by nobody: the reason of the signal is what counts.
      this.abort();
    });
  }

  /**
   * Adds data. Returns how much was taken, or a promise of that once the upload has caught up:
   * await it, and memory stays bounded. A string of Latin-1 counts its characters, any other its
   * UTF-8 bytes, as in Bun.
   * @param {string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer} chunk
   * @returns {number | Promise<number>}
   */
  write(chunk) {
    const bytes = toBytes(chunk);
    if (bytes === undefined) {
      const code =
        arguments.length === 0
          ? "ERR_MISSING_ARGS"
          : chunk === null || chunk === undefined
            ? "ERR_STREAM_NULL_VALUES"
            : "ERR_INVALID_ARG_TYPE";
      throw coded(TypeError, code, "write() expects a string, ArrayBufferView, or ArrayBuffer");
    }
    if (this.#ended !== undefined || this.#failure !== undefined) return 0;
    const length = typeof chunk === "string" && !/[^\0-\xff]/.test(chunk) ? chunk.length : bytes.byteLength;
    // The caller may change a view afterwards; the bytes of a string are known to nobody else.
    this.#add(bytes, typeof chunk === "string");
    return this.#waiting < this.#highWaterMark ? length : this.#room(length);
  }

  /**
   * Waits until everything written so far was taken and all full parts are stored.
   * @returns {Promise<number>} bytes of the parts since the last flush
   */
  async flush() {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended !== undefined) return 0;
    const { partSize = MIN_PART_SIZE } = this.#config.fields;
    const inParts = this.#written - (this.#written % partSize);
    const flushed = inParts - this.#flushed;
    this.#flushed = inParts;
    await this.#idle();
    await this.#run((id) => this.#upload.flush(id));
    return flushed;
  }

  /**
   * Stores the object, or drops everything if an error is given.
   * @param {Error} [error]
   * @returns {Promise<number>} bytes of the object
   */
  end(error) {
    if (this.#ended !== undefined) return this.#ended;
    if (error !== undefined && error !== null) {
      this.#ended = this.abort().then((failure) => {
        throw failure === undefined ? error : leftBehind(failure, error);
      });
      this.#ended.catch(seen);
      return this.#ended;
    }
    this.#ended = this.#finish().finally(() => {
      this.unref();
      this.#leaveSignal();
    });
    return this.#ended;
  }

  /** Stores the object in the background. */
  close() {
    this.end();
  }

  /** @param {{ highWaterMark?: number }} [options] */
  start(options) {
    const mark = options?.highWaterMark;
    if (typeof mark === "number" && mark > 0) this.#highWaterMark = mark;
  }

  /** Asks what is known about the object; of use after `end()`. */
  async stat() {
    return new S3Stat(await run(this.#config, this.#path, (id) => this.#config.handle.stat(id, this.#path)));
  }

  /** Keeps the process alive until `end()`. */
  ref() {
    if (this.#retained || this.#ended !== undefined) return;
    this.#retained = true;
    port.retain();
  }

  /** Lets the process exit although `end()` was not called. */
  unref() {
    if (!this.#retained) return;
    this.#retained = false;
    port.release();
  }

  get [Symbol.toStringTag]() {
    return "NetworkSink";
  }

  /**
   * Adds a chunk that nobody changes any more.
   * @param {Uint8Array} bytes
   * @returns {Promise<number> | undefined} a promise when the upload has to catch up
   */
  push(bytes) {
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#add(bytes, true);
    return this.#waiting < PUSHED ? undefined : this.#room(bytes.byteLength);
  }

  /**
   * Drops the upload; what was stored of it is removed.
   * @returns {Promise<import("./errors.js").S3Error | undefined>} why something is left behind
   */
  async abort() {
    this.#queue.length = 0;
    this.#chunk = undefined;
    this.#used = 0;
    if (this.#failure === undefined) this.#ended ??= Promise.resolve(0);
    this.unref();
    this.#leaveSignal();
    // An upload that failed has been dropped already.
    return call((id) => this.#upload.abort(id), failedAt(this.#path)).then(
      () => undefined,
      (failure) => failure,
    );
  }

  /**
   * @param {Uint8Array} bytes
   * @param {boolean} owned
   */
  #add(bytes, owned) {
    const { byteLength } = bytes;
    if (byteLength === 0) return;
    this.#waiting += byteLength;
    this.#written += byteLength;
    if (byteLength >= OWN_CHUNK) {
      this.#seal();
      this.#submit(owned ? { length: byteLength, bytes } : this.#copied(bytes));
      return;
    }
    if (this.#chunk !== undefined && this.#used + byteLength > CHUNK_SIZE) this.#seal();
    this.#chunk ??= Buffer.allocUnsafeSlow(CHUNK_SIZE);
    this.#chunk.set(bytes, this.#used);
    this.#used += byteLength;
  }

  /** Hands the gathered chunk over. */
  #seal() {
    if (this.#chunk === undefined || this.#used === 0) return;
    const bytes = this.#chunk.subarray(0, this.#used);
    this.#used = 0;
    this.#submit(this.#copied(bytes));
  }

  /**
   * Hands over a copy of bytes: they may be changed at once, and the copy is freed as soon as it is sent.
   * @param {Uint8Array} bytes
   */
  #copied(bytes) {
    this.#upload.copy(bytes);
    return { length: bytes.byteLength };
  }

  /** @param {{ length: number, bytes?: Uint8Array }} piece */
  #submit(piece) {
    this.#queue.push(piece);
    this.#draining ??= this.#drain();
  }

  async #drain() {
    for (let next; this.#failure === undefined && (next = this.#queue.shift()) !== undefined; ) {
      const { length, bytes } = next;
      if (bytes !== undefined && bytes.byteLength !== length) {
        await this.#fail(detached(this.#path));
        break;
      }
      const start = (/** @type {number} */ id) => (bytes === undefined ? this.#upload.writeCopy(id) : this.#upload.write(id, bytes));
      await this.#run(start).catch(seen);
      this.#waiting -= length;
      if (this.#waiting < this.#highWaterMark) this.#wake();
    }
    this.#draining = undefined;
    this.#wake();
  }

  /**
   * Ends the upload for a reason that the core does not know.
   * @param {import("./errors.js").S3Error} error
   */
  async #fail(error) {
    const failure = (this.#failure ??= { error });
    const left = await this.abort();
    if (left !== undefined) failure.error = leftBehind(left, error);
  }

  /** Waits until all that was written has been taken. */
  async #idle() {
    this.#seal();
    await this.#draining;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #finish() {
    // After a failure nothing is left to be dropped: the core has done that, or the signal does.
    await this.#idle();
    return this.#run((id) => this.#upload.finish(id));
  }

  /**
   * Starts a native call; the first failure is kept and told again by everything that follows.
   * @param {(id: number) => void} start
   * @returns {Promise<any>}
   */
  async #run(start) {
    try {
      return await call(start, failedAt(this.#path));
    } catch (error) {
      this.#failure ??= { error };
      throw this.#failure.error;
    }
  }

  /**
   * @param {number} value
   * @returns {Promise<number>}
   */
  #room(value) {
    // Bytes in an unsealed chunk would never drain.
    this.#seal();
    const promise = new Promise((resolve, reject) => this.#waiters.push({ resolve, reject, value }));
    promise.catch(seen);
    return promise;
  }

  #wake() {
    for (const { resolve, reject, value } of this.#waiters.splice(0)) {
      if (this.#failure === undefined) resolve(value);
      else reject(this.#failure.error);
    }
  }
}

module.exports = { S3Writer };
