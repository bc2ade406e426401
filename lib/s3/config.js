"use strict";
/** A resolved set of options, and the native client that belongs to it. */

const { S3Handle } = require("../../binding.js");
const { port } = require("../port.js");
const { environment, proxyVariables } = require("./env.js");
const { layer, NOTHING, readOptions } = require("./options.js");
const { resolveTls } = require("./tls.js");

/** @typedef {import("./options.js").Fields} Fields */
/** @typedef {InstanceType<typeof S3Handle>} Handle */

/** The options that a native client is made of. @type {(keyof Fields)[]} */
const HANDLE_FIELDS = [
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "region",
  "endpoint",
  "bucket",
  "virtualHostedStyle",
  "requestPayer",
  "partSize",
  "queueSize",
  "retry",
  "checksumAlgorithm",
  "connectTimeout",
  "responseTimeout",
  "stallTimeout",
  "timeout",
  "proxy",
];

/** Native clients that are remembered; the one made first goes first. */
const CACHE_SIZE = 256;

/** @type {Map<string, Handle>} */
const handles = new Map();

class Config {
  /**
   * @param {Readonly<Fields>} fields
   * @param {unknown} [tls]
   */
  constructor(fields, tls) {
    this.fields = fields;
    this.tls = tls;
    /** @type {Handle | undefined} */
    this.made = undefined;
    /** Where the native client is the same. @type {Config | undefined} */
    this.origin = undefined;
    /** @type {Config | undefined} */
    this.bare = undefined;
  }

  /** This configuration without what belongs to one object. @returns {Config} */
  get withoutHeaders() {
    return (this.bare ??= this.with({ type: undefined, contentDisposition: undefined }));
  }

  /**
   * This configuration with some options replaced.
   * @param {Readonly<Fields>} over
   */
  with(over) {
    const fields = layer(this.fields, over);
    if (fields === this.fields) return this;
    const config = new Config(fields, this.tls);
    if (HANDLE_FIELDS.every((name) => over[name] === undefined)) config.origin = this;
    return config;
  }

  /**
   * This configuration with the options of a user over it.
   * @param {unknown} options
   */
  over(options) {
    return this.with(readOptions(options));
  }

  /** @returns {Handle} */
  get handle() {
    return (this.made ??= this.origin?.handle ?? this.#make());
  }

  #make() {
    return this.tls === undefined ? shared(this.fields) : make(this.fields, this.tls);
  }
}

/**
 * The native client for these options; equal options share one.
 * @param {Readonly<Fields>} fields
 */
function shared(fields) {
  const key = JSON.stringify(HANDLE_FIELDS.map((name) => fields[name]));
  let handle = handles.get(key);
  if (handle === undefined) {
    handle = make(fields, undefined);
    if (handles.size >= CACHE_SIZE) handles.delete(/** @type {string} */ (handles.keys().next().value));
    handles.set(key, handle);
  }
  return handle;
}

/**
 * @param {Readonly<Fields>} fields
 * @param {unknown} tls
 */
function make(fields, tls) {
  return new S3Handle(port, {
    accessKeyId: fields.accessKeyId,
    secretAccessKey: fields.secretAccessKey,
    sessionToken: fields.sessionToken,
    region: fields.region,
    endpoint: fields.endpoint,
    bucket: fields.bucket,
    virtualHostedStyle: fields.virtualHostedStyle,
    requestPayer: fields.requestPayer,
    partSize: fields.partSize,
    queueSize: fields.queueSize,
    retry: fields.retry,
    checksumAlgorithm: fields.checksumAlgorithm,
    connectTimeout: fields.connectTimeout,
    responseTimeout: fields.responseTimeout,
    stallTimeout: fields.stallTimeout,
    timeout: fields.timeout,
    proxy: fields.proxy,
    proxyVariables: fields.proxy === undefined ? proxyVariables() : undefined,
    tls: resolveTls(tls),
  });
}

/** What makes a store the same for a copy; it may be from bucket to bucket. @type {(keyof Fields)[]} */
const STORE_FIELDS = ["accessKeyId", "secretAccessKey", "sessionToken", "region", "endpoint", "virtualHostedStyle"];

/**
 * Whether one store holds the objects of both configurations, and can be told the bucket of each.
 * @param {Config} one
 * @param {Config} other
 */
function isSameStore({ fields: one }, { fields: other }) {
  const named = !other.virtualHostedStyle || other.bucket !== undefined;
  return named && STORE_FIELDS.every((name) => one[name] === other[name]);
}

/**
 * What the constructor of a client was given, over what the environment says.
 * @param {unknown} options
 */
function clientConfig(options) {
  const fields = readOptions(options);
  const tls = typeof options === "object" && options !== null ? /** @type {{ tls?: unknown }} */ (options).tls : undefined;
  // The content type of an object is not a property of the client.
  const { type: _, ...shared } = layer(baseConfig().fields, fields);
  return new Config(shared, tls);
}

/** @type {Config | undefined} */
let fromEnvironment;

/** What the environment alone says; the base of everything else. */
function baseConfig() {
  return (fromEnvironment ??= new Config(layer(NOTHING, environment())));
}

module.exports = { Config, baseConfig, clientConfig, isSameStore };
