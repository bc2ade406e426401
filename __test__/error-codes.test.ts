/** Every code that an error can have is explained in docs/errors.md, and nothing else is. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** What is made up by tests, or begins with what is looked for. */
const NO_CODES = ["ERR_X", "ERR_INVALID_ARG", "ERR_REDIS_SENTINEL"];

function sources(folder: string, ending: RegExp) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => ending.test(path))
    .map((path) => readFileSync(join(root, folder, path), "utf8"));
}

/** Codes of the clients' own, and those of transport that are words. */
function codes(text: string) {
  const named = text.matchAll(/"(ERR_[A-Z0-9_]+[A-Z0-9])"/g);
  const words = text.matchAll(/Error::new\(\s*ErrorKind::\w+,\s*"([A-Z][A-Za-z_]+)",/g);
  return [...named, ...words].map(([, code]) => code!);
}

test("codes of errors are documented", () => {
  const documented = new Set(readFileSync(join(root, "docs/errors.md"), "utf8").match(/`[A-Z]\w+`/g)!.map((code) => code.slice(1, -1)));
  const code = [...sources("src", /\.rs$/), ...sources("lib", /\.js$/)].map((text) => text.split("#[cfg(test)]")[0]!);
  const known = new Set(code.flatMap(codes).filter((code) => !NO_CODES.includes(code)));
  expect(known.size).toBeGreaterThan(50);
  expect([...known].filter((code) => !documented.has(code))).toEqual([]);
  expect([...documented].filter((code) => code.startsWith("ERR_") && !known.has(code))).toEqual([]);
});
