/** Iterators over keys and elements. */
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { RedisClient } from "../../index.js";
import { useRedis } from "../support/redis.js";
import { startScripted } from "../support/scripted.js";

// The modules that the client itself has loaded.
const require = createRequire(import.meta.url);
const { SENDER } = require("../../lib/redis/sender.js");
const { provideFeatures } = require("../../lib/redis/client.js");
const { RedisView } = require("../../lib/redis/view.js");

const MANY = 1000;
const binary = Buffer.from([0, 0xff, 0xfe, 0x0d, 0x0a, 0x80]);

const server = useRedis();
const { connect } = server;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const numbers = (prefix: string) => Array.from({ length: MANY }, (_, index) => `${prefix}${index}`);

/** How many times the server has run a command. */
async function calls(client: RedisClient, command: string) {
  const stats = await client.info("commandstats");
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(`${stats}`)?.[1] ?? 0);
}

describe("scanIterator", () => {
  it("gives every key, and none twice while nothing changes", async () => {
    const client = connect();
    const keys = numbers("k:");
    await client.mset(...keys.flatMap((key) => [key, "1"]));
    const seen = await all(client.scanIterator());
    expect(seen.toSorted()).toEqual(keys.toSorted());
  });

  it("takes a pattern, a type and a count", async () => {
    const client = connect();
    await client.mset(...numbers("a:").flatMap((key) => [key, "1"]));
    await client.sadd("a:set", "member");
    await client.set("b:1", "1");
    expect((await all(client.scanIterator({ match: "a:*" }))).length).toBe(MANY + 1);
    expect(await all(client.scanIterator({ match: Buffer.from("b:*") }))).toEqual(["b:1"]);
    expect(await all(client.scanIterator({ type: "set" }))).toEqual(["a:set"]);
    await client.configResetstat();
    await all(client.scanIterator({ count: 10_000 }));
    expect(await calls(client, "scan")).toBe(1);
  });

  it("gives whole pages, of which none is empty", async () => {
    const client = connect();
    await client.mset(...numbers("k:").flatMap((key) => [key, "1"]));
    const pages = await all(client.scanIterator({ match: "k:1*", batches: true }));
    expect(pages.flat().length).toBe(111);
    expect(pages.every((page) => page.length > 0)).toBe(true);
  });

  it("gives bytes to a view with buffers", async () => {
    const client = connect();
    await client.set(binary, "1");
    expect(await all(client.buffers.scanIterator())).toEqual([binary]);
  });

  it("asks for nothing more after a break", async () => {
    const client = connect();
    await client.mset(...numbers("k:").flatMap((key) => [key, "1"]));
    await client.configResetstat();
    for await (const key of client.scanIterator({ count: 10 })) {
      expect(key).toMatch(/^k:/);
      break;
    }
    await client.drain();
    expect(await calls(client, "scan")).toBe(1);
  });

  it("does nothing until it is asked, and is empty in an empty database", async () => {
    const client = connect();
    const walk = client.scanIterator();
    expect(client.connected).toBe(false);
    expect(await walk.next()).toEqual({ done: true, value: undefined });
  });

  it("ends with the error of a page", async () => {
    const client = connect();
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    const walk = client.with({ signal: controller.signal }).scanIterator();
    await expect(walk.next()).rejects.toThrow("enough");
    expect(await walk.next()).toEqual({ done: true, value: undefined });
  });

  it("refuses unusable options at once", () => {
    const client = connect();
    const invalid = expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" });
    expect(() => client.scanIterator({ match: 1 as any })).toThrow(invalid);
    expect(() => client.scanIterator({ type: 1 as any })).toThrow(invalid);
    expect(() => client.scanIterator({ count: "1" as any })).toThrow(invalid);
    expect(() => client.scanIterator("*" as any)).toThrow(invalid);
    for (const count of [0, -1, 1.5, NaN]) {
      expect(() => client.scanIterator({ count })).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    }
  });

  it("does not take another reply for a page", async () => {
    for (const reply of ["+OK\r\n", "*0\r\n", "*2\r\n$1\r\n0\r\n$1\r\n0\r\n"]) {
      const odd = await startScripted((command) => (command === "HELLO" ? "%0\r\n" : reply));
      const client = server.keep(new RedisClient(`redis://localhost:${odd.port}`));
      await expect(all(client.scanIterator())).rejects.toMatchObject({ code: "ERR_REDIS_INVALID_RESPONSE" });
      client.close();
      await odd.stop();
    }
  });

  it("visits every primary of a sender that has several", async () => {
    const [one, other] = [connect(), connect({ db: 1 })];
    await one.set("first", "1");
    await other.set("second", "2");
    const connectionOf = (client: RedisClient) => (client.buffers as any)[SENDER].connection();
    class Group {
      get [SENDER]() {
        const [first, second] = [connectionOf(one), connectionOf(other)];
        return { subscriber: false, issue: first.issue.bind(first), primaries: async () => [first, second] };
      }
    }
    provideFeatures(Group);
    const group = new Group() as unknown as RedisClient;
    expect(await all(group.scanIterator())).toEqual(["first", "second"]);
    const view: any = new RedisView(() => (group as any)[SENDER], { buffers: true });
    expect(await all(view.scanIterator())).toEqual([Buffer.from("first"), Buffer.from("second")]);
    await other.flushdb();
  });
});

describe("iterators of a key", () => {
  it("hscanIterator gives pairs, or fields alone", async () => {
    const client = connect();
    const fields = numbers("f");
    await client.hset("h", Object.fromEntries(fields.map((field) => [field, `${field}!`])));
    const entries = await all(client.hscanIterator("h"));
    expect(entries.toSorted()).toEqual(fields.map((field) => [field, `${field}!`]).toSorted());
    const pages = await all(client.hscanIterator("h", { match: "f99*", batches: true }));
    expect(pages.flat().length).toBe(11);
    expect(await all(client.buffers.hscanIterator("h", { match: "f5" }))).toEqual([
      [Buffer.from("f5"), Buffer.from("f5!")],
    ]);
  });

  it("hscanIterator leaves values out where the server can", async () => {
    const client = connect();
    await client.hset("h", { a: "1", b: "2" });
    const fields = await all(client.hscanIterator("h", { noValues: true })).catch((error) => error);
    if (fields instanceof Error) expect(fields).toMatchObject({ code: "ERR_REDIS_SERVER_ERROR" });
    else expect(fields.toSorted()).toEqual(["a", "b"]);
  });

  it("sscanIterator gives members", async () => {
    const client = connect();
    const members = numbers("m");
    await client.sadd("s", ...members);
    expect((await all(client.sscanIterator("s"))).toSorted()).toEqual(members.toSorted());
    expect((await all(client.sscanIterator("s", { batches: true, count: 10 }))).length).toBeGreaterThan(1);
  });

  it("zscanIterator gives members with their scores as numbers", async () => {
    const client = connect();
    await client.zadd("z", "1.5", "a", "-inf", "b", "+inf", "c", "2", "d");
    const entries = await all(client.zscanIterator("z"));
    expect(new Map(entries)).toEqual(new Map([["a", 1.5], ["b", -Infinity], ["c", Infinity], ["d", 2]]));
    const bytes = await all(client.buffers.zscanIterator("z", { match: "a" }));
    expect(bytes).toEqual([[Buffer.from("a"), 1.5]]);
  });

  it("have the client's key prefix, and need a key", async () => {
    const client = connect({ keyPrefix: "p:" });
    await client.sadd("s", "one");
    expect(await all(client.sscanIterator("s"))).toEqual(["one"]);
    expect(() => client.sscanIterator(undefined as any)).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
    );
  });

  it("end with the server's error for a key of another type", async () => {
    const client = connect();
    await client.set("k", "text");
    await expect(all(client.hscanIterator("k"))).rejects.toMatchObject({ code: "ERR_REDIS_SERVER_ERROR" });
  });

  it("throw while the client is subscribed", async () => {
    const client = connect();
    await client.subscribe("c", () => {});
    expect(() => client.scanIterator()).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
    await client.unsubscribe();
  });
});
