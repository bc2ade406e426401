/** What clients offer on top of single commands, in a cluster. */
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, RedisCluster } from "../../../index.js";
import { startCluster } from "../../../dev/cluster.mjs";

let servers: Awaited<ReturnType<typeof startCluster>>;
const clients: RedisClient[] = [];
const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);

beforeAll(async () => {
  servers = await startCluster({ primaries: 3 });
}, 60_000);

afterEach(async () => {
  for (const client of clients) await client.flushall().catch(() => {});
  for (const client of clients.splice(0)) client.close();
});

afterAll(async () => {
  await servers?.stop();
});

function connect(options = {}) {
  const client = new RedisCluster(servers.nodes.map((node: any) => node.url), options);
  clients.push(client);
  return client;
}

async function until(condition: () => boolean | Promise<boolean>) {
  while (!(await condition())) await turn();
}

describe("in a cluster", () => {
  it("scanIterator visits all primaries", async () => {
    const client = connect();
    await Promise.all(keys.map((key) => client.set(key, "v")));
    const seen: string[] = [];
    for await (const key of client.scanIterator({ count: 50 })) seen.push(key);
    expect(seen.toSorted()).toEqual(keys.toSorted());
    const bytes: Buffer[] = [];
    for await (const page of client.buffers.scanIterator({ match: "k1*", batches: true })) bytes.push(...page);
    expect(bytes.length).toBe(111);
    expect(Buffer.isBuffer(bytes[0])).toBe(true);
  });

  it("scripts and functions are brought to the node of their keys", async () => {
    const client = connect();
    const add = client.defineScript<number>("return redis.call('INCRBY', KEYS[1], ARGV[1])", { keys: 1 });
    expect(await Promise.all(keys.map((key) => add.run([key], [2])))).toEqual(keys.map(() => 2));
    await add.load();
    const library = client.defineLibrary(`#!lua name=counters
      redis.register_function("bump", function(keys, args) return redis.call("INCRBY", keys[1], args[1]) end)`);
    const bump = library.function<number>("bump", { keys: 1 });
    expect(await bump.run(["k0"], [1])).toBe(3);
    expect(await Promise.all(keys.slice(1).map((key) => bump.run([key], [1])))).toEqual(keys.slice(1).map(() => 3));
    expect(await library.load()).toBe("counters");
  });

  it("consumers read streams", async () => {
    const client = connect();
    for (let n = 0; n < 5; n++) await client.xadd("{s}a", "*", "n", n);
    for (let n = 5; n < 10; n++) await client.xadd("{s}b", "*", "n", n);
    const seen: number[] = [];
    const consumer = client.consume(["{s}a", "{s}b"], { group: "g", consumer: "c" });
    await consumer.process(({ fields }) => {
      seen.push(Number(fields.n));
      if (seen.length === 10) void consumer.close();
    });
    expect(seen.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("a client-side cache hears of changes from all nodes, and forgets with each connection", async () => {
    const client = connect({ clientCache: true });
    const other = connect();
    await Promise.all(keys.map((key) => other.set(key, "1")));
    for (let times = 0; times < 2; times++) {
      expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys.map(() => "1"));
    }
    expect(client.cache!.stats).toMatchObject({ hits: keys.length, misses: keys.length });
    await Promise.all(keys.map((key) => other.set(key, "2")));
    await until(() => client.cache!.stats.invalidations === keys.length);
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys.map(() => "2"));
    for (const key of keys) {
      client.set(key, "3");
      expect(await client.get(key)).toBe("3");
    }
    expect(await client.get("k0")).toBe("3");
    const [node] = await other.nodes();
    await other.node(node!.address).send("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]);
    await until(() => client.cache!.stats.entries === 0);
  });
});
