// What the stores' start modules share: programs that are made once and cached, and processes with a log.

import { execFile, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { hasEnded, keepTrack, letGo } from "../servers.mjs";

const START_TIMEOUT_MS = 90_000;
const LOG_TAIL = 2000;

/** Runs a program to its end. */
export const run = promisify(execFile);

/** A store's program cannot be had on this machine. */
export class Unavailable extends Error {
  /**
   * @param {string} what
   * @param {unknown} cause
   */
  constructor(what, cause) {
    const { stderr, message } = /** @type {{ stderr?: string, message: string }} */ (cause);
    super(`${what} cannot be had here: ${(stderr?.trim() || message).trim().split("\n").at(-1)}`, { cause });
  }
}

/**
 * A folder outside the clone that is filled once, by whoever comes first.
 * @param {string} name with the version of what it holds
 * @param {(folder: string) => Promise<void>} fill
 * @returns {Promise<string>}
 */
export async function cached(name, fill) {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "s3-valkey", "stores");
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  // Renamed when it is complete: another process may do the same at the same time.
  const fresh = mkdtempSync(join(cache, "new-"));
  try {
    await fill(fresh);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw new Unavailable(name, error);
  }
  return folder;
}

/**
 * @typedef {object} Launched
 * @property {() => boolean} ended
 * @property {() => string} log the end of what it wrote
 * @property {() => Promise<void>} stop also removes `folder`
 */

/**
 * Starts a server that writes to a file: a pipe would fill up when this process is busy with something else.
 * @param {string} program
 * @param {string[]} parameters
 * @param {{ folder: string, log: string, env?: NodeJS.ProcessEnv }} place
 * @returns {Launched}
 */
export function launch(program, parameters, { folder, log, env = process.env }) {
  const output = openSync(log, "a");
  const child = spawn(program, parameters, { stdio: ["ignore", output, output], env });
  closeSync(output);
  const stop = keepTrack(child, folder);
  letGo(child);
  return { ended: () => hasEnded(child), log: () => readFileSync(log, "utf8").slice(-LOG_TAIL), stop };
}

/**
 * Asks until the answer comes: a server that has just started refuses for a while.
 * @template T
 * @param {Launched} server
 * @param {string} name
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
export async function ready(server, name, ask) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (server.ended() || Date.now() > deadline) {
        throw new Error(`${name} did not start:\n${server.log()}`, { cause: error });
      }
      await sleep(50);
    }
  }
}
