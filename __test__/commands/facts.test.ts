/** What commands/facts/ and commands/getkeys.json say, held against the server at hand. */
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { liveFacts } from "../../commands/live.mjs";
import { readFacts } from "../../commands/read.mjs";
import type { Fact } from "../../commands/types.js";
import { startRedis } from "../../dev/servers.mjs";
import { RedisClient } from "../../index.js";

const facts = readFacts();
const examples: [string[], string[]][] = JSON.parse(
  readFileSync(new URL("../../commands/getkeys.json", import.meta.url), "utf8"),
);

/** Where a server does not say it all: it finds the key after STORE with code of its own. */
const KEYS_BY_CODE = ["SORT"];

/** Arguments and properties that changed with a version: the facts have the newer ones. */
const CHANGED: Record<string, string[]> = {
  "redis 7.0": ["COMMAND GETKEYS", "COMMAND GETKEYSANDFLAGS", "WAIT", "ZRANK", "ZREVRANK"],
  "valkey 9.1": ["CLUSTER REPLICATE", "SCRIPT DEBUG"],
};

/** Tips that older servers do not have, or have differently. */
const OTHER_TIPS: Record<string, string[]> = {
  "redis 7.0": ["LATENCY RESET", "MSETNX", "RANDOMKEY", "SCAN"],
};

/** Their channels have a slot, but are no keys to the server. */
const SLOT_WITHOUT_KEY = ["SPUBLISH", "SSUBSCRIBE", "SUNSUBSCRIBE"];

const server = await startRedis();
const client = new RedisClient(server.url);
afterAll(async () => {
  client.close();
  await server.stop();
});

const { server: family, version } = await client.send("HELLO", []);
const [major, minor] = version.split(".").map(Number);
const title = `${family} ${major}.${minor}`;
const live = await liveFacts(client);
const both = [...live].flatMap(([name, said]) => (facts.has(name) ? [{ name, said, known: facts.get(name)! }] : []));

test(`${title} has no command that the facts lack`, () => {
  expect([...live.keys()].filter((name) => !facts.has(name))).toEqual([]);
});

test(`${title} has the commands that came with it or before, and no others`, () => {
  const expected = [...facts].filter(([, fact]) => has(fact)).map(([name]) => name);
  expect([...live.keys()].sort()).toEqual(expected.sort());
});

describe(`${title}: what commands may do, and where their keys are`, () => {
  test.each(both.filter(({ name }) => !CHANGED[title]?.includes(name)))("$name", ({ name, said, known }) => {
    expect(access(known)).toEqual(access(said));
    if (!KEYS_BY_CODE.includes(name)) expect(known.keys).toEqual(said.keys);
    // A module tells the server nothing about the number of arguments.
    if (said.arity !== -1) expect(known.arity).toBe(said.arity);
  });
});

const tipped = both.filter(({ said }) => said.request !== undefined);
describe(`${title}: which nodes of a cluster commands go to`, () => {
  test.each(tipped.filter(({ name }) => !OTHER_TIPS[title]?.includes(name)))("$name", ({ said, known }) => {
    expect([known.request, known.response]).toEqual([said.request, said.response]);
  });
});

describe(`${title}: COMMAND GETKEYS`, () => {
  test.each(examples.filter(([args]) => live.has(nameOf(args))))("%j", async (args, keys) => {
    const found = await client.send("COMMAND", ["GETKEYS", ...args]).catch((error: Error) => {
      if (error.message.includes("no key arguments")) return [];
      throw error;
    });
    expect(found).toEqual(keys);
  });

  test("there is an example for every command with keys", () => {
    const shown = new Set(examples.map(([args]) => nameOf(args)));
    const withKeys = [...facts].filter(([, { keys }]) => keys.length > 0).map(([name]) => name);
    expect(withKeys.filter((name) => !shown.has(name)).sort()).toEqual(SLOT_WITHOUT_KEY);
  });
});

function nameOf([word, next = ""]: string[]) {
  const two = `${word} ${next}`.toUpperCase();
  return facts.has(two) ? two : word!.toUpperCase();
}

function access({ flags }: Pick<Fact, "flags">) {
  return ["readonly", "write", "blocking"].filter((flag) => flags.includes(flag));
}

/** Whether this server, without modules, has a command. Redis and Valkey are the same up to 7.2. */
function has({ since, available }: Fact) {
  if (available === undefined) return reached(since);
  const own = available.split(", ").find((text) => text.toLowerCase().startsWith(`${family} `));
  return own !== undefined && /^\w+ [\d.]+$/.test(own) && reached(own.split(" ")[1]!);
}

function reached(text: string) {
  const [first, second] = text.split(".").map(Number) as [number, number];
  return first < major || (first === major && second <= minor);
}
