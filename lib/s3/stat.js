"use strict";

/** What is known about an object. */
class S3Stat {
  /** @param {[number, string, number | null, string, string | null, ...string[]]} values the last ones are names and values in turn */
  constructor([size, etag, lastModified, type, versionId, ...metadata]) {
    this.size = size;
    this.etag = etag;
    this.lastModified = new Date(lastModified ?? NaN);
    this.type = type;
    if (versionId !== null) this.versionId = versionId;
    /** @type {Record<string, string>} */
    this.metadata = {};
    for (let index = 0; index < metadata.length; index += 2) {
      const name = /** @type {string} */ (metadata[index]);
      const property = { value: metadata[index + 1], enumerable: true, writable: true, configurable: true };
      // Whatever the name is: `__proto__` must not be set.
      Object.defineProperty(this.metadata, name, property);
    }
  }

  get [Symbol.toStringTag]() {
    return "S3Stat";
  }
}

module.exports = { S3Stat };
