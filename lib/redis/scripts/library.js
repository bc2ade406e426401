"use strict";
/** Libraries of functions that the server keeps. Loaded at first use. */
const { coded, invalidArgument } = require("../errors.js");
const { Call, readCall, readOptions } = require("./call.js");
const { onEveryPrimary } = require("./everywhere.js");

/** The first line of a library: the engine and the library's name. */
const SHEBANG = /^#!\w+[^\n]*?\sname=(\w+)/;
const MISSING = /^ERR Function not found/;
const EXISTS = /^ERR Library .* already exists/;

/**
 * @typedef {import("../sender.js").Sender} Sender
 * @typedef {import("./script.js").SenderOf} SenderOf
 */

class RedisLibrary {
  /** @type {SenderOf} */
  #senderOf;
  /** @type {unknown} */
  #target;

  /**
   * @param {SenderOf} senderOf
   * @param {unknown} target where the library is
   * @param {string} name
   * @param {string} code
   */
  constructor(senderOf, target, name, code) {
    this.#senderOf = senderOf;
    this.#target = target;
    this.name = name;
    this.code = code;
  }

  /** @param {unknown} target */
  on(target) {
    return new RedisLibrary(this.#senderOf, target, this.name, this.code);
  }

  /** @param {unknown} [options] */
  async load(options = {}) {
    if (typeof options !== "object" || options === null) throw invalidArgument("options", "an object", "load");
    const { replace = true } = /** @type {{ replace?: boolean }} */ (options);
    const sender = this.#senderOf(this.#target, "load");
    await onEveryPrimary(sender, "FUNCTION", ["LOAD", ...(replace ? ["REPLACE"] : []), this.code]);
    return this.name;
  }

  /**
   * @param {unknown} name
   * @param {unknown} [options]
   */
  function(name, options) {
    if (typeof name !== "string") throw invalidArgument("name", "a string", "function");
    return new RedisFunction(this.#senderOf, this.#target, this, name, readOptions(options, "function"));
  }

  get [Symbol.toStringTag]() {
    return "RedisLibrary";
  }
}

class RedisFunction {
  /** @type {SenderOf} */
  #senderOf;
  /** @type {unknown} */
  #target;
  /** @type {RedisLibrary} */
  #library;
  /** @type {import("./call.js").Options} */
  #options;

  /**
   * @param {SenderOf} senderOf
   * @param {unknown} target
   * @param {RedisLibrary} library
   * @param {string} name
   * @param {import("./call.js").Options} options
   */
  constructor(senderOf, target, library, name, options) {
    this.#senderOf = senderOf;
    this.#target = target;
    this.#library = library;
    this.#options = options;
    this.name = name;
  }

  /** @param {unknown} target */
  on(target) {
    return new RedisFunction(this.#senderOf, target, this.#library, this.name, this.#options);
  }

  /**
   * @param {unknown} [keys]
   * @param {unknown} [args]
   */
  run(keys, args) {
    const sender = this.#senderOf(this.#target, "run");
    const tail = readCall(keys, args, this.#options);
    const call = new Call(this.#options.readOnly ? "FCALL_RO" : "FCALL", this.name, tail);
    // What is gathered now and sent later cannot wait for the library.
    if (sender.builder !== undefined) return call.issue(sender);
    return call.issue(sender).catch((/** @type {any} */ error) => {
      if (!MISSING.test(error?.message)) throw error;
      // A library that is there already stays as it is, for it may be newer.
      const loaded = onEveryPrimary(sender, "FUNCTION", ["LOAD", this.#library.code], EXISTS);
      return loaded.then(() => call.issue(sender));
    });
  }

  get [Symbol.toStringTag]() {
    return "RedisFunction";
  }
}

/**
 * @param {SenderOf} senderOf
 * @param {unknown} target
 * @param {unknown} code
 */
function defineLibrary(senderOf, target, code) {
  if (typeof code !== "string") throw invalidArgument("code", "a string", "defineLibrary");
  const name = SHEBANG.exec(code)?.[1];
  if (name === undefined) {
    const message = "Expected code to begin with a line such as '#!lua name=library' for 'defineLibrary'.";
    throw coded(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  return new RedisLibrary(senderOf, target, name, code);
}

module.exports = { defineLibrary };
