/** Runs a script under Bun and under Node, and compares what both print with what may differ. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const SCRIPT_TIMEOUT_MS = 60_000;
const root = join(import.meta.dirname, "..", "..");

/** What a script printed: observations by their key. */
export type Observations = Map<string, string>;

/** One intended difference: a row of docs/bun-differences.md and the observations that show it. */
export interface Difference {
  /** The row's first cell. */
  row: string;
  reason: string;
  /** Keys; `*` stands for any text and `{a,b}` for each of its parts. */
  observations?: string[];
  /** Keys likewise, with what must be observed under Node: where that is not left to chance. */
  here?: Record<string, string>;
}

export const runtimes = { bun: findBun(), node: process.execPath };

/** The program of the package `bun`, which its own set-up may have moved out of the platform's package. */
function findBun() {
  const folder = dirname(createRequire(import.meta.url).resolve("bun/package.json"));
  const platform = join(
    folder,
    "..",
    "@oven",
    `bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : "x64"}`,
  );
  const programs = [join(platform, "bin", "bun"), join(folder, "bin", "bun.exe")];
  const found = programs.find((program) => existsSync(program));
  if (found === undefined) throw new Error("The package bun is not installed completely: run npm ci");
  return found;
}

/** Runs a script and reads its observations, each a line `key: text`. */
export async function run(program: string, script: string, environment: Record<string, string>): Promise<Observations> {
  const output = await new Promise<string>((resolve, reject) => {
    const { PATH, HOME, TMPDIR, LD_LIBRARY_PATH } = process.env;
    const options = {
      env: { PATH, HOME, TMPDIR, LD_LIBRARY_PATH, ...environment },
      timeout: SCRIPT_TIMEOUT_MS,
      killSignal: "SIGKILL" as const,
      maxBuffer: 64 * 1024 * 1024,
    };
    execFile(program, [script], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${script}: ${error.message}\n${stderr}\n${stdout.slice(-2000)}`));
    });
  });
  const lines = output.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line) => cut(line, ": ")));
}

function cut(line: string, separator: string): [string, string] {
  const at = line.indexOf(separator);
  return [line.slice(0, at), line.slice(at + separator.length)];
}

/** The keys whose observations are not the same. */
export function differing(bun: Observations, node: Observations): string[] {
  return [...new Set([...bun.keys(), ...node.keys()])].filter((key) => bun.get(key) !== node.get(key));
}

export function readDifferences(path: string): Difference[] {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** The first cells of the tables in docs/bun-differences.md. */
export function documentedRows(): Set<string> {
  const page = readFileSync(join(root, "docs", "bun-differences.md"), "utf8");
  return new Set([...page.matchAll(/^\| (.+?) \|/gm)].map(([, cell]) => cell!));
}

/** `a.{b,c}.*` as one pattern for each of its alternatives. */
export function expand(pattern: string): string[] {
  const braces = /\{([^{}]*)\}/.exec(pattern);
  if (braces === null) return [pattern];
  const [before, after] = [pattern.slice(0, braces.index), pattern.slice(braces.index + braces[0].length)];
  return braces[1]!.split(",").flatMap((part) => expand(before + part + after));
}

/** A pattern without braces as a regular expression for whole keys. */
export function compile(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
