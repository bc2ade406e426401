// Derives commands/facts/ from the command descriptions of the Valkey server:
//
//   node commands/import.mjs <valkey>/src/commands
//
// Run it to take over a new server release. Everything else reads only the facts, never the server's files.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { policies } from "./live.mjs";
import { encode } from "./read.mjs";
import { syntax } from "./syntax.mjs";

/** @typedef {import("./types.js").Argument} Argument */
/** @typedef {import("./types.js").KeySpec} KeySpec */

/**
 * A command in the server's files.
 * @typedef {object} Described
 * @property {string} [container] the command that it is a subcommand of
 * @property {string} group
 * @property {string} since
 * @property {number} arity
 * @property {string} summary
 * @property {string[]} [command_flags]
 * @property {string[]} [command_tips]
 * @property {DescribedKeys[]} [key_specs]
 * @property {Argument[]} [arguments]
 * @property {Schema} [reply_schema]
 */

/**
 * Where keys are, in those files.
 * @typedef {object} DescribedKeys
 * @property {{ index: { pos: number } } | { keyword: { keyword: string, startfrom: number } } | { unknown: null }} begin_search
 * @property {{ range: { lastkey: number, step: number, limit: number } } | { keynum: { keynumidx: number, firstkey: number, step: number } } | { unknown: null }} find_keys
 */

/**
 * The form of a reply, in those files.
 * @typedef {object} Schema
 * @property {string} [type]
 * @property {unknown} [const]
 * @property {boolean} [uniqueItems]
 * @property {Schema[]} [oneOf]
 * @property {Schema[]} [anyOf]
 */

const source = process.argv[2];
if (!source) throw new Error("usage: node commands/import.mjs <folder with the server's command files>");

// Commands of a sentinel process and the internals of replication are nobody's data path.
const LEFT_OUT = /^(SENTINEL|REPLCONF|PSYNC|SYNC|PFDEBUG|PFSELFTEST|RESTORE-ASKING)( |$)/;

// The server finds these keys with code of its own and describes them as "unknown".
const STORE_ANYWHERE = { keyword: "STORE", from: 2, last: 0, step: 1, limit: 0 };

// Redis and Valkey have parted with 7.2; commands of Valkey that Redis took over later.
const ALSO_REDIS = new Map([["CLUSTER SLOT-STATS", "8.2.0"]]);

/** @type {Record<string, Record<string, object>>} */
const groups = {};
for (const file of readdirSync(source).filter((name) => name.endsWith(".json"))) {
  /** @type {Record<string, Described>} */
  const commands = JSON.parse(readFileSync(join(source, file), "utf8"));
  for (const [word, described] of Object.entries(commands)) {
    const name = described.container ? `${described.container} ${word}` : word;
    if (LEFT_OUT.test(name)) continue;
    const group = described.group.replace("_", "-");
    (groups[group] ??= {})[name] = fact(name, described);
  }
}
for (const [group, commands] of Object.entries(groups)) {
  writeFileSync(new URL(`facts/${group}.json`, import.meta.url), encode(commands));
}

/**
 * @param {string} name
 * @param {string} since
 */
function available(name, since) {
  if (Number(since.split(".")[0]) < 8) return {};
  const redis = ALSO_REDIS.get(name);
  return { available: redis === undefined ? `Valkey ${since}` : `Redis ${redis}, Valkey ${since}` };
}

/**
 * @param {string} name
 * @param {Described} described
 */
function fact(name, described) {
  const keys = (described.key_specs ?? []).map(keySpec).filter((spec) => spec !== undefined);
  if (name === "SORT") keys.push(STORE_ANYWHERE);
  return {
    since: described.since,
    ...available(name, described.since),
    arity: described.arity,
    flags: (described.command_flags ?? []).map((flag) => flag.toLowerCase()).sort(),
    keys,
    ...policies(described.command_tips),
    reply: shape(described.reply_schema),
    syntax: (described.arguments ?? []).map(syntax).join(" "),
    summary: described.summary,
  };
}

/**
 * @param {DescribedKeys} described
 * @returns {KeySpec | undefined}
 */
function keySpec({ begin_search: begin, find_keys: find }) {
  if ("unknown" in begin || "unknown" in find) return undefined;
  const start = "index" in begin
    ? { index: begin.index.pos }
    : { keyword: begin.keyword.keyword, from: begin.keyword.startfrom };
  return "range" in find
    ? { ...start, last: find.range.lastkey, step: find.range.step, limit: find.range.limit }
    : { ...start, count: find.keynum.keynumidx, first: find.keynum.firstkey, step: find.keynum.step };
}

/**
 * The coarse shape of a reply; `any` when it depends on the arguments. Null may always come instead.
 * @param {Schema} [schema]
 * @returns {string}
 */
function shape(schema) {
  if (!schema) return "any";
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) {
    const [first = "any", ...others] = new Set(alternatives.map((one) => shape(one)).filter((one) => one !== "null"));
    return others.length === 0 ? first : "any";
  }
  if (typeof schema.const === "string") return "status";
  if (typeof schema.const === "number") return "integer";
  switch (schema.type) {
    case "string": return "bulk";
    case "integer": return "integer";
    case "number": return "double";
    case "array": return schema.uniqueItems ? "set" : "array";
    case "object": return "map";
    case "null": return "null";
    default: return "any";
  }
}
