/** Calls every typed method that the server at hand has a command for, once. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { liveFacts } from "../../commands/live.mjs";
import { readFacts, readMethods } from "../../commands/read.mjs";
import type { Method } from "../../commands/types.js";
import { freePort, startRedis } from "../../dev/servers.mjs";
import { RedisClient } from "../../index.js";
import { untyped } from "../support/untyped.js";
import { cluster } from "./examples/cluster.js";
import { geo, hashes, lists, sets, sortedSets, streams, vectorSets } from "./examples/collections.js";
import { Refusal, type Example } from "./examples/example.js";
import { access, connection, pubsub, scripting, server as administration } from "./examples/server.js";
import { keys, strings } from "./examples/strings.js";

const plain = {
  ...access, ...administration, ...connection, ...geo, ...hashes, ...keys, ...lists, ...pubsub, ...scripting,
  ...sets, ...sortedSets, ...streams, ...strings, ...vectorSets,
};

/** Methods that need a listener or end the connection; the tests of the client call them. */
const ELSEWHERE = ["subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe"];

const methods = readMethods();
const facts = readFacts();

const folder = mkdtempSync(join(tmpdir(), "s3-valkey-examples-"));
const users = join(folder, "users.acl");
writeFileSync(users, "");
const single = await startRedis({ config: [`aclfile ${users}`, "enable-debug-command yes"] });
const node = await startRedis({ config: ["cluster-enabled yes", "cluster-require-full-coverage no", `cluster-port ${await freePort()}`] });
const client = new RedisClient(single.url);
const clusterClient = new RedisClient(node.url);

beforeAll(async () => {
  await clusterClient.send("CLUSTER", ["ADDSLOTSRANGE", "0", "16383"]);
  // A node takes two seconds after its start until it believes in its slots.
  while (!String(await clusterClient.send("CLUSTER", ["INFO"])).includes("cluster_state:ok"));
});

afterAll(async () => {
  client.close();
  clusterClient.close();
  await Promise.all([single.stop(), node.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const hello = await client.send("HELLO", []);
const title = `${hello.server} ${hello.version}`;
const present = new Set((await liveFacts(client)).keys());
const [here, absent] = [true, false].map((is) =>
  [...methods].filter(([name, { command }]) => !ELSEWHERE.includes(name) && present.has(command) === is),
) as [[string, Method][], [string, Method][]];
console.log(`${title}: ${here.length} methods, ${absent.length} not applicable: ${absent.map(([name]) => name).join(" ")}`);

test(`${title}: every method whose command it has is called below`, () => {
  const called = new Set([...Object.keys(plain), ...Object.keys(cluster)]);
  expect(here.map(([name]) => name).filter((name) => !called.has(name))).toEqual([]);
  expect([...called].filter((name) => !methods.has(name))).toEqual([]);
});

describe(`${title}: examples`, () => {
  test.each(here.filter(([name]) => name in plain))("%s", async (name, method) => {
    await client.send("FLUSHALL", []);
    await check(client, name, method, plain[name]!);
  });
});

describe(`${title}: examples in a cluster`, () => {
  const byName = new Map(here);
  test.each(Object.keys(cluster).filter((name) => byName.has(name)))("%s", async (name) => {
    const method = byName.get(name)!;
    await clusterClient.send("FLUSHALL", []);
    await check(clusterClient, name, method, cluster[name]!);
  });
});

describe(`${title}: not applicable, for the server has no such command`, () => {
  test.each(absent)("%s", async (_name, { command }) => {
    const [word, ...words] = command.split(" ");
    const error = await client.send(word!, [...words, "a"]).catch((reason: unknown) => reason);
    expect(String(error)).toMatch(/unknown (sub)?command/i);
  });
});

async function check(on: RedisClient, name: string, method: Method, [before, args, expected]: Example) {
  for (const step of before.split("; ").filter((text) => text !== "")) {
    const [word, ...words] = step.split(" ");
    await on.send(word!, words);
  }
  const values = typeof args === "function" ? await args({ client: on, otherPort: node.port }) : args;
  const call = untyped(on)[name](...values);
  if (expected instanceof Refusal) {
    await expect(call).rejects.toThrow(expected.pattern);
    return;
  }
  const reply = await call;
  expect(reply).toEqual(expected);
  const shape = method.reply === "boolean" ? "boolean" : facts.get(method.command)!.reply;
  expect(reply === null || SHAPES[shape]!(reply), `${JSON.stringify(reply)} is not of the shape ${shape}`).toBe(true);
}

/** What a reply of each shape becomes. */
const SHAPES: Record<string, (value: unknown) => boolean> = {
  any: () => true,
  array: Array.isArray,
  boolean: (value) => typeof value === "boolean",
  bulk: (value) => typeof value === "string" || Buffer.isBuffer(value),
  double: (value) => typeof value === "number",
  integer: Number.isInteger,
  map: (value) => Object.getPrototypeOf(value) === null,
  set: Array.isArray,
  status: (value) => typeof value === "string",
};
