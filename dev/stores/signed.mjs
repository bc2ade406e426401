// Requests to a store beside the client under test: what makes a bucket or a role and looks behind the scenes.

import { createHash, createHmac } from "node:crypto";

/** @typedef {{ accessKeyId: string, secretAccessKey: string, sessionToken?: string }} Credentials */

/**
 * @typedef {object} SignedRequest
 * @property {string} [method] `GET` by default.
 * @property {string} [path] Of unreserved characters and slashes; `/` by default.
 * @property {Record<string, string>} [query]
 * @property {Record<string, string>} [headers]
 * @property {string | Uint8Array<ArrayBuffer>} [body]
 * @property {string} [service] `s3` by default.
 */

/**
 * Sends a request with a Signature Version 4 and throws unless the answer is a success.
 * @param {{ endpoint: string, region: string, credentials: Credentials }} store
 * @param {SignedRequest} request
 * @returns {Promise<Response>}
 */
export async function signedFetch(store, { method = "GET", path = "/", query = {}, headers = {}, body, service = "s3" }) {
  const { endpoint, region, credentials } = store;
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const payload = createHash("sha256").update(body ?? "").digest("hex");
  /** @type {Record<string, string>} */
  const all = { ...headers, host: new URL(endpoint).host, "x-amz-content-sha256": payload, "x-amz-date": date };
  if (credentials.sessionToken !== undefined) all["x-amz-security-token"] = credentials.sessionToken;
  const names = Object.keys(all).sort();
  const search = Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const lines = names.map((name) => `${name}:${all[name]}\n`).join("");
  const canonical = [method, path, search, lines, names.join(";"), payload].join("\n");
  const scope = [date.slice(0, 8), region, service, "aws4_request"];
  const digest = createHash("sha256").update(canonical).digest("hex");
  const text = ["AWS4-HMAC-SHA256", date, scope.join("/"), digest].join("\n");
  const key = scope.reduce(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`));
  const credential = `Credential=${credentials.accessKeyId}/${scope.join("/")}`;
  all.authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(";")}, Signature=${hmac(key, text).toString("hex")}`;
  delete all.host;
  const url = `${endpoint}${path}${search === "" ? "" : `?${search}`}`;
  const response = await fetch(url, { method, headers: all, ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${(await response.text()).slice(0, 500)}`);
  return response;
}

/**
 * The text of the first element of this name.
 * @param {string} xml
 * @param {string} name
 * @returns {string}
 */
export function element(xml, name) {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml);
  if (found === null) throw new Error(`No <${name}> in ${xml.slice(0, 500)}`);
  return /** @type {string} */ (found[1]);
}

/**
 * @param {Buffer} key
 * @param {string} text
 */
function hmac(key, text) {
  return createHmac("sha256", key).update(text).digest();
}

/** @param {string} text */
function encode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
