/** What the scripts share: the clients under test, and one printed line for each observation. */
import { writeSync } from "node:fs";
import { checkUrl, secretOf } from "./sigv4.mjs";
import { show, showBytes, showError } from "./show.mjs";

export { secretOf, show };

/** How values are printed: Bun shows its own objects through its own function only. */
export const inspect = typeof Bun === "undefined" ? (await import("node:util")).inspect : Bun.inspect;

/** The clients under test: Bun's own, or those of this package. */
export const { S3Client, s3, file, write } =
  typeof Bun === "undefined" ? (await import("../../../index.js")).default : Bun;

const { PARITY_ENDPOINT: endpoint, PARITY_CONTROL: control } = process.env;
export { endpoint };

export const credentials = { accessKeyId: "AKID", secretAccessKey: secretOf("AKID") };
/** What most scripts use; one attempt, so that errors are told at once. */
export const options = { ...credentials, endpoint, bucket: "bucket", retry: 0 };
export const client = new S3Client(options);

/** A client of the real store that was started for this run. */
export function s3FromStore() {
  const store = { ...JSON.parse(process.env.PARITY_STORE), retry: 0 };
  return { client: new S3Client(store), options: store };
}

/** What changes from run to run. */
const unsteady = (text) =>
  text
    .replaceAll(endpoint.replace("http://", ""), "HOST")
    .replaceAll(/\b20\d{6}T\d{6}Z\b/g, "TIME")
    .replaceAll(/20\d{6}(?=\/|%2F)/g, "DAY")
    .replaceAll(/formdata-undici-\d+/g, "BOUNDARY")
    .replaceAll(/(X-Amz-Signature=)[0-9a-f]{64}/g, "$1SIGNATURE");

function print(key, text) {
  writeSync(1, `${key}: ${unsteady(text)}\n`);
}

/**
 * Prints what `run` returns, throws, or what its promise comes to.
 * @param {string} key
 * @param {() => unknown} run
 */
export async function observe(key, run) {
  let text;
  try {
    const value = run();
    text = value instanceof Promise ? await settled(value) : show(value);
  } catch (error) {
    text = `throws ${showError(error)}`;
  }
  print(key, text);
}

/** After this many milliseconds a promise counts as one that never settles. */
const PATIENCE = 4000;

/** @param {Promise<unknown>} promise */
async function settled(promise) {
  let timer;
  const never = new Promise((resolve) => (timer = setTimeout(resolve, PATIENCE, "never settles")));
  const end = promise.then(
    (value) => `resolves ${show(value)}`,
    (error) => `rejects ${error instanceof Error ? showError(error) : show(error)}`,
  );
  const text = await Promise.race([end, never]);
  clearTimeout(timer);
  return text;
}

/**
 * Prints what `run` comes to, and the requests that the server saw meanwhile.
 * @param {string} key
 * @param {() => unknown} run
 * @param {{ answers?: object[], requests?: number, sorted?: boolean, stored?: boolean }} [how]
 *   `requests`: how many are waited for; `sorted`: their order is left to chance; `stored`: so is
 *   which ones there are, but not whether an object is stored in the end. An upload that may still be
 *   aborted afterwards is one of the object "loose", which is shown in no other way
 */
export async function wire(key, run, { answers = [], requests = 0, sorted = false, stored = false } = {}) {
  await send("/answers", answers);
  await observe(key, run);
  const all = await send("/take", requests);
  if (stored) return print(`${key}@stored`, all.some(isStored) ? "stored" : "nothing");
  const seen = all.filter(({ target }) => !target.includes("/loose")).map(showRequest);
  if (sorted) seen.sort();
  print(`${key}@wire`, seen.length === 0 ? "nothing" : seen.join(" ; "));
}

/**
 * What a promise comes to, without the message of its error: each client words those of the
 * transport in its own way.
 * @param {Promise<unknown>} promise
 */
export function outcome(promise) {
  return promise.then(
    (value) => `resolves ${show(value)}`,
    (error) => `rejects ${error.name} ${error.code}`,
  );
}

async function send(path, value) {
  const response = await fetch(control + path, { method: "POST", body: JSON.stringify(value) });
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
}

/** Whether a request stores an object. */
const isStored = ({ method, target }) =>
  (method === "PUT" && !target.includes("partNumber=")) || (method === "POST" && target.includes("uploadId="));

/** Headers that belong to the HTTP library, and those that are shown in another way. */
const UNSHOWN = new Set([
  "accept",
  "accept-encoding",
  "authorization",
  "connection",
  "host",
  "user-agent",
  "x-amz-content-sha256",
  "x-amz-date",
]);
/** Signed here, not by Bun; observed once, by the script about signing. */
const MAYBE_SIGNED = new Set(["content-type", "range"]);

/** Bun writes so where nothing need be written; observed once, by the script about signing. */
const OPEN_END = /-4503599627370494$/;

function showRequest({ method, target, headers, signed, scope, valid, length, body, hash }) {
  const [text, size] = showContent(target, length, body, hash);
  const shown = headers
    .filter(([name]) => !UNSHOWN.has(name) && (size || name !== "content-length"))
    .map(([name, value]) => `${name}=${name === "range" ? value.replace(OPEN_END, "-") : value}`)
    .sort();
  const names = signed.filter((name) => !MAYBE_SIGNED.has(name)).join(";");
  return `${method} ${target} [${shown.join(", ")}] ${scope} ${names} ${valid ? "signed" : "WRONG SIGNATURE"}${text}`;
}

/**
 * The body as text, and whether its length is worth showing. Of the document that completes an
 * upload only the parts matter; it is observed once as it is, by the script about signing.
 */
function showContent(target, length, body, hash) {
  if (hash !== undefined) return [` ${length} bytes ${hash}`, true];
  const bytes = Buffer.from(body, "base64");
  if (!/[?&]uploadId=/.test(target) || !bytes.includes("<CompleteMultipartUpload"))
    return [length === 0 ? "" : ` ${showBytes(bytes)}`, true];
  const parts = bytes.toString().matchAll(/<PartNumber>(.*?)<\/PartNumber><ETag>(.*?)<\/ETag>/g);
  return [` parts ${[...parts].map(([, number, etag]) => `${number}=${unescape(etag)}`).join(" ")}`, false];
}

const ENTITIES = { quot: '"', lt: "<", gt: ">", apos: "'", amp: "&" };
const unescape = (text) => text.replace(/&(quot|lt|gt|apos|amp);/g, (_, name) => ENTITIES[name]);

/**
 * Prints a presigned URL, and whether its signature is right.
 * @param {string} key
 * @param {() => string} run
 * @param {string} [method]
 */
export function presigned(key, run, method) {
  return observe(key, () => {
    const url = run();
    return `${url} ${checkUrl(url, method) ? "signed" : "WRONG SIGNATURE"}`;
  });
}
