/**
 * Signature Version 4 as a server checks it.
 *
 * Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html>
 */
import { createHash, createHmac } from "node:crypto";

/**
 * The secret of every access key id in these tests, so that a server needs no list.
 * @param {string} accessKeyId
 */
export const secretOf = (accessKeyId) => `secret of ${accessKeyId}`;

/** @typedef {[name: string, value: string]} Parameter */

/**
 * @param {import("node:crypto").BinaryLike} key
 * @param {string} text
 */
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

/**
 * Percent-encodes as signatures want it.
 * @param {string} text
 */
const encode = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** @param {Parameter[]} parameters */
function canonicalQuery(parameters) {
  return parameters
    .map(([name, value]) => /** @type {Parameter} */ ([encode(name), encode(value)]))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/**
 * @param {string} query
 * @returns {Parameter[]}
 */
function parseQuery(query) {
  if (query === "") return [];
  return query.split("&").map((pair) => {
    const at = pair.indexOf("=");
    const [name, value] = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    return [decodeURIComponent(name), decodeURIComponent(value)];
  });
}

/**
 * @param {object} request
 * @param {string} request.method
 * @param {string} request.path
 * @param {string} request.query in its canonical form
 * @param {Record<string, string>} request.headers
 * @param {string[]} request.names of the headers that are signed
 * @param {string} request.payload the hash of the body, or what stands for it
 * @param {string} request.date
 * @param {[id: string, ...scope: string[]]} request.credential
 */
function signature({ method, path, query, headers, names, payload, date, credential }) {
  const [id, ...scope] = credential;
  const lines = names.map((name) => `${name}:${headers[name]?.trim().replace(/ +/g, " ")}\n`).join("");
  const request = [method, path, query, lines, names.join(";"), payload].join("\n");
  const digest = createHash("sha256").update(request).digest("hex");
  const text = ["AWS4-HMAC-SHA256", date, scope.join("/"), digest].join("\n");
  const key = scope.reduce(hmac, Buffer.from(`AWS4${secretOf(id)}`));
  return hmac(key, text).toString("hex");
}

/**
 * `id/date/region/service/aws4_request`; the id may hold slashes itself.
 * @param {string} text
 * @returns {[id: string, ...scope: string[]]}
 */
function splitCredential(text) {
  const parts = text.split("/");
  return [parts.slice(0, -4).join("/"), ...parts.slice(-4)];
}

/**
 * What the Authorization header of a request says, and whether it is right.
 * @param {{ method: string, target: string, headers: Record<string, string> }} request header names in lower case
 */
export function checkHeaders({ method, target, headers }) {
  const match = /^AWS4-HMAC-SHA256 Credential=(.+), ?SignedHeaders=(.+), ?Signature=([0-9a-f]{64})$/.exec(
    headers.authorization ?? "",
  );
  if (match === null) return { signed: [], scope: "", valid: false };
  const [, credentialText = "", nameText = "", given] = match;
  const credential = splitCredential(credentialText);
  const names = nameText.split(";");
  const [path = "", query = ""] = target.split(/\?(.*)/s);
  const expected = signature({
    method,
    path,
    headers,
    names,
    credential,
    query: canonicalQuery(parseQuery(query)),
    payload: headers["x-amz-content-sha256"] ?? "",
    date: headers["x-amz-date"] ?? "",
  });
  return { signed: names, scope: [credential[0], ...credential.slice(2)].join("/"), valid: expected === given };
}

/**
 * Whether a presigned URL is signed rightly. The path is taken as it is written.
 * @param {string} url
 * @param {string} [method]
 */
export function checkUrl(url, method = "GET") {
  const [, host, path, query] = /^https?:\/\/([^/]+)(\/[^?]*)\?(.*)$/s.exec(url) ?? [];
  if (host === undefined || path === undefined || query === undefined) return false;
  const parameters = parseQuery(query);
  /** @param {string} name */
  const get = (name) => parameters.find(([key]) => key === name)?.[1] ?? "";
  const expected = signature({
    method,
    path,
    headers: { host },
    names: get("X-Amz-SignedHeaders").split(";"),
    credential: splitCredential(get("X-Amz-Credential")),
    query: canonicalQuery(parameters.filter(([name]) => name !== "X-Amz-Signature")),
    payload: "UNSIGNED-PAYLOAD",
    date: get("X-Amz-Date"),
  });
  return expected === get("X-Amz-Signature");
}
