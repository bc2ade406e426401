/** The same scripts under Bun and under Node: whatever differs must be listed, and nothing else. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { compare, type Results } from "./compare.js";
import { DIFFERENCES } from "./differences.js";
import { startRecorder } from "./recorder.js";
import { findBun, run } from "./run.js";

const CASES = fileURLToPath(new URL("cases/", import.meta.url));
const LEAST = 600;

/** All observations of one runtime. */
async function observe(program: string): Promise<Results> {
  const recorder = await startRecorder();
  const env = { PARITY_ENDPOINT: recorder.endpoint, PARITY_CONTROL: recorder.control };
  const results: Results = new Map();
  try {
    for (const name of readdirSync(CASES).sort()) {
      for (const [key, value] of await run(program, CASES + name, env)) {
        if (results.has(key)) throw new Error(`${key} is observed twice`);
        results.set(key, value);
      }
    }
  } finally {
    await recorder.stop();
  }
  return results;
}

describe("Bun's S3 client and this one", () => {
  let bun: Results;
  let here: Results;
  beforeAll(async () => {
    [bun, here] = await Promise.all([observe(findBun()), observe(process.execPath)]);
  }, 120_000);

  it("are looked at from all sides", () => {
    expect(here.size).toBeGreaterThanOrEqual(LEAST);
    expect([...bun.keys()]).toEqual([...here.keys()]);
  });

  it("differ where they should and nowhere else", () => {
    expect(compare(bun, here, DIFFERENCES)).toEqual([]);
  });
});
