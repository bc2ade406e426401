// Runs vitest and counts.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./setup.mjs";

/** @typedef {{ passed: number, failed: number }} Count */

/**
 * @param {string[]} [paths] the tests to run; all without one
 * @returns {Count}
 */
export function runVitest(paths = []) {
  const folder = mkdtempSync(join(tmpdir(), "s3-valkey-test-"));
  const report = join(folder, "report.json");
  try {
    const program = join(root, "node_modules", "vitest", "vitest.mjs");
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const { status } = spawnSync(process.execPath, [program, "run", ...paths, ...reporters], {
      cwd: root,
      stdio: "inherit",
    });
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
 * A suite that fails without a failed test, as when it does not compile, counts as one failure.
 * @param {Count} count
 * @param {number | null} status
 * @returns {Count}
 */
export function orBroken(count, status) {
  return status !== 0 && count.failed === 0 ? { ...count, failed: 1 } : count;
}

/**
 * Prints the line that `.ci/run` reads and sets the exit code.
 * @param {Count[]} counts
 */
export function conclude(counts) {
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
