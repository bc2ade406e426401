// The Redis and Valkey servers that the tests run against: the one that is on this machine, or a named
// version, which comes from a Debian suite and is unpacked beside the system.
//
//   node dev/redis-programs.mjs redis-8.0     prints the path of its program

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { install, onPath } from "./debian.mjs";

const run = promisify(execFile);

/**
 * The versions that can be named, and the Debian suite that has each.
 * @type {Record<string, string>}
 */
const SUITES = {
  "redis-7.0": "bookworm",
  "redis-8.0": "trixie",
  "valkey-8.1": "trixie",
  "valkey-9.1": "sid",
};

/** @type {Map<string, Promise<string>>} */
const found = new Map();

/**
 * The path of a server's program.
 * @param {string} [server] `redis-8.0` and so on; without a name any server that is on the PATH, else Debian's package.
 *   Default: the environment variable `REDIS_SERVER`.
 * @returns {Promise<string>}
 */
export function findRedis(server = process.env.REDIS_SERVER) {
  const name = server ?? "";
  let program = found.get(name);
  if (program === undefined) {
    program = name === "" ? anyServer() : namedServer(name);
    found.set(name, program);
  }
  return program;
}

/** @param {string} server */
async function namedServer(server) {
  const suite = SUITES[server];
  if (suite === undefined) {
    throw new Error(`There is no server ${server}: choose one of ${Object.keys(SUITES).join(", ")}`);
  }
  const program = `${server.slice(0, server.indexOf("-"))}-server`;
  const installed = onPath(program);
  if (installed !== undefined && (await hasVersion(installed, server))) return installed;
  try {
    const unpacked = join(await unpackedSuite(suite, program), "run", program);
    if (await hasVersion(unpacked, server)) return unpacked;
    throw new Error(`the suite has another version now`);
  } catch (error) {
    const reason = String(/** @type {any} */ (error).stderr || /** @type {Error} */ (error).message).trim().split("\n").at(-1);
    throw new Error(`${server} cannot be had from Debian ${suite}: ${reason}`, { cause: error });
  }
}

/**
 * @param {string} program
 * @param {string} server
 */
async function hasVersion(program, server) {
  const { stdout } = await run(program, ["--version"]);
  return stdout.includes(` v=${server.slice(server.indexOf("-") + 1)}.`);
}

/**
 * Unpacks a program of a suite, unless a former run did.
 * @param {string} suite
 * @param {string} program
 * @returns {Promise<string>} the folder
 */
async function unpackedSuite(suite, program) {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "s3-valkey", "servers");
  const folder = join(cache, `${suite}-${program}`);
  if (existsSync(folder)) return folder;
  process.stderr.write(`Unpacking ${program} of Debian ${suite} …\n`);
  mkdirSync(cache, { recursive: true });
  // Renamed when it is complete: another process may do the same at the same time.
  const fresh = mkdtempSync(join(cache, "new-"));
  try {
    await run(join(import.meta.dirname, "debian-suite.sh"), [suite, fresh, program]);
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

async function anyServer() {
  const server = onPath("valkey-server") ?? onPath("redis-server");
  if (server) return server;
  const installed = await install("redis-server");
  if (installed) return installed;
  throw new Error(
    "No Redis server found: install valkey-server or redis-server " +
      "(Debian: apt-get install redis-server, macOS: brew install valkey), or set REDIS_URL.",
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await findRedis(process.argv[2]));
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 1;
  }
}
