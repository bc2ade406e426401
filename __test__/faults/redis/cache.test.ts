/** A client-side cache while others write and connections are lost: nothing is older than what was seen before. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RedisClient } from "../../../index.js";
import { useServer } from "../../support/redis.js";
import { Seeded, seeds } from "../../support/seeded.js";

const KEYS = 8;
const WRITES = 2000;

const server = useServer();

describe("with a seed", () => {
  it.each(seeds(3))("%i: counters never go back, and end where they are", async (seed) => {
    const random = new Seeded(seed);
    const clientCache = { maxBytes: 4096, ...(random.percent(50) && { broadcast: true }) };
    const reader = new RedisClient(server.url, { clientCache });
    const writer = new RedisClient(server.url);
    const killer = new RedisClient(server.url);
    await writer.flushall();
    let writing = true;
    /** What each key was seen to be at least. */
    const seen = new Array(KEYS).fill(0);

    async function read() {
      while (writing) {
        const at = random.integer(KEYS);
        const before = seen[at];
        const reply = random.percent(50)
          ? await reader.get(`k${at}`).catch(() => null)
          : ((await reader.mget(`k${at}`, `k${random.integer(KEYS)}`).catch(() => [null]))[0] as string | null);
        if (reply !== null) {
          if (Number(reply) < before) throw new Error(`k${at} was ${before} and is ${reply}`);
          seen[at] = Math.max(seen[at], Number(reply));
        }
        if (random.percent(20)) await turn();
      }
    }

    async function write() {
      for (let count = 0; count < WRITES; count++) {
        const at = random.integer(KEYS);
        if (random.percent(70)) {
          // Its connection is lost now and then.
          await writer.incr(`k${at}`).catch(() => 0);
        } else {
          const written = await reader.incr(`k${at}`).catch(() => 0);
          // Whoever has written reads what he has written.
          const read = Number((await reader.get(`k${at}`).catch(() => null)) ?? Infinity);
          if (read < written) throw new Error(`k${at} was set to ${written} and is ${read}`);
        }
        if (random.percent(1)) await killer.clientKill("TYPE", "normal", "SKIPME", "yes").catch(() => {});
      }
    }

    const written = write().finally(() => {
      writing = false;
    });
    await Promise.all([written, ...Array.from({ length: 10 }, read)]);
    const keys = Array.from({ length: KEYS }, (_, at) => `k${at}`);
    const actual = await killer.mget(...keys);
    while ((await Promise.all(keys.map((key) => reader.get(key)))).join() !== actual.join()) await turn();
    expect(reader.cache!.stats.hits).toBeGreaterThan(0);
    for (const client of [reader, writer, killer]) client.close();
  });
});
