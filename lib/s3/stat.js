"use strict";

/** What is known about an object. */
class S3Stat {
  /** @param {[number, string, number | null, string]} values */
  constructor([size, etag, lastModified, type]) {
    this.size = size;
    this.etag = etag;
    this.lastModified = new Date(lastModified ?? NaN);
    this.type = type;
  }

  get [Symbol.toStringTag]() {
    return "S3Stat";
  }
}

module.exports = { S3Stat };
