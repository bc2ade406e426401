// What a fresh clone lacks, made on demand: node_modules, the addon, the S3 server.
// Only Node's own modules may be imported here: it runs before anything is installed.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "..");

/** Installs what package-lock.json lists, if nothing is installed yet. */
export function ensureModules() {
  if (existsSync(join(root, "node_modules", ".package-lock.json"))) return;
  run("npm", ["ci"], "Installing the development packages");
}

/** Builds the addon when it is missing or older than what it is made from. */
export function ensureAddon() {
  const sources = ["src", "Cargo.toml", "Cargo.lock", "build.rs"].map((name) => join(root, name));
  if (oldestAddonFile() >= Math.max(...sources.map(newest))) return;
  run("npm", ["run", "--silent", "build"], "Building the addon");
}

/**
 * Builds the S3 server when it is missing or older than its source.
 * @returns {string} the path of its program
 */
export function ensureS3Server() {
  const name = process.platform === "win32" ? "s3-server.exe" : "s3-server";
  const program = join(targetFolder(), "debug", name);
  if (modified(program) < newest(join(root, "dev", "s3-server"))) {
    run("cargo", ["build", "--locked", "-p", "s3-server"], "Building the S3 server for development");
  }
  return program;
}

export function targetFolder() {
  return resolve(root, process.env.CARGO_TARGET_DIR ?? "target");
}

/**
 * Runs a program of the set-up and throws if it fails. What it prints goes to standard error: it is no result.
 * @param {string} program
 * @param {string[]} parameters
 * @param {string} what
 */
export function run(program, parameters, what) {
  process.stderr.write(`${what} …\n`);
  const { status, error } = spawnSync(program, parameters, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    // npm is a script on Windows, and only a shell starts those.
    shell: process.platform === "win32",
  });
  if (error) throw new Error(`${what}: cannot run ${program} (${error.message}). Is it installed?`, { cause: error });
  if (status !== 0) throw new Error(`${what}: \`${program} ${parameters.join(" ")}\` ended with code ${status}`);
}

/** All the files of one build are written together; the oldest one decides. */
function oldestAddonFile() {
  const binaries = readdirSync(root).filter((name) => name.endsWith(".node"));
  if (binaries.length === 0) return 0;
  return Math.min(...[...binaries, "binding.js", "binding.d.ts"].map((name) => modified(join(root, name))));
}

/** @param {string} path */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * @param {string} path
 * @returns {number} when the newest file under the path changed
 */
function newest(path) {
  if (!statSync(path).isDirectory()) return modified(path);
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}
