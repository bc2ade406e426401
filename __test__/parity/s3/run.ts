/** Runs a script under Bun and under Node. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** No script takes nearly as long. */
const TIMEOUT_MS = 20_000;
const ROOT = new URL("../../../", import.meta.url);

export function findBun(): string {
  const platform = `@oven/bun-${process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}/bin/bun`;
  const places = [`node_modules/${platform}`, `bench/node_modules/${platform}`].map((place) => fileURLToPath(new URL(place, ROOT)));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`Bun was not found at ${places.join(" or ")}: npm ci installs it`);
  return found;
}

/** What a script observed: results by their keys. */
export async function run(program: string, script: string, env: Record<string, string>): Promise<Map<string, string>> {
  const child = spawn(program, [script], {
    stdio: ["ignore", "pipe", "inherit"],
    // The machine's own settings for S3 and proxies must not reach the script.
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", ...env },
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk) => chunks.push(chunk));
  const watchdog = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
  clearTimeout(watchdog);
  const output = Buffer.concat(chunks).toString();
  if (code !== 0) throw new Error(`${program} ${script} ended with ${code}:\n${output.slice(-2000)}`);
  const results = new Map<string, string>();
  for (const line of output.split("\n")) {
    if (line === "") continue;
    const at = line.indexOf(": ");
    const key = line.slice(0, at);
    if (results.has(key)) throw new Error(`${script} observes ${key} twice`);
    results.set(key, line.slice(at + 2));
  }
  return results;
}
