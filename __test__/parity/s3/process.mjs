/** Code that needs a process of its own. */
import { spawn } from "node:child_process";

const SUBJECT = new URL("../../../index.js", import.meta.url).href;
/** How long a process may take, in milliseconds; one that is still there has something that keeps it. */
const PATIENCE_MS = 15_000;
const BEGIN = `const { s3, S3Client, file, write } =
  typeof Bun === "undefined" ? (await import(${JSON.stringify(SUBJECT)})).default : Bun;
`;

/**
 * What a new process of this runtime prints, and the code with which it ends: "stays" if it does not.
 * The code finds `s3`, `S3Client`, `file` and `write`.
 * @param {string} code
 * @param {Record<string, string | undefined>} [variables] its environment
 * @returns {Promise<[string, number | string]>}
 */
export function inProcess(code, variables = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", BEGIN + code], {
      env: { PATH: process.env.PATH, ...variables },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
    });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.once("error", reject).once("close", (code, signal) => resolve([text.trim(), signal === null ? code : "stays"]));
  });
}

/**
 * The results of `work` in their order, two at once: a process takes its time to start.
 * @template T, R
 * @param {T[]} items
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
export async function inPairs(items, work) {
  const results = [];
  const every = async (first) => {
    for (let at = first; at < items.length; at += 2) results[at] = await work(items[at]);
  };
  await Promise.all([every(0), every(1)]);
  return results;
}
