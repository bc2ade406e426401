"use strict";
/** A lazy reference to an object: `S3File`. */

const { inspect } = require("node:util");
const { lazily } = require("../lazily.js");
const { coded, wrongArgument } = require("./errors.js");
const { ORIGIN } = require("./origin.js");
const { bucketOf, nameOf, readPath } = require("./path.js");

/** @typedef {import("./config.js").Config} Config */
/** @typedef {import("./range.js").Slice} Slice */

const decoding = lazily(() => require("./decode.js"));
const inspection = lazily(() => require("./inspect.js"));
const operations = lazily(() => require("./operations.js"));
const presigning = lazily(() => require("./presign.js"));
const ranges = lazily(() => require("./range.js"));

/** @type {import("./range.js").Slice[]} */
const WHOLE = [];
const SECRET = Symbol("S3File");

/**
 * An object in S3 that behaves like a `Blob`. Nothing is requested before a method asks for it.
 */
class S3File {
  #config;
  #path;
  #slices;
  /** @type {string | undefined} */
  #label;

  /**
   * @param {symbol} secret
   * @param {Config} config
   * @param {string} path
   * @param {Slice[]} slices
   */
  constructor(secret, config, path, slices) {
    if (secret !== SECRET) throw coded(TypeError, "ERR_ILLEGAL_CONSTRUCTOR", "S3File is made by file()");
    this.#config = config;
    this.#path = path;
    this.#slices = slices;
  }

  /**
   * What the static methods of the client need to know.
   * @param {S3File} file
   * @returns {{ config: Config, path: string }}
   */
  static reach(file) {
    return { config: file.#config, path: file.#path };
  }

  /** @param {unknown} value @returns {value is S3File} */
  static is(value) {
    return typeof value === "object" && value !== null && #path in value;
  }

  /** Where the object is, unless this is a part of it. @returns {import("./origin.js").Origin | undefined} */
  get [ORIGIN]() {
    if (!isS3File(this) || this.#slices.length > 0) return undefined;
    return { config: this.#config, path: this.#path, stream: () => /** @type {any} */ (this.stream()) };
  }

  get name() {
    return this.#label ?? nameOf(this.#path);
  }

  set name(name) {
    if (typeof name === "string") this.#label = name;
  }

  get bucket() {
    const { bucket } = this.#config.fields;
    if (bucket !== undefined) return bucket;
    return bucketOf(this.#path);
  }

  get type() {
    return this.#config.fields.type ?? "";
  }

  get size() {
    return ranges().sizeOfSlices(this.#slices);
  }

  get lastModified() {
    return ranges().OPEN_END;
  }

  get readable() {
    return this.stream();
  }

  /** @param {unknown} [options] */
  bytes(options = undefined) {
    try {
      const file = this.#with(options);
      const range = file.#range();
      return range instanceof Promise ? range.then((found) => file.#get(found)) : file.#get(range);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** @param {unknown} [options] */
  async arrayBuffer(options = undefined) {
    return (await this.bytes(options)).buffer;
  }

  /** @param {unknown} [options] */
  async text(options = undefined) {
    return decoding().decode(await this.bytes(options));
  }

  /** @param {unknown} [options] */
  async json(options = undefined) {
    return JSON.parse(await this.text(options));
  }

  /** @param {unknown} [options] */
  async formData(options = undefined) {
    const bytes = await this.bytes(options);
    const type = this.type || (await this.stat(options)).type;
    return decoding().decodeForm(bytes, type);
  }

  /**
   * @param {unknown} [chunkSize] has no effect: pieces are as large as they arrive; may be left out
   * @param {unknown} [options]
   */
  stream(chunkSize, options = typeof chunkSize === "object" ? chunkSize : undefined) {
    if (chunkSize !== undefined && chunkSize !== options && typeof chunkSize !== "number") {
      throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "chunkSize must be a number");
    }
    const file = this.#with(options);
    return operations().stream(file.#config, file.#path, () => file.#range());
  }

  /**
   * @param {number | string} [begin]
   * @param {number | string} [end]
   * @param {string} [contentType]
   */
  slice(begin, end, contentType = undefined) {
    const type = [begin, end, contentType].find((argument) => typeof argument === "string");
    // A slice is what its caller says it is, as with any Blob.
    const config = this.#config.with({ type: undefined }).over({ type });
    const { addSlice, readOffset } = ranges();
    const slices = addSlice(this.#slices, readOffset(begin) ?? 0, readOffset(end));
    const slice = new S3File(SECRET, config, this.#path, slices);
    slice.#label = this.#label;
    return slice;
  }

  /** @param {unknown} [options] */
  async stat(options) {
    return operations().stat(this.#config.over(options), this.#path);
  }

  /** @param {unknown} [options] */
  async exists(options = undefined) {
    return operations().exists(this.#config.over(options), this.#path);
  }

  /** @param {unknown} [options] */
  delete(options = undefined) {
    return operations().remove(this.#config.over(options), this.#path);
  }

  /** @param {unknown} [options] */
  unlink(options = undefined) {
    return operations().remove(this.#config.over(options), this.#path);
  }

  /**
   * @param {unknown} data
   * @param {unknown} [options]
   */
  write(data, options) {
    if (options !== undefined && typeof options !== "object") {
      throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "Expected options to be a object for 'write'.");
    }
    let config;
    try {
      config = this.#config.over(options);
    } catch (error) {
      return Promise.reject(error);
    }
    return operations().write(config, this.#path, data);
  }

  /** @param {unknown} [options] */
  writer(options) {
    if (options !== undefined && typeof options !== "object") {
      throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "options must be an object or undefined");
    }
    const type = /** @type {{ type?: unknown } | null | undefined} */ (options)?.type;
    if (type !== undefined && type !== null && typeof type !== "string") {
      throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "Expected options.type to be a string for 'write'.");
    }
    return operations().writer(this.#config.over(options), this.#path);
  }

  /** @param {unknown} [options] */
  presign(options) {
    if (!isS3File(this)) throw coded(TypeError, "ERR_INVALID_THIS", "Expected a S3File instance");
    return presignAt(this.#config, this.#path, options, arguments.length > 0);
  }

  get [Symbol.toStringTag]() {
    return "S3File";
  }

  /**
   * @param {number} depth
   * @param {import("node:util").InspectOptions} options
   * @param {typeof inspect} print
   */
  [inspect.custom](depth, options, print) {
    return inspection().showFile(this.#config, this.name, this.#slices[0]?.begin, depth, options, print);
  }

  /**
   * This file with the options of one call.
   * @param {unknown} options
   * @returns {S3File}
   */
  #with(options) {
    if (options === undefined) return this;
    return new S3File(SECRET, this.#config.over(options), this.#path, this.#slices);
  }

  /**
   * @param {import("./range.js").Range | "empty"} range
   * @returns {Promise<Uint8Array<ArrayBuffer>>}
   */
  #get(range) {
    return range === "empty" ? Promise.resolve(new Uint8Array(0)) : operations().get(this.#config, this.#path, range);
  }

  #range() {
    return ranges().rangeOf(this.#slices, async () => (await this.stat()).size);
  }
}

// An S3File counts as a Blob, but making one must not cost a real Blob.
Object.setPrototypeOf(S3File.prototype, Blob.prototype);
// Node knows real Blobs by this symbol and takes everything else for text: `new Blob([file])` would
// hold the words "[object S3File]". What cannot be read at once is refused instead.
const handle = Object.getOwnPropertySymbols(new Blob([])).find(({ description }) => description === "kHandle");
if (handle !== undefined) {
  Object.defineProperty(S3File.prototype, handle, {
    get() {
      const message = "An object in S3 is no Blob before it is read: pass await file.bytes()";
      throw coded(TypeError, "ERR_INVALID_ARG_TYPE", message);
    },
  });
}

const { reach, is: isS3File } = S3File;
// Users see the class; its back doors stay here.
Reflect.deleteProperty(S3File, "reach");
Reflect.deleteProperty(S3File, "is");

/**
 * A presigned URL; headers of the file itself are not bound to it, only those of this call. Its ACL
 * and storage class are, but only if there is an argument for options, as in Bun.
 * @param {Config} config
 * @param {string} path
 * @param {unknown} options
 * @param {boolean} inherit
 */
function presignAt(config, path, options, inherit) {
  return presigning().presign(config.withoutHeaders.over(options), path, options, inherit);
}

/**
 * @param {Config} base
 * @param {string} path
 * @param {unknown} options
 */
function openFile(base, path, options) {
  const config = base.over(options);
  return new S3File(SECRET, config, path, WHOLE);
}

/**
 * An object named by an `s3://` URL; credentials come from the options, then from the environment.
 * @param {Config} base
 * @param {unknown} url
 * @param {unknown} options
 */
function openUrl(base, url, options) {
  const path = readPath(url);
  if (path === undefined || !path.startsWith("s3://")) throw wrongArgument("path", "an s3:// URL", url);
  return openFile(base, path, options);
}

module.exports = { S3File, reach, isS3File, openFile, openUrl, presignAt };
