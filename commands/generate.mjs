// Writes every file that follows from the facts about commands and the list of methods:
//
//   node commands/generate.mjs           write them
//   node commands/generate.mjs --check   exit 1 if a checked-in file differs from what would be written
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { emitCacheable, emitCacheableTable } from "./emit/cacheable.mjs";
import { emitDocs } from "./emit/docs.mjs";
import { emitKeySpecs } from "./emit/key-specs.mjs";
import { emitMethods } from "./emit/methods.mjs";
import { emitTable } from "./emit/table.mjs";
import { emitChain, emitTypes } from "./emit/types.mjs";
import { readFacts, readMethods, readWithout } from "./read.mjs";

const root = new URL("../", import.meta.url);

/** Path from the root of the repository to content. */
export function generate() {
  const facts = readFacts();
  const methods = readMethods();
  return new Map([
    ["docs/commands.md", emitDocs(facts, methods, readWithout())],
    ["lib/redis/cache/commands.js", emitCacheable(facts)],
    ["src/redis/cache/commands.rs", emitCacheableTable(facts)],
    ["lib/redis/key_specs.js", emitKeySpecs(facts)],
    ["lib/redis/commands.d.ts", emitTypes(facts, methods)],
    ["lib/redis/transaction/commands.d.ts", emitChain(facts, methods)],
    ["lib/redis/commands.js", emitMethods(methods)],
    ["src/redis/command_table.rs", emitTable(facts)],
  ]);
}

/** The paths whose checked-in content is not what {@link generate} gives. */
export function outdated(files = generate()) {
  return [...files].filter(([path, content]) => read(path) !== content).map(([path]) => path);
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(new URL(path, root), "utf8");
  } catch {
    return undefined;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = generate();
  const stale = outdated(files);
  if (!process.argv.includes("--check")) {
    for (const [path, content] of files) {
      if (!stale.includes(path)) continue;
      mkdirSync(new URL(".", new URL(path, root)), { recursive: true });
      writeFileSync(new URL(path, root), content);
    }
  } else if (stale.length > 0) {
    console.error(`not up to date, run node commands/generate.mjs: ${stale.join(", ")}`);
    process.exit(1);
  }
}
