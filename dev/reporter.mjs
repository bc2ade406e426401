// A reporter for vitest: writes what passed and what failed to the file that S3_VALKEY_TEST_REPORT names.

import { writeFileSync } from "node:fs";
import { failure } from "./failures.mjs";

/** @typedef {import("vitest/node").TestModule} TestModule */

export default class Reporter {
  /**
   * @param {ReadonlyArray<TestModule>} modules
   * @param {ReadonlyArray<{ message: string }>} unhandled errors that belong to no test
   */
  onTestRunEnd(modules, unhandled) {
    let passed = 0;
    const failures = modules.flatMap(failedAsAWhole);
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result();
        if (state === "passed") passed++;
        if (state === "failed") failures.push(failure(`${module.relativeModuleId} > ${test.fullName}`, errors[0]));
      }
    }
    failures.push(...unhandled.map((error) => failure("outside of all tests", error)));
    writeFileSync(process.env.S3_VALKEY_TEST_REPORT ?? "", JSON.stringify({ passed, failures }));
  }
}

/**
 * A file that could not be read, and groups whose hooks failed.
 * @param {TestModule} module
 */
function failedAsAWhole(module) {
  const file = module.relativeModuleId;
  return [
    ...module.errors().map((error) => failure(file, error)),
    ...[...module.children.allSuites()].flatMap((suite) => suite.errors().map((error) => failure(`${file} > ${suite.fullName}`, error))),
  ];
}
