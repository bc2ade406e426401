"use strict";
/** Lua scripts that are sent once and then called by their digest. Loaded at first use. */
const { createHash } = require("node:crypto");
const { coded, invalidArgument } = require("../errors.js");
const { Call, readCall, readOptions } = require("./call.js");
const { onEveryPrimary } = require("./everywhere.js");

/** What the server says when it does not have a script; an error of the script itself never begins like this. */
const MISSING = /^NOSCRIPT No matching script/;

/**
 * @typedef {import("../sender.js").Sender} Sender
 * @typedef {(target: unknown, method: string) => Sender} SenderOf
 */

class RedisScript {
  /** @type {SenderOf} */
  #senderOf;
  /** @type {unknown} */
  #target;
  /** @type {Text} */
  #text;
  /** @type {import("./call.js").Options} */
  #options;

  /**
   * @param {SenderOf} senderOf
   * @param {unknown} target what the script runs on
   * @param {Text} text
   * @param {import("./call.js").Options} options
   */
  constructor(senderOf, target, text, options) {
    this.#senderOf = senderOf;
    this.#target = target;
    this.#text = text;
    this.#options = options;
  }

  get lua() {
    return this.#text.lua;
  }

  get sha1() {
    return this.#text.sha1;
  }

  /** @param {unknown} target */
  on(target) {
    return new RedisScript(this.#senderOf, target, this.#text, this.#options);
  }

  /**
   * @param {unknown} [keys]
   * @param {unknown} [args]
   */
  run(keys, args) {
    const sender = this.#senderOf(this.#target, "run");
    const tail = readCall(keys, args, this.#options);
    const { readOnly } = this.#options;
    const whole = new Call(readOnly ? "EVAL_RO" : "EVAL", this.lua, tail);
    // What is gathered now and sent later cannot be said in other words when the answer has come.
    if (sender.builder !== undefined) return whole.issue(sender);
    const short = new Call(readOnly ? "EVALSHA_RO" : "EVALSHA", this.sha1, tail);
    return short.issue(sender).catch((/** @type {any} */ error) => {
      if (!MISSING.test(error?.message)) throw error;
      return whole.issue(sender);
    });
  }

  async load() {
    const sender = this.#senderOf(this.#target, "load");
    await onEveryPrimary(sender, "SCRIPT", ["LOAD", this.lua]);
    return this.sha1;
  }

  get [Symbol.toStringTag]() {
    return "RedisScript";
  }
}

/** A script with its digest, which is found when it is needed. */
class Text {
  /** @param {string} lua */
  constructor(lua) {
    this.lua = lua;
    /** @type {string | undefined} */
    this.digest = undefined;
  }

  get sha1() {
    return (this.digest ??= createHash("sha1").update(this.lua).digest("hex"));
  }
}

/**
 * @param {SenderOf} senderOf
 * @param {unknown} target
 * @param {unknown} lua
 * @param {unknown} options
 */
function defineScript(senderOf, target, lua, options) {
  if (typeof lua !== "string") throw invalidArgument("lua", "a string", "defineScript");
  if (lua === "") throw coded(TypeError, "ERR_INVALID_ARG_VALUE", "Expected lua to be a script for 'defineScript'.");
  return new RedisScript(senderOf, target, new Text(lua), readOptions(options, "defineScript"));
}

module.exports = { defineScript };
