// Throw-away servers on free loopback ports, their files in a temporary folder that goes away with them.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stopped } from "./process.mjs";

const START_TIMEOUT_MS = 10_000;

/** Starts a Redis server without persistence. */
export async function startRedis() {
  const folder = await temporaryFolder();
  const port = await freePort();
  const options = ["--port", port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"];
  const server = await start("redis-server", options.map(String), port, {
    folder,
    install: "install Debian's package redis-server (apt-get install redis-server)",
  });
  return { ...server, url: `redis://127.0.0.1:${port}` };
}

export async function temporaryFolder() {
  return mkdtemp(join(tmpdir(), "s3-valkey-bench-"));
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts `command` and waits until it accepts connections on `port`. */
export async function start(command, args, port, { folder, install }) {
  // nginx lives in /usr/sbin, which is not on an ordinary user's PATH.
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (output = (output + chunk).slice(-4000)));
  }
  const failed = new Promise((_, reject) => {
    child.once("error", (error) => {
      reject(error.code === "ENOENT" ? new Error(`${command} was not found: ${install}`) : error);
    });
    child.once("exit", (code) => reject(new Error(`${command} ended with code ${code}:\n${output}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await stopped(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.race([accepting(port, command), failed]);
  } catch (error) {
    await stop();
    throw error;
  }
  // After the start an exit shows as failing requests, with their own errors.
  failed.catch(() => {});
  return { stop };
}

async function accepting(port, command) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error(`${command} did not start within ${START_TIMEOUT_MS / 1000} s`);
    await sleep(20);
  }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
