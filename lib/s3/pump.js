"use strict";
/** Writing all that a source gives. */

const { toChunk } = require("./body.js");
const { leftBehind } = require("./errors.js");
const { untilAborted } = require("./run.js");

/** @typedef {import("./writer.js").S3Writer} S3Writer */

/**
 * Writes all chunks of a source; if it fails nothing is stored.
 * @param {AsyncIterable<unknown>} source
 * @param {S3Writer} writer
 * @param {AbortSignal} [signal]
 * @returns {Promise<number>} bytes of the object
 */
async function pump(source, writer, signal) {
  const chunks = source[Symbol.asyncIterator]();
  const work = pumpAll(chunks, writer);
  if (signal === undefined) return work;
  return untilAborted(signal, work, () => {
    // A Node stream that is waited for ends only so; its own error is the reason of the signal.
    if ("destroy" in source && typeof source.destroy === "function") source.destroy(signal.reason);
    else chunks.return?.().catch(() => {});
  });
}

/**
 * @param {AsyncIterator<unknown>} chunks
 * @param {S3Writer} writer
 * @returns {Promise<number>}
 */
async function pumpAll(chunks, writer) {
  try {
    for await (const chunk of { [Symbol.asyncIterator]: () => chunks }) await writer.push(toChunk(chunk));
  } catch (error) {
    const failure = await writer.abort();
    throw failure === undefined ? error : leftBehind(failure, error);
  }
  return writer.end();
}

module.exports = { pump };
