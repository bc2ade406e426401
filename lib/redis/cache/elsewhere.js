"use strict";
/**
 * What a client writes on another of its connections. There the reply may come before the connection with the cache is
 * told, so the cache forgets at the reply what it forgets at the call.
 */
const { beforeSettled } = require("../../port.js");
const { Outgoing } = require("../outgoing.js");
const { Kind, kindOf } = require("./kinds.js");

/** @typedef {import("../frame.js").Frame} Frame */

class OutgoingElsewhere extends Outgoing {
  /** @param {import("./cache.js").ClientCache} cache */
  constructor(cache) {
    super();
    this.cache = cache;
    /** What was written and may not be executed yet: a transaction is so with its last command. @type {Frame[]} */
    this.written = [];
    this.pending = 0;
  }

  /** @type {Outgoing["add"]} */
  add(frame, id, meta) {
    if (kindOf(frame) === Kind.WRITE) {
      this.cache.written(frame);
      this.written.push(frame);
    }
    this.pending++;
    beforeSettled(id, () => {
      for (const frame of this.written) this.cache.written(frame);
      if (--this.pending === 0) this.written = [];
    });
    super.add(frame, id, meta);
  }
}

module.exports = { OutgoingElsewhere };
