/** The client-side cache against real servers. */
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useRedis } from "../support/redis.js";

const binary = Buffer.from([0, 0xff, 0xfe, 0x0d, 0x0a, 0x80]);

const server = useRedis();
const { connect } = server;

/** A client with a cache, and one that changes what is in it. */
function both(options: RedisOptions = { clientCache: true }) {
  return { client: connect(options), other: connect() };
}

async function until(condition: () => boolean | Promise<boolean>) {
  while (!(await condition())) await turn();
}

const stats = (client: RedisClient) => client.cache!.stats;

describe("a client with a cache", () => {
  it("asks the server once", async () => {
    const { client, other } = both();
    await other.set("k", "v");
    await other.configResetstat();
    for (let times = 0; times < 5; times++) expect(await client.get("k")).toBe("v");
    expect(`${await other.info("commandstats")}`).toMatch(/cmdstat_get:calls=1,/);
    expect(stats(client)).toMatchObject({ hits: 4, misses: 1, entries: 1 });
  });

  it("learns of what others change", async () => {
    const { client, other } = both();
    await other.mset("a", 1, "b", 1);
    expect([await client.get("a"), await client.mget("a", "b"), await client.exists("b")]).toEqual(["1", ["1", "1"], true]);
    await other.set("a", 2);
    await until(() => stats(client).invalidations === 2);
    expect([await client.get("a"), await client.mget("a", "b"), await client.exists("b")]).toEqual(["2", ["2", "1"], true]);
    expect(stats(client)).toMatchObject({ hits: 1, misses: 5 });
    await other.del("b");
    await until(() => stats(client).invalidations === 4);
    expect(await client.exists("b")).toBe(false);
  });

  it("reads what it has written itself, awaited or not", async () => {
    const { client } = both();
    for (let value = 0; value < 50; value++) {
      client.set("k", value);
      expect(await client.get("k")).toBe(`${value}`);
      await client.incr("k");
      expect(await client.get("k")).toBe(`${value + 1}`);
    }
    await client.multi().set("k", "multi").exec();
    expect(await client.get("k")).toBe("multi");
    await client.pipeline().set("k", "pipeline").exec();
    expect(await client.get("k")).toBe("pipeline");
    await client.buffers.set("k", "view");
    expect(await client.get("k")).toBe("view");
    await client.defineScript("redis.call('SET', 'k', 'undeclared')").run();
    expect(await client.get("k")).toBe("undeclared");
    for (let value = 0; value < 50; value++) {
      await client.watch("k", async (watched) => {
        expect(await watched.get("k")).toBe(await client.get("k"));
        return watched.multi().set("k", value).exec();
      });
      expect(await client.get("k")).toBe(`${value}`);
    }
    const lease = await client.acquire();
    expect(lease.cache).toBeNull();
    for (let value = 0; value < 50; value++) {
      await lease.set("k", value);
      expect(await client.get("k")).toBe(`${value}`);
    }
    lease.release();
    await client.flushall();
    expect(await client.get("k")).toBeNull();
  });

  it("reads what its commands that wait have taken", async () => {
    const { client, other } = both();
    for (let times = 0; times < 20; times++) {
      const taken = client.blpop("l", 0);
      expect(await client.llen("l")).toBe(0);
      await other.rpush("l", "a", "b");
      await taken;
      expect(await client.lrange("l", 0, -1)).toEqual(["b"]);
      expect(await client.blpop("l", 0)).toEqual(["l", "b"]);
      expect(await client.lrange("l", 0, -1)).toEqual([]);
    }
  });

  it("asks once for those who want the same at the same time", async () => {
    const { client, other } = both();
    await other.hset("h", { a: "1" });
    await other.configResetstat();
    const replies = await Promise.all(Array.from({ length: 10 }, () => client.hgetall("h")));
    expect(replies).toEqual(replies.map(() => ({ a: "1" })));
    expect(`${await other.info("commandstats")}`).toMatch(/cmdstat_hgetall:calls=1,/);
    expect(stats(client)).toMatchObject({ hits: 9, misses: 1 });
  });

  it("gives every caller a reply of its own", async () => {
    const { client, other } = both();
    await other.rpush("l", "a", "b");
    const [one, two] = await Promise.all([client.lrange("l", 0, -1), client.lrange("l", 0, -1)]);
    one.push("c");
    two.length = 0;
    (await client.lrange("l", 0, -1)).push("d");
    expect(await client.lrange("l", 0, -1)).toEqual(["a", "b"]);
    client.cache!.clear();
    const changed = client.lrange("l", 0, -1).then((list: string[]) => list.push("mine"));
    expect(await client.lrange("l", 0, -1)).toEqual(["a", "b"]);
    expect(await changed).toBe(3);
    const bytes = await client.getBuffer("text");
    expect(bytes).toBeNull();
    await other.set("text", "abc");
    await until(() => stats(client).invalidations > 0);
    (await client.getBuffer("text"))!.fill(0);
    expect(`${await client.getBuffer("text")}`).toBe("abc");
  });

  it("keeps replies of different forms apart", async () => {
    const { client, other } = both();
    await other.set("n", binary);
    expect(await client.buffers.get("n")).toEqual(binary);
    expect(await client.get("n")).toBe(binary.toString());
    expect(await client.getBuffer("n")).toEqual(binary);
    expect(await client.send("EXISTS", ["n"])).toBe(1);
    expect(await client.exists("n")).toBe(true);
    expect(stats(client)).toMatchObject({ hits: 1, misses: 4 });
    await other.set(binary, 1);
    expect([await client.get(binary), await client.get(binary)]).toEqual(["1", "1"]);
    await other.set(binary, 2);
    await until(() => stats(client).invalidations > 0);
    expect(await client.get(binary)).toBe("2");
  });

  it("has keys with a prefix and in all scripts", async () => {
    const { client, other } = both({ clientCache: true, keyPrefix: "é:" });
    await other.set("é:𝄞\ud800", "1");
    expect([await client.get("𝄞\ud800"), await client.get("𝄞\ud800")]).toEqual(["1", "1"]);
    await other.set("é:𝄞\ud800", "2");
    await until(() => stats(client).invalidations === 1);
    expect(await client.get("𝄞\ud800")).toBe("2");
    client.set("𝄞\ud800", "3");
    expect(await client.get("𝄞\ud800")).toBe("3");
  });

  it("does not cache what changes by itself, nor errors", async () => {
    const { client, other } = both();
    await other.rpush("l", "a");
    await other.sadd("s", ...Array.from({ length: 100 }, (_, index) => index));
    for (let times = 0; times < 2; times++) {
      await client.ttl("l");
      await client.srandmember("s");
      await client.scan(0);
      await client.time();
      await expect(client.get("l")).rejects.toThrow(/WRONGTYPE/);
    }
    expect(stats(client)).toMatchObject({ hits: 0, misses: 2, entries: 0 });
  });

  it("forgets what is older than its time", async () => {
    const { client, other } = both({ clientCache: { ttl: 5 } });
    await other.set("k", "v");
    await client.get("k");
    await until(async () => {
      await client.get("k");
      return stats(client).expirations > 0;
    });
    expect(stats(client).entries).toBe(1);
  });

  it("needs no more memory than it may", async () => {
    const maxBytes = 64 * 1024;
    const { client, other } = both({ clientCache: { maxBytes } });
    for (let key = 0; key < 200; key++) {
      other.set(`k${key}`, "x".repeat(1000));
    }
    await other.set("large", "x".repeat(maxBytes));
    for (let key = 0; key < 200; key++) {
      await client.get(`k${key}`);
      // In use all the time.
      await client.get("k0");
      expect(stats(client).bytes).toBeLessThanOrEqual(maxBytes);
    }
    const { hits, misses, evictions, entries } = stats(client);
    expect({ hits, misses }).toEqual({ hits: 200, misses: 200 });
    expect(evictions).toBe(200 - entries);
    await client.get("large");
    expect(stats(client).bytes).toBeLessThanOrEqual(maxBytes);
    await client.get("k199");
    expect(stats(client).hits).toBe(201);
    client.cache!.clear();
    expect(stats(client)).toMatchObject({ bytes: 0, entries: 0 });
  });

  it("is empty behind a lost connection, and tracked on the next one", async () => {
    const { client, other } = both();
    await other.set("k", "1");
    await client.get("k");
    await other.clientKill("TYPE", "normal", "SKIPME", "yes");
    await until(() => stats(client).entries === 0);
    await other.set("k", "2");
    expect([await client.get("k"), await client.get("k")]).toEqual(["2", "2"]);
    const { hits, invalidations } = stats(client);
    expect(hits).toBe(1);
    await other.set("k", "3");
    await until(() => stats(client).invalidations > invalidations);
    expect(await client.get("k")).toBe("3");
    client.close();
    expect(stats(client).entries).toBe(0);
  });

  it("stands aside in transactions, and where the user ends the tracking", async () => {
    const { client, other } = both();
    await other.set("k", "1");
    await client.get("k");
    await client.send("WATCH", ["k"]);
    await client.get("k");
    await client.send("MULTI", []);
    expect(await client.get("k")).toBe("QUEUED");
    expect(await client.send("EXEC", [])).toEqual(["1"]);
    expect(stats(client)).toMatchObject({ hits: 0, misses: 1 });
    expect(await client.get("k")).toBe("1");
    expect(stats(client)).toMatchObject({ hits: 1 });
    await client.send("CLIENT", ["TRACKING", "OFF"]);
    await other.set("k", "2");
    expect([await client.get("k"), await client.get("k")]).toEqual(["2", "2"]);
    expect(stats(client)).toMatchObject({ hits: 1, entries: 0 });
  });

  it("knows databases and users apart", async () => {
    const { client, other } = both();
    await other.set("k", "0");
    await client.get("k");
    await client.send("SELECT", ["1"]);
    expect(await client.get("k")).toBeNull();
  });

  it("obeys the limits of a view", async () => {
    const { client, other } = both();
    await other.set("k", "v");
    const aborted = client.with({ signal: AbortSignal.abort(new Error("enough")) });
    await expect(aborted.get("k")).rejects.toThrow("enough");
    const controller = new AbortController();
    const first = client.with({ signal: controller.signal }).get("k");
    const second = client.get("k");
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    expect(await second).toBe("v");
    expect(await client.with({ timeout: 1000 }).get("k")).toBe("v");
    await client.get("k");
    await expect(aborted.get("k")).rejects.toThrow("enough");
  });

  it("can be told of changes without having read", async () => {
    const { client, other } = both({ clientCache: { broadcast: ["user:", "shop:"] }, keyPrefix: "app:" });
    await other.mset("app:user:1", 1, "app:other", 1, "user:1", 1);
    for (let times = 0; times < 2; times++) {
      await client.get("user:1");
      await client.get("other");
      await client.mget("user:1", "other");
    }
    expect(stats(client)).toMatchObject({ hits: 1, misses: 1, entries: 1 });
    await other.set("app:user:1", 2);
    await until(() => stats(client).invalidations === 1);
    expect(await client.get("user:1")).toBe("2");
    const all = connect({ clientCache: { broadcast: true } });
    await all.get("user:1");
    await other.set("user:1", 3);
    await until(() => stats(all).invalidations === 1);
    expect(await all.get("user:1")).toBe("3");
  });

  it("caches for its own copies apart, and for nobody else", async () => {
    const { client, other } = both();
    expect(other.cache).toBeNull();
    const copy = await client.duplicate();
    server.keep(copy);
    await client.get("k");
    expect(stats(copy)).toMatchObject({ misses: 0 });
    expect(Object.prototype.toString.call(client.cache)).toBe("[object RedisCache]");
    expect(Object.keys(client.cache!)).toEqual([]);
  });

  it("gives up on a server that cannot tell of changes", async () => {
    const old = await startRedis({ config: ["rename-command HELLO ''"] });
    const client = new RedisClient(old.url, { clientCache: true });
    await expect(client.get("k")).rejects.toMatchObject({ code: "ERR_REDIS_TRACKING_UNSUPPORTED" });
    await expect(client.connect()).rejects.toMatchObject({ cause: { code: "ERR_REDIS_TRACKING_UNSUPPORTED" } });
    client.close();
    await old.stop();
  });
});

describe("the options", () => {
  it("are checked at once", () => {
    const make = (clientCache: any) => () => connect({ clientCache });
    const invalid = expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" });
    for (const given of [1, "yes", { maxBytes: "1" }, { ttl: "1" }, { broadcast: "a" }, { broadcast: [] }, { broadcast: [1] }]) {
      expect(make(given)).toThrow(invalid);
    }
    for (const given of [{ maxBytes: 0 }, { maxBytes: NaN }, { ttl: -1 }]) {
      expect(make(given)).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    }
    expect(make({ broadcast: ["a", "ab"] })).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" }));
    for (const given of [false, null, undefined]) expect(make(given)().cache).toBeNull();
  });
});
