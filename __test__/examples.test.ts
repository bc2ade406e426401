/** Every example runs, and prints what it says at its end. */
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { useRedis } from "./support/redis.js";

const run = promisify(execFile);
const folder = new URL("../examples/", import.meta.url);
/** The tour prints what it measures; `npm start` runs it. */
const names = readdirSync(folder).filter((name) => name.endsWith(".mjs") && name !== "tour.mjs");

/** The lines behind the last comment that says `Prints:`. */
function promised(source: string) {
  const lines = source.split("\n");
  const at = lines.lastIndexOf("// Prints:");
  if (at === -1) throw new Error("the example does not say what it prints");
  return lines.slice(at + 1).filter((line) => line !== "").map((line) => line.replace(/^\/\/ ?/, ""));
}

const server = useRedis();

describe("examples", () => {
  it.each(names)("%s prints what it says", async (name) => {
    const path = new URL(name, folder);
    const env = { ...process.env, REDIS_URL: server.url };
    const { stdout } = await run(process.execPath, [path.pathname], { env, timeout: 60_000 });
    // Nothing stays behind: a user's database may hold other things.
    expect(await server.connect().dbsize()).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual(promised(readFileSync(path, "utf8")));
  }, 60_000);
});
