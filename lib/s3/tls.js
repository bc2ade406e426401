"use strict";
/** TLS settings: what the `tls` option says, over what Node's environment variables say. */

const { readFileSync } = require("node:fs");
const { coded } = require("./errors.js");

/**
 * @param {unknown} tls
 * @returns {import("../../binding.js").LaneTls}
 */
function resolveTls(tls) {
  const given = /** @type {Record<string, unknown>} */ (typeof tls === "object" && tls !== null ? tls : {});
  const ca = pems(given, "ca");
  const [cert] = pems(given, "cert");
  const [key] = pems(given, "key");
  const extra = process.env["NODE_EXTRA_CA_CERTS"];
  const reject = given["rejectUnauthorized"];
  const name = given["serverName"] ?? given["servername"];
  return {
    ca: ca.length > 0 ? ca : undefined,
    extraCa: extra ? [readFileSync(extra)] : undefined,
    cert,
    key,
    rejectUnauthorized:
      reject === undefined ? (process.env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0" ? false : undefined) : Boolean(reject),
    serverName: name === undefined ? undefined : String(name),
  };
}

/**
 * One or several PEM texts.
 * @param {Record<string, unknown>} given
 * @param {string} name
 * @returns {Uint8Array[]}
 */
function pems(given, name) {
  const value = given[name];
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]).map((item) => {
    if (typeof item === "string") return Buffer.from(item);
    if (ArrayBuffer.isView(item)) return Buffer.from(item.buffer, item.byteOffset, item.byteLength);
    throw coded(TypeError, "ERR_INVALID_ARG_TYPE", `tls.${name} must be a string or a buffer, or an array of them`);
  });
}

module.exports = { resolveTls };
