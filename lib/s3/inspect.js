"use strict";
/** How clients and files look when they are printed: without secrets. */

const REDACTED = "[REDACTED]";

/**
 * @param {import("./config.js").Config} config
 * @returns {Record<string, unknown>}
 */
function visible(config) {
  const { fields } = config;
  /** @type {Record<string, unknown>} */
  const shown = { endpoint: endpoint(fields.endpoint), region: region(config) };
  if (fields.accessKeyId !== undefined) shown["accessKeyId"] = REDACTED;
  if (fields.secretAccessKey !== undefined) shown["secretAccessKey"] = REDACTED;
  if (fields.sessionToken !== undefined) shown["sessionToken"] = REDACTED;
  if (fields.acl !== undefined) shown["acl"] = fields.acl;
  shown["partSize"] = fields.partSize ?? 5_242_880;
  shown["queueSize"] = fields.queueSize ?? 5;
  shown["retry"] = fields.retry ?? 3;
  return shown;
}

/** @param {import("./config.js").Config} config */
function region(config) {
  try {
    return config.handle.region;
  } catch {
    // Options with which no request can be made, such as a certificate that is none, can be printed all the same.
    return config.fields.region ?? "";
  }
}

/** @param {string | undefined} text */
function endpoint(text) {
  if (text === undefined) return "https://s3.<region>.amazonaws.com";
  // Neither user information nor a query, which may hold secrets.
  return text.replace(/^[a-z][a-z\d+.-]*:\/\//i, "").replace(/^[^/]*@/, "").replace(/[?#].*$/s, "");
}

/**
 * @param {string} name
 * @param {string | undefined} label
 * @param {Record<string, unknown>} shown
 * @param {number} depth
 * @param {import("node:util").InspectOptions} options
 * @param {typeof import("node:util").inspect} inspect
 */
function show(name, label, shown, depth, options, inspect) {
  const head = label === undefined ? name : `${name} ("${label}")`;
  if (depth < 0) return head;
  return `${head} ${inspect(shown, { ...options, depth })}`;
}

/**
 * @param {import("./config.js").Config} config
 * @param {string | undefined} name
 * @param {number | undefined} offset where a slice begins
 * @param {number} depth
 * @param {import("node:util").InspectOptions} options
 * @param {typeof import("node:util").inspect} inspect
 */
function showFile(config, name, offset, depth, options, inspect) {
  const { bucket, type } = config.fields;
  /** @type {Record<string, unknown>} */
  const own = {};
  if (type !== undefined) own["type"] = type;
  if (offset !== undefined) own["offset"] = offset;
  return show("S3Ref", bucket === undefined ? name : `${bucket}/${name}`, { ...own, ...visible(config) }, depth, options, inspect);
}

module.exports = { visible, show, showFile };
