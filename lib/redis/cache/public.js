"use strict";
/** What users see of a client's cache. */

class RedisCache {
  /** @type {import("./cache.js").ClientCache} */
  #cache;

  /** @param {import("./cache.js").ClientCache} cache */
  constructor(cache) {
    this.#cache = cache;
  }

  get stats() {
    const { hits, misses, invalidations, expirations, store } = this.#cache;
    const { evictions, bytes, entries } = store;
    return { hits, misses, invalidations, expirations, evictions, bytes, entries: entries.size };
  }

  clear() {
    this.#cache.clear();
  }

  get [Symbol.toStringTag]() {
    return "RedisCache";
  }
}

module.exports = { RedisCache };
