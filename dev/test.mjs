// npm test: all set-up, then Rust's tests, vitest and the type tests.
// The last line is `N passed, N failed` over all of them.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedis } from "./servers.mjs";
import { ensureAddon, ensureModules, ensureS3Server, root } from "./setup.mjs";

/** @typedef {{ passed: number, failed: number }} Count */

ensureModules();
ensureAddon();
ensureS3Server();
await findRedis();

const suites = [rustTests, vitest, typeTests].map((suite) => suite());
const passed = suites.reduce((sum, count) => sum + count.passed, 0);
const failed = suites.reduce((sum, count) => sum + count.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

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
  const count = { passed: 0, failed: 0 };
  for (const [, ok, bad] of (stdout ?? "").matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed/gm)) {
    count.passed += Number(ok);
    count.failed += Number(bad);
  }
  return orBroken(count, status);
}

/** @returns {Count} */
function vitest() {
  const folder = mkdtempSync(join(tmpdir(), "s3-valkey-test-"));
  const report = join(folder, "report.json");
  try {
    const program = join(root, "node_modules", "vitest", "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const { status } = spawnSync(process.execPath, [program, "run", ...reporters], { cwd: root, stdio: "inherit" });
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
    return orBroken({ passed: numPassedTests, failed: numFailedTests }, status);
  } catch (error) {
    console.error(`vitest left no report: ${error}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  const wrong = files.filter((name) => stdout.includes(`__test__/types/${name}(`));
  console.log(`Type tests: ${files.length - wrong.length} of ${files.length} files pass`);
  return orBroken({ passed: files.length - wrong.length, failed: wrong.length }, status);
}

/**
 * A suite that fails without a failed test, as when it does not compile, counts as one failure.
 * @param {Count} count
 * @param {number | null} status
 * @returns {Count}
 */
function orBroken(count, status) {
  return status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}
