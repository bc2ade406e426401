"use strict";
/** The connection on which a consumer waits for entries. */

/** @typedef {import("../client.js").RedisClient} RedisClient */

class Reader {
  /**
   * @param {RedisClient} client
   * @param {(receiver: unknown) => import("../sender.js").Sender} senderOf
   */
  constructor(client, senderOf) {
    this.client = client;
    this.senderOf = senderOf;
    /** @type {RedisClient | undefined} */
    this.own = undefined;
    this.closed = false;
  }

  async open() {
    this.own ??= await this.client.duplicate();
    if (this.closed) this.own.close();
    return this.senderOf(this.own);
  }

  close() {
    this.closed = true;
    this.own?.close();
  }
}

module.exports = { Reader };
