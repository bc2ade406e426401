"use strict";
/** `S3Client`: the operations on paths, as methods and as statics. */

const { inspect } = require("node:util");
// Loaded with the package: what it takes may be replaced later.
require("../turn.js");
const { lazily } = require("../lazily.js");
const { coded, wrongArgument, wrongReceiver } = require("./errors.js");
const { isS3File, openFile, presignAt, reach } = require("./file.js");
const { readPath } = require("./path.js");

const configs = lazily(() => require("./config.js"));
const inspection = lazily(() => require("./inspect.js"));
const listing = lazily(() => require("./listing.js"));
const operations = lazily(() => require("./operations.js"));

/** @typedef {import("./config.js").Config} Config */

/** Makes the shared client, which does not read the environment yet. */
const FROM_ENVIRONMENT = Symbol("from environment");

/**
 * Options and credentials that are shared by all operations of one client.
 */
class S3Client {
  /** @type {Config | undefined} */
  #resolved;

  /** @param {unknown} [options] */
  constructor(options = undefined) {
    if (options === FROM_ENVIRONMENT) return;
    this.#resolved = configs().clientConfig(options);
  }

  /**
   * The configuration of a client, which the shared one reads at its first use.
   * @param {unknown} client
   * @returns {Config}
   */
  static #of(client) {
    if (typeof client !== "object" || client === null || !(#resolved in client)) throw wrongReceiver("S3Client", client);
    return (client.#resolved ??= configs().baseConfig());
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  file(path, options) {
    return openFile(S3Client.#of(this), pathFor(path, arguments.length, ""), options);
  }

  /**
   * @param {unknown} path
   * @param {unknown} data
   * @param {unknown} [options]
   */
  write(path, data, options = undefined) {
    const text = pathFor(path, 0, "to write to");
    if (arguments.length < 2) throw coded(TypeError, "ERR_MISSING_ARGS", "Expected a Blob-y thing to write");
    return operations().write(S3Client.#of(this).over(options), text, data);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  delete(path, options) {
    const text = pathFor(path, 0, "to unlink");
    return operations().remove(S3Client.#of(this).over(options), text);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  unlink(path, options) {
    const text = pathFor(path, 0, "to unlink");
    return operations().remove(S3Client.#of(this).over(options), text);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  exists(path, options) {
    const text = pathFor(path, arguments.length, "to check if it exists");
    return operations().exists(S3Client.#of(this).over(options), text);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  size(path, options) {
    const text = pathFor(path, arguments.length, "to check the size of");
    return operations().stat(S3Client.#of(this).over(options), text).then(({ size }) => size);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  stat(path, options) {
    const text = pathFor(path, arguments.length, "to check the stat of");
    return operations().stat(S3Client.#of(this).over(options), text);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  presign(path, options) {
    return presignAt(S3Client.#of(this), pathFor(path, arguments.length, "to presign"), options, arguments.length > 1);
  }

  /**
   * @param {unknown} input
   * @param {unknown} options
   */
  list(input, options) {
    return listing().list(S3Client.#of(this).over(options), input);
  }

  /**
   * @param {unknown} input
   * @param {unknown} options
   */
  listVersions(input, options) {
    return listing().listVersions(S3Client.#of(this).over(options), input);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  static file(path, options) {
    const text = readPath(path);
    if (text === undefined) throw coded(TypeError, "ERR_INVALID_ARG_TYPE", "Expected file path string");
    return openFile(configs().baseConfig(), text, options);
  }

  /**
   * @param {unknown} path
   * @param {unknown} data
   * @param {unknown} [options]
   */
  static write(path, data, options = undefined) {
    const place = target(path, options, "upload");
    if (arguments.length < 2) throw coded(TypeError, "ERR_MISSING_ARGS", "Expected a Blob-y thing to upload");
    return operations().write(place.config, place.path, data);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  static delete(path, options) {
    const place = target(path, options, "delete");
    return operations().remove(place.config, place.path);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  static unlink(path, options) {
    const place = target(path, options, "delete");
    return operations().remove(place.config, place.path);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  static exists(path, options) {
    const place = target(path, options, "check if it exists");
    return operations().exists(place.config, place.path);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  static size(path, options) {
    const place = target(path, options, "get size");
    return operations().stat(place.config, place.path).then(({ size }) => size);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  static stat(path, options) {
    const place = target(path, options, "get size");
    return operations().stat(place.config, place.path);
  }

  /**
   * @param {unknown} path
   * @param {unknown} options
   */
  static presign(path, options) {
    if (!isS3File(path)) {
      const place = target(path, undefined, "presign");
      return presignAt(place.config, place.path, options, arguments.length > 1);
    }
    const { config, path: text } = reach(path);
    return presignAt(config, text, options, arguments.length > 1);
  }

  /**
   * @param {unknown} input
   * @param {unknown} options
   */
  static list(input, options) {
    return listing().list(configs().baseConfig().over(options), input);
  }

  /**
   * @param {unknown} input
   * @param {unknown} options
   */
  static listVersions(input, options) {
    return listing().listVersions(configs().baseConfig().over(options), input);
  }

  get [Symbol.toStringTag]() {
    return "S3Client";
  }

  /**
   * @param {number} depth
   * @param {import("node:util").InspectOptions} options
   * @param {typeof inspect} print
   */
  [inspect.custom](depth, options, print) {
    const { fields } = S3Client.#of(this);
    const { show, visible } = inspection();
    return show("S3Client", fields.bucket, visible(S3Client.#of(this)), depth, options, print);
  }
}

/**
 * @param {unknown} path
 * @param {number} count of arguments; 0 to tell a wrong type like an absent argument
 * @param {string} purpose
 */
function pathFor(path, count, purpose) {
  const text = readPath(path);
  if (text !== undefined) return text;
  if (count === 0) throw coded(TypeError, "ERR_MISSING_ARGS", `Expected a path ${purpose}`);
  throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `Expected a path ${purpose}`.trim());
}

/**
 * What a static method works on: a path with the environment's configuration, or a file.
 * @param {unknown} path
 * @param {unknown} options
 * @param {string} purpose
 */
function target(path, options, purpose) {
  if (isS3File(path)) {
    const place = reach(path);
    return { config: place.config.over(options), path: place.path };
  }
  if (path instanceof Blob || typeof path === "number") {
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `Expected a S3 or path to ${purpose}`);
  }
  const text = readPath(path);
  if (text === undefined) throw wrongArgument("destination", "of type path, file descriptor, or Blob", path);
  return { config: configs().baseConfig().over(options), path: text };
}

/** The client that takes everything from the environment; it is read at first use. */
const s3 = new S3Client(FROM_ENVIRONMENT);

module.exports = { S3Client, s3 };
