"use strict";
/** The `tls` option, checked as Bun checks it. */
const { readFileSync } = require("node:fs");
const { coded } = require("./errors.js");

const PEM = "of type string, ArrayBuffer, Blob, array of <string, ArrayBuffer, or Blob>, or null";
/** Known to Bun and of no use here, or harmless when left out. */
const IGNORED = [
  "ALPNProtocols", "clientRenegotiationLimit", "clientRenegotiationWindow", "dhParamsFile", "lowMemoryMode",
  "requestCert", "sessionTimeout",
];
/** What a connection would be less safe without is refused and not ignored. */
const REFUSED = ["ciphers", "crl", "ecdhCurve", "maxVersion", "minVersion", "passphrase", "secureOptions", "sigalgs"];

/** @typedef {import("../../binding.js").LaneTls} LaneTls */

/**
 * @param {unknown} tls the option's value
 * @param {boolean} scheme whether the URL's scheme asks for TLS
 * @returns {LaneTls | undefined} `undefined` for a connection without TLS
 */
function resolveTls(tls, scheme) {
  if (tls === undefined || tls === null || typeof tls === "boolean") {
    return tls === true || scheme ? withEnvironment({}) : undefined;
  }
  if (typeof tls !== "object" && typeof tls !== "function") {
    throw invalid("Expected tls to be a boolean or object for 'tls'.");
  }
  if (Array.isArray(tls)) throw invalid("TLSOptions must be an object");
  const given = /** @type {Record<string, unknown>} */ (tls);
  const ca = [...pems(given, "ca"), ...file(given, "caFile")];
  const [cert] = [...pems(given, "cert"), ...file(given, "certFile")];
  const [key] = [...pems(given, "key"), ...file(given, "keyFile")];
  const name = text(given, "serverName") ?? text(given, "servername", "serverName");
  const rejectUnauthorized = given["rejectUnauthorized"] ?? undefined;
  if (rejectUnauthorized !== undefined && typeof rejectUnauthorized !== "boolean") {
    throw invalid("TLSOptions.rejectUnauthorized must be a boolean");
  }
  // A server that asks for a certificate would be shown none.
  if ((cert === undefined) !== (key === undefined)) throw invalid("TLSOptions.cert and TLSOptions.key need each other");
  const refused = REFUSED.find((name) => isGiven(given[name]));
  if (refused !== undefined) throw invalid(`TLSOptions.${refused} is not supported`);
  // The empty name stands for the host's.
  const lane = { ca: ca.length > 0 ? ca : undefined, cert, key, serverName: name || undefined, rejectUnauthorized };
  if (![...Object.values(lane), name, ...IGNORED.map((name) => given[name])].some(isGiven)) {
    throw invalid("Expected tls to be a object for 'tls'.");
  }
  return withEnvironment(lane);
}

/**
 * @param {LaneTls} tls
 * @returns {LaneTls}
 */
function withEnvironment(tls) {
  if (tls.rejectUnauthorized === undefined && process.env["NODE_TLS_REJECT_UNAUTHORIZED"] === "0") {
    tls.rejectUnauthorized = false;
  }
  const extra = process.env["NODE_EXTRA_CA_CERTS"];
  if (extra) tls.extraCa = [readFileSync(extra)];
  return tls;
}

/** @param {unknown} value */
function isGiven(value) {
  return value !== undefined && value !== null;
}

/**
 * One or several PEM texts.
 * @param {Record<string, unknown>} given
 * @param {string} name
 * @returns {Uint8Array[]}
 */
function pems(given, name) {
  const value = given[name];
  if (!isGiven(value)) return [];
  if (!Array.isArray(value)) return [pem(value, `TLSOptions.${name}`, PEM)];
  return value.map((item) => pem(item, `element of TLSOptions.${name}`, "of type string, ArrayBuffer, or Blob"));
}

/**
 * @param {unknown} value
 * @param {string} what
 * @param {string} expected
 * @returns {Uint8Array}
 */
function pem(value, what, expected) {
  if (typeof value === "string") return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value);
  if (value instanceof Blob) throw invalid(`${what} must not be a Blob, which cannot be read at once: pass its bytes`);
  throw invalid(`${what} must be ${expected}`);
}

/**
 * What is in the file that an option names.
 * @param {Record<string, unknown>} given
 * @param {string} name
 * @returns {Uint8Array[]}
 */
function file(given, name) {
  const path = text(given, name);
  if (path === undefined) return [];
  try {
    return [readFileSync(path)];
  } catch (cause) {
    throw Object.assign(invalid(`Unable to access ${name} path`), { cause });
  }
}

/**
 * @param {Record<string, unknown>} given
 * @param {string} name
 * @param {string} [told] how the option is called in errors
 * @returns {string | undefined}
 */
function text(given, name, told = name) {
  const value = given[name] ?? undefined;
  if (value !== undefined && typeof value !== "string") throw invalid(`TLSOptions.${told} must be a string`);
  return value;
}

/** @param {string} message */
function invalid(message) {
  return coded(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

module.exports = { resolveTls };
