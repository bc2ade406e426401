"use strict";
const { lazily } = require("../lazily.js");
const { S3Client, s3 } = require("./client.js");
const { coded, S3Error, wrongArgument } = require("./errors.js");
const { isS3File, openUrl, S3File } = require("./file.js");

const configs = lazily(() => require("./config.js"));

/**
 * The object that an `s3://` URL names.
 * @param {unknown} url
 * @param {unknown} [options]
 */
function file(url, options) {
  return openUrl(configs().baseConfig(), url, options);
}

/**
 * Writes an object. `destination` is an S3File or an `s3://` URL.
 * @param {unknown} destination
 * @param {unknown} data
 * @param {unknown} [options]
 * @returns {Promise<number>} bytes of the object
 */
function write(destination, data, options) {
  if (isS3File(destination)) return destination.write(data, options);
  if (typeof destination !== "string") {
    throw wrongArgument("destination", "an S3File or an s3:// URL", destination);
  }
  if (arguments.length < 2) throw coded(TypeError, "ERR_MISSING_ARGS", "Expected a Blob-y thing to write");
  return openUrl(configs().baseConfig(), destination, undefined).write(data, options);
}

module.exports = {
  s3,
  S3Client,
  S3File,
  S3Error,
  file,
  write,
};
