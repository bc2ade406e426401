// Runs vitest and counts.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failure } from "./failures.mjs";
import { root } from "./setup.mjs";

/**
 * How many tests passed, and a line about each that failed.
 * @typedef {{ passed: number, failures: string[] }} Count
 */

/**
 * @param {string[]} [paths] the tests to run; all without one
 * @returns {Count}
 */
export function runVitest(paths = []) {
  const folder = mkdtempSync(join(tmpdir(), "s3-valkey-test-"));
  const file = join(folder, "report.json");
  try {
    const program = join(root, "node_modules", "vitest", "vitest.mjs");
    const reporters = ["default", join(root, "dev", "reporter.mjs")].map((name) => `--reporter=${name}`);
    const { status } = spawnSync(process.execPath, [program, "run", ...paths, ...reporters], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, S3_VALKEY_TEST_REPORT: file },
    });
    return orBroken(JSON.parse(readFileSync(file, "utf8")), status, "vitest");
  } catch (error) {
    return { passed: 0, failures: [failure("vitest left no report", /** @type {Error} */ (error))] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A suite that fails without a failed test, as when it does not compile, counts as one failure.
 * @param {Count} count
 * @param {number | null} status
 * @param {string} program
 * @returns {Count}
 */
export function orBroken(count, status, program) {
  if (status === 0 || count.failures.length > 0) return count;
  return { ...count, failures: [`${program} ended with code ${status}, without a failed test: see what it printed`] };
}

/**
 * Prints what failed and, last, the line that counts, which `.ci/run` reads; sets the exit code.
 * @param {Count[]} counts
 */
export function conclude(counts) {
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failures = counts.flatMap((count) => count.failures);
  if (failures.length > 0) console.log(["", "Failed tests:", ...failures.map((line) => `  ${line}`)].join("\n"));
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 && passed > 0 ? 0 : 1;
}
