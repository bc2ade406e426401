// What a running server says about its commands, in the form of commands/facts/:
//
//   node commands/live.mjs redis://localhost:6379
//
// prints the commands that the facts lack. The shape of the reply is not among what a server says: fill it in by hand.
import { fileURLToPath } from "node:url";
import { encode, readFacts } from "./read.mjs";
import { syntax } from "./syntax.mjs";

/** @typedef {import("./types.js").KeySpec} KeySpec */
/** @typedef {import("./types.js").LiveFact} LiveFact */
/** @typedef {import("./types.js").Argument} Argument */

/**
 * A command in the reply of `COMMAND`.
 * @typedef {[
 *   name: string,
 *   arity: number,
 *   flags: string[],
 *   first: number,
 *   last: number,
 *   step: number,
 *   categories: string[],
 *   tips: string[],
 *   specs: SaidKeys[],
 *   subcommands: CommandInfo[],
 * ]} CommandInfo
 */

/**
 * Where keys are, in that reply.
 * @typedef {object} SaidKeys
 * @property {string[]} flags
 * @property {{ type: "index", spec: { index: number } } | { type: "keyword", spec: { keyword: string, startfrom: number } } | { type: "unknown" }} begin_search
 * @property {{ type: "range", spec: { lastkey: number, keystep: number, limit: number } } | { type: "keynum", spec: { keynumidx: number, firstkey: number, keystep: number } } | { type: "unknown" }} find_keys
 */

/**
 * A command in the reply of `COMMAND DOCS`.
 * @typedef {object} CommandDocs
 * @property {string} [since]
 * @property {string} [summary]
 * @property {SaidArgument[]} [arguments]
 * @property {Record<string, CommandDocs>} [subcommands]
 */

/**
 * An argument in that reply.
 * @typedef {Pick<Argument, "type" | "name" | "token"> & { flags?: string[], display_text?: string, arguments?: SaidArgument[] }} SaidArgument
 */

/** Commands that clients never send: the internals of replication and of the server's own tests. */
export const INTERNAL = /^(REPLCONF|PSYNC|SYNC|PFDEBUG|PFSELFTEST|RESTORE-ASKING|CLUSTER SYNCSLOTS)$/;

/**
 * Every command and subcommand of a server, `any` being the shape of all replies.
 * @param {{ send(command: string, args: string[]): Promise<any> }} client
 * @returns {Promise<Map<string, LiveFact>>}
 */
export async function liveFacts(client) {
  /** @type {[CommandInfo[], Record<string, CommandDocs>]} */
  const [infos, docs] = await Promise.all([client.send("COMMAND", []), client.send("COMMAND", ["DOCS"])]);
  /** @type {Map<string, LiveFact>} */
  const facts = new Map();
  for (const info of infos) {
    const described = docs[info[0]] ?? docs[info[0].toLowerCase()];
    add(facts, info, described);
    for (const sub of info[9] ?? []) add(facts, sub, described?.subcommands?.[sub[0]]);
  }
  return facts;
}

/**
 * @param {Map<string, LiveFact>} facts
 * @param {CommandInfo} info
 * @param {CommandDocs | undefined} described
 */
function add(facts, [name, arity, flags, first, last, step, , tips, specs], described) {
  const fullName = name.toUpperCase().replace("|", " ");
  if (INTERNAL.test(fullName)) return;
  // What only has a slot: the channels of sharded publish and subscribe are sent like keys, other things are not.
  const sent = specs.filter((spec) => flags.includes("pubsub") || !spec.flags.includes("not_key"));
  facts.set(fullName, {
    since: described?.since,
    arity,
    flags: flags.map((flag) => flag.toLowerCase()).sort(),
    keys: specs.length > 0 ? sent.map(keySpec).filter((spec) => spec !== undefined) : legacyKeys(first, last, step),
    ...policies(tips),
    reply: "any",
    syntax: (described?.arguments ?? []).map((argument) => syntax(normalized(argument))).join(" "),
    summary: described?.summary,
  });
}

/**
 * What the tips of a command say about a cluster.
 * @param {string[]} [tips]
 * @returns {{ request?: string, response?: string }}
 */
export function policies(tips = []) {
  const found = tips.map((tip) => /^(request|response)_policy:(.*)$/.exec(tip.toLowerCase())).filter((match) => match !== null);
  return Object.fromEntries(found.map(([, kind, policy]) => [kind, policy]));
}

/**
 * @param {SaidKeys} said
 * @returns {KeySpec | undefined}
 */
function keySpec({ begin_search: begin, find_keys: find }) {
  if (begin.type === "unknown" || find.type === "unknown") return undefined;
  const start = begin.type === "index"
    ? { index: begin.spec.index }
    : { keyword: begin.spec.keyword, from: begin.spec.startfrom };
  return find.type === "range"
    ? { ...start, last: find.spec.lastkey, step: find.spec.keystep, limit: find.spec.limit }
    : { ...start, count: find.spec.keynumidx, first: find.spec.firstkey, step: find.spec.keystep };
}

/**
 * Positions as servers gave them before there were specifications, and as modules may still do.
 * @param {number} first
 * @param {number} last
 * @param {number} step
 * @returns {KeySpec[]}
 */
function legacyKeys(first, last, step) {
  if (first === 0) return [];
  return [{ index: first, last: last < 0 ? last : last - first, step, limit: 0 }];
}

/**
 * @param {SaidArgument} said
 * @returns {Argument}
 */
function normalized({ flags = [], display_text: display, arguments: parts, ...argument }) {
  return {
    ...argument,
    display,
    optional: flags.includes("optional"),
    multiple: flags.includes("multiple"),
    multiple_token: flags.includes("multiple_token"),
    arguments: parts?.map(normalized),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { RedisClient } = await import("../index.js");
  const client = new RedisClient(process.argv[2]);
  const known = readFacts();
  const missing = [...(await liveFacts(client))].filter(([name]) => !known.has(name));
  process.stdout.write(encode(Object.fromEntries(missing)));
  client.close();
}
