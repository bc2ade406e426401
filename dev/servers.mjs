// Local servers for the tour, the tests and the bench: each in a temporary folder, on a free port
// of 127.0.0.1, stopped by its own process id when this process ends in whatever way.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { install, onPath } from "./debian.mjs";
import { findRedis } from "./redis-programs.mjs";
import { ensureS3Server } from "./setup.mjs";

const START_TIMEOUT_MS = 15_000;
const PORT_ATTEMPTS = 5;

/**
 * @typedef {object} S3Server
 * @property {string} endpoint
 * @property {string} accessKeyId
 * @property {string} secretAccessKey
 * @property {string} bucket
 * @property {string} region
 * @property {() => Promise<void>} stop
 */

/**
 * Starts the S3 server of dev/s3-server, building it first if it is missing.
 * @param {{ bucket?: string }} [options]
 * @returns {Promise<S3Server>}
 */
export async function startS3({ bucket = "test-bucket" } = {}) {
  const binary = ensureS3Server();
  const folder = temporaryFolder("s3");
  const accessKeyId = `AK${randomBytes(9).toString("hex").toUpperCase()}`;
  const secretAccessKey = randomBytes(30).toString("base64url");
  const child = spawn(binary, [folder, bucket], {
    // The open pipe is the server's life line: it stops when the pipe closes.
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
  });
  const stop = keepTrack(child, folder);
  try {
    const { endpoint } = JSON.parse(await firstLine(child));
    letGo(child);
    return { endpoint, accessKeyId, secretAccessKey, bucket, region: "us-east-1", stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * @typedef {object} RedisServerOptions
 * @property {string} [server] Which server, as in dev/redis-programs.mjs; default the variable `REDIS_SERVER`.
 * @property {number} [port] Default: a free one.
 * @property {string[]} [config] Further lines for the configuration file.
 * @property {string} [password] Sets `requirepass`.
 * @property {boolean} [unixsocket] Also listens on a Unix socket.
 * @property {{ cert: string, key: string, ca?: string }} [tls] Paths of PEM files: listens with TLS only.
 * @property {boolean} [sentinel] Runs as a sentinel.
 */

/**
 * @typedef {object} RedisServer
 * @property {string} url
 * @property {number} port
 * @property {string | undefined} socketPath
 * @property {number} pid
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a Redis or Valkey server without persistence.
 * @param {RedisServerOptions} [options]
 * @returns {Promise<RedisServer>}
 */
export async function startRedis(options = {}) {
  const binary = await findRedis(options.server);
  if (options.port !== undefined) return startRedisOn(options.port, binary, options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await startRedisOn(await freePort(), binary, options);
    } catch (error) {
      // Another process may have taken the port between the look and the start.
      if (attempt === PORT_ATTEMPTS || !/address already in use/i.test(String(error))) throw error;
    }
  }
}

/**
 * @param {number} port
 * @param {string} binary
 * @param {RedisServerOptions} options
 * @returns {Promise<RedisServer>}
 */
async function startRedisOn(port, binary, { config = [], password, unixsocket, tls, sentinel }) {
  const folder = temporaryFolder("redis");
  const socketPath = unixsocket ? join(folder, "redis.sock") : undefined;
  const lines = ["bind 127.0.0.1", 'save ""', "appendonly no", "daemonize no", `dir ${folder}`];
  // DEBUG gives tests the rare reply types.
  lines.push("enable-debug-command local");
  if (tls) {
    lines.push("port 0", `tls-port ${port}`, `tls-cert-file ${tls.cert}`, `tls-key-file ${tls.key}`);
    lines.push(tls.ca ? `tls-ca-cert-file ${tls.ca}` : "tls-auth-clients no");
  } else {
    lines.push(`port ${port}`);
  }
  if (socketPath) lines.push(`unixsocket ${socketPath}`);
  if (password) lines.push(`requirepass ${JSON.stringify(password)}`);
  lines.push(...config);

  // A sentinel writes what it learns into its file.
  const file = join(folder, "sentinel.conf");
  if (sentinel) writeFileSync(file, `${lines.join("\n")}\n`);
  const child = spawn(binary, sentinel ? [file, "--sentinel"] : ["-"], { stdio: ["pipe", "pipe", "pipe"] });
  const stop = keepTrack(child, folder);
  const output = collect(child);
  child.stdin.on("error", () => {});
  child.stdin.end(`${lines.join("\n")}\n`);
  try {
    await accepting(child, port);
  } catch (error) {
    await stop();
    throw new Error(`${binary} did not start on port ${port}:\n${output()}`, { cause: error });
  }
  letGo(child);
  const login = password ? `:${encodeURIComponent(password)}@` : "";
  const url = `${tls ? "rediss" : "redis"}://${login}127.0.0.1:${port}`;
  return { url, port, socketPath, pid: /** @type {number} */ (child.pid), stop };
}

/**
 * @typedef {object} ProxyServer
 * @property {string} url Without the user.
 * @property {() => string} log What the proxy wrote about its connections.
 * @property {() => Promise<void>} stop
 */

/**
 * Starts tinyproxy, an HTTP proxy.
 * @param {{ user?: string, password?: string }} [options] Whom it serves; everyone by default.
 * @returns {Promise<ProxyServer>}
 */
export async function startProxy({ user, password } = {}) {
  const binary = onPath("tinyproxy") ?? (await install("tinyproxy"));
  if (!binary) throw new Error("No proxy found: install tinyproxy (Debian: apt-get install tinyproxy).");
  const folder = temporaryFolder("proxy");
  const port = await freePort();
  const configuration = join(folder, "tinyproxy.conf");
  const lines = [`Port ${port}`, "Listen 127.0.0.1", "Allow 127.0.0.1", "Timeout 60", "LogLevel Connect"];
  if (user) lines.push(`BasicAuth ${user} ${password}`);
  writeFileSync(configuration, `${lines.join("\n")}\n`);
  const child = spawn(binary, ["-d", "-c", configuration], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = keepTrack(child, folder);
  const log = collect(child);
  try {
    await accepting(child, port);
  } catch (error) {
    await stop();
    throw new Error(`${binary} did not start on port ${port}:\n${log()}`, { cause: error });
  }
  letGo(child);
  return { url: `http://127.0.0.1:${port}`, log, stop };
}

/**
 * A port of 127.0.0.1 that nobody listens on.
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Waits until the child accepts connections.
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} port
 */
async function accepting(child, port) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (hasEnded(child)) throw new Error("it ended at once");
    // A foreign process on the port would also accept: the child must still be there afterwards.
    if (await canConnect(port)) {
      await sleep(20);
      if (!hasEnded(child)) return;
    } else {
      await sleep(10);
    }
  }
  throw new Error(`no connection within ${START_TIMEOUT_MS} ms`);
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function canConnect(port) {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** @param {import("node:child_process").ChildProcess} child */
export function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

/**
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<string>}
 */
function firstLine(child) {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: /** @type {import("node:stream").Readable} */ (child.stdout) });
    const timer = setTimeout(() => reject(new Error("the S3 server did not start in time")), START_TIMEOUT_MS);
    /** @param {() => void} then */
    const settle = (then) => {
      clearTimeout(timer);
      then();
    };
    lines.once("line", (line) => settle(() => resolve(line)));
    child.once("error", (error) => settle(() => reject(error)));
    child.once("exit", (code) => settle(() => reject(new Error(`the S3 server ended with code ${code}`))));
  });
}

/**
 * Keeps the end of what the child prints, and keeps its pipe from filling up.
 * @param {import("node:child_process").ChildProcess} child
 */
function collect(child) {
  let text = "";
  for (const pipe of [child.stdout, child.stderr]) {
    pipe?.on("data", (chunk) => {
      text = (text + chunk).slice(-4096);
    });
  }
  return () => text;
}

/**
 * A running server must not keep this process from ending.
 * @param {import("node:child_process").ChildProcess} child
 */
export function letGo(child) {
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) /** @type {any} */ (pipe)?.unref?.();
}

// --- What is running ---------------------------------------------------------------------------

/** @type {Set<{ child: import("node:child_process").ChildProcess, folder: string }>} */
const running = new Set();

/**
 * @param {import("node:child_process").ChildProcess} child
 * @param {string} folder
 * @returns {() => Promise<void>} stops the child and removes its folder; may be called again
 */
export function keepTrack(child, folder) {
  const entry = { child, folder };
  running.add(entry);
  watchForTheEnd();
  const ended = new Promise((resolve) => child.once("exit", resolve).once("error", resolve));
  return async () => {
    if (!running.delete(entry)) return;
    if (!hasEnded(child)) {
      child.ref();
      child.kill("SIGTERM");
      const stubborn = setTimeout(() => child.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(stubborn);
    }
    rmSync(folder, { recursive: true, force: true });
  };
}

let watching = false;

function watchForTheEnd() {
  if (watching) return;
  watching = true;
  // "exit" is also reached after an uncaught exception; only synchronous work is possible there.
  process.on("exit", stopAllNow);
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.once(signal, () => {
      stopAllNow();
      // Without a listener the signal does what it does by default; another one decides for itself.
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  }
}

function stopAllNow() {
  for (const { child, folder } of running) {
    if (!hasEnded(child)) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
  running.clear();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Temporary folders that outlast a server. @type {Set<string>} */
const folders = new Set();

/**
 * A temporary folder that is there until it is removed or this process ends.
 * @param {string} kind
 * @returns {{ folder: string, remove: () => void }}
 */
export function lastingFolder(kind) {
  const folder = temporaryFolder(kind);
  folders.add(folder);
  watchForTheEnd();
  const remove = () => {
    folders.delete(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  return { folder, remove };
}

/** @param {string} kind */
export function temporaryFolder(kind) {
  return mkdtempSync(join(tmpdir(), `s3-valkey-${kind}-`));
}
