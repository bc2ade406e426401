// npm test: all set-up, then Rust's tests, vitest and the type tests.
// The last line is `N passed, N failed` over all of them.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { failure, rustFailures } from "./failures.mjs";
import { findRedis } from "./redis-programs.mjs";
import { ensureAddon, ensureModules, ensureS3Server, root } from "./setup.mjs";
import { conclude, orBroken, runVitest } from "./vitest.mjs";

/** @typedef {import("./vitest.mjs").Count} Count */

ensureModules();
ensureAddon();
ensureS3Server();
await findRedis();

conclude([rustTests(), runVitest(), typeTests()]);

/**
 * The core without the border: its unit tests, tests/, the examples' build and the documentation's examples.
 * @returns {Count}
 */
function rustTests() {
  const { status, stdout } = spawnSync("cargo", ["test", "--locked", "--no-default-features", "--no-fail-fast"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: Infinity,
  });
  process.stdout.write(stdout ?? "");
  let passed = 0;
  for (const [, ok] of (stdout ?? "").matchAll(/^test result: \w+\. (\d+) passed;/gm)) passed += Number(ok);
  return orBroken({ passed, failures: rustFailures(stdout ?? "") }, status, "cargo test");
}

/**
 * Every file of __test__/types counts as one test.
 * @returns {Count}
 */
function typeTests() {
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.types.json", "--pretty", "false"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  process.stdout.write(stdout);
  const files = readdirSync(join(root, "__test__", "types")).filter((name) => name.endsWith(".test-d.ts"));
  const failures = files.flatMap((name) => {
    const path = `__test__/types/${name}`;
    const error = stdout.split("\n").find((line) => line.startsWith(`${path}(`));
    return error === undefined ? [] : [failure(path, error.slice(path.length))];
  });
  const passed = files.length - failures.length;
  console.log(`Type tests: ${passed} of ${files.length} files pass`);
  return orBroken({ passed, failures }, status, "tsc");
}
