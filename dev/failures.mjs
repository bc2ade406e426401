// What failed, a line each: logs are read from the end, so it is told there once more.

import { stripVTControlCharacters } from "node:util";

/** Longer lines are cut. */
const LONGEST = 300;

/**
 * One line: what failed, and the first line of why.
 * @param {string} what
 * @param {string | { name?: string, message: string }} [why]
 */
export function failure(what, why = "") {
  const message = typeof why === "string" ? why : `${why.name ?? "Error"}: ${why.message}`;
  const [first = ""] = stripVTControlCharacters(message).trim().split("\n");
  const text = [what.replaceAll("\n", " "), first].filter(Boolean).join(": ");
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}

/**
 * The failed tests of `cargo test`.
 * @param {string} output what it wrote to standard output
 */
export function rustFailures(output) {
  // Each program ends with the names of the tests that failed, and tells before what they printed.
  return output.split(/^test result: .*$/m).flatMap((program) => {
    const [, names = ""] = /^failures:\n((?: {4}.+\n)+)\n*$/m.exec(program) ?? [];
    return names.split("\n").filter(Boolean).map((line) => {
      const name = line.trim();
      const [, printed = ""] = program.split(`---- ${name} stdout ----\n`);
      const [own = ""] = printed.split(/^----|^failures:$/m);
      const [, place, message] = /panicked at (.+):\n(.+)/.exec(own) ?? [];
      return failure(name, place === undefined ? own : `${place}: ${message}`);
    });
  });
}
