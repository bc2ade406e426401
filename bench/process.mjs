// Child processes: workers that answer questions, and servers that are stopped by their own handle.

import { execFileSync, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ANSWER_MARK } from "./clients.mjs";

// Far above any slice: it only ends a client that hangs.
const ANSWER_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 3_000;

const workerFile = fileURLToPath(new URL("./worker.mjs", import.meta.url));

/** Lets this process, and those that it starts, use these processors only, such as `1` or `1-3`. */
export function pinSelf(processors) {
  execFileSync("taskset", ["-a", "-p", "-c", processors, String(process.pid)], { stdio: ["ignore", "ignore", "inherit"] });
}

export class Worker {
  #child;
  #waiting = null;
  #dead = null;

  /** @param processors those that the worker may use, such as `0` or `0,2-3`; any without */
  constructor(kind, { name, runtime }, target, processors) {
    const executable = runtime === "bun" ? bunExecutable() : process.execPath;
    const program = [executable, workerFile, kind, name, JSON.stringify(target)];
    const [command, ...args] = processors === undefined ? program : ["taskset", "-c", processors, ...program];
    this.#child = spawn(command, args, {
      stdio: ["pipe", "pipe", "inherit"],
    });
    // Writing to a worker that has just died is reported by its exit.
    this.#child.stdin.on("error", () => {});
    this.#child.on("error", (error) => this.#die(error.message));
    this.#child.on("exit", (code, signal) => this.#die(`worker ended (${signal ?? `code ${code}`})`));
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      if (line.startsWith(ANSWER_MARK)) this.#answer(JSON.parse(line.slice(ANSWER_MARK.length)));
    });
  }

  /** Resolves with the worker's answer, or with `{ error }`. */
  ask(request) {
    if (this.#dead !== null) return Promise.resolve({ error: this.#dead });
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#child.kill("SIGKILL");
        this.#die(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`);
      }, ANSWER_TIMEOUT_MS);
      this.#waiting = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
      this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  stop() {
    this.#child.stdin.end();
    return stopped(this.#child);
  }

  #die(reason) {
    this.#dead ??= reason;
    this.#answer({ error: this.#dead });
  }

  #answer(answer) {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.(answer);
  }
}

/** Waits for a child that was asked to end, and kills it when it does not. */
export function stopped(child) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_GRACE_MS);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function bunExecutable() {
  const cpu = process.arch === "arm64" ? "aarch64" : process.arch;
  const require = createRequire(import.meta.url);
  return require.resolve(`@oven/bun-${process.platform}-${cpu}/bin/bun`);
}
