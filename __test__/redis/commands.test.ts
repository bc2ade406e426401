import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, RedisError } from "../../index.js";
import { useServer } from "../support/redis.js";
import { thrownBy } from "../support/thrown.js";
import { untyped } from "../support/untyped.js";

const server = useServer({ config: ["enable-debug-command yes"] });
let client: RedisClient;

beforeAll(() => {
  client = new RedisClient(server.url);
});

afterAll(() => client?.close());

describe("strings", () => {
  it("stores text of any script", async () => {
    for (const text of ["", "plain", "héllo", "日本語 🎉", "a\r\n$5\r\nb", "\u0000"]) {
      expect(await client.set("text", text)).toBe("OK");
      expect(await client.get("text")).toBe(text);
    }
    expect(await client.get("missing")).toBeNull();
  });

  it("replaces lone surrogates", async () => {
    await client.set("surrogate", "a\ud800b");
    expect(await client.get("surrogate")).toBe("a\ufffdb");
  });

  it("stores bytes exactly and returns them with getBuffer", async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await client.set("bytes", bytes);
    const stored = await client.getBuffer("bytes");
    expect(Buffer.isBuffer(stored)).toBe(true);
    expect(stored).toEqual(Buffer.from(bytes));
    await client.set("view", new Uint16Array([1, 2, 3]).subarray(1));
    expect(await client.getBuffer("view")).toEqual(Buffer.from([2, 0, 3, 0]));
    await client.set("buffer", bytes.buffer);
    expect(await client.getBuffer("buffer")).toEqual(Buffer.from(bytes));
  });

  it("copies bytes when the command is issued", async () => {
    const bytes = Buffer.from("before");
    const done = client.set("copied", bytes);
    bytes.write("after!");
    await done;
    expect(await client.get("copied")).toBe("before");
  });

  it.each([8 * 1024 - 1, 8 * 1024, 64 * 1024, 300_000, 5 * 1024 * 1024])("stores %i characters", async (length) => {
    const ascii = "x".repeat(length);
    const wide = "ü".repeat(length);
    await Promise.all([client.set("long", ascii), client.set("wide", wide)]);
    expect((await client.get("long")) === ascii).toBe(true);
    expect((await client.get("wide")) === wide).toBe(true);
  });

  it("keeps long strings apart from what is received after them", async () => {
    const texts = Array.from({ length: 20 }, (_, index) => `${index}:`.padEnd(200_000 + index * 7, String(index % 10)));
    await Promise.all(texts.map((text, index) => client.set(`long:${index}`, text)));
    const mixed = texts.flatMap((_, index) => [client.get(`long:${index}`), client.strlen(`long:${index}`)]);
    const held = await Promise.all(mixed);
    for (let round = 0; round < 3; round++) {
      (globalThis as { gc?: () => void }).gc?.();
      await Promise.all(texts.map((_, index) => client.get(`long:${index}`)));
    }
    expect(held).toEqual(texts.flatMap((text) => [text, text.length]));
  });

  it("takes options and returns what they say", async () => {
    await client.set("once", "1");
    expect(await client.set("once", "2", "NX")).toBeNull();
    expect(await client.set("once", "2", "GET")).toBe("1");
    expect(await client.set("once", "3", "EX", 100)).toBe("OK");
    expect(await client.ttl("once")).toBe(100);
  });

  it("counts", async () => {
    await client.del("n");
    expect(await client.incr("n")).toBe(1);
    expect(await client.incrby("n", 2 ** 40)).toBe(2 ** 40 + 1);
    expect(await client.decr("n")).toBe(2 ** 40);
    expect(await client.exists("n")).toBe(true);
    expect(await client.exists("missing")).toBe(false);
    expect(await client.expire("n", 10)).toBe(1);
  });
});

describe("aggregates", () => {
  it("hashes are objects without a prototype", async () => {
    await client.del("hash");
    expect(await client.hset("hash", { one: 1, __proto__x: "p", "": "empty" })).toBe(3);
    await client.hset("hash", "__proto__", "safe");
    const hash = await client.hgetall("hash");
    expect(Object.getPrototypeOf(hash)).toBeNull();
    expect(Object.entries(hash)).toEqual([
      ["one", "1"],
      ["__proto__x", "p"],
      ["", "empty"],
      ["__proto__", "safe"],
    ]);
    expect(await client.hgetall("missing")).toEqual({});
    expect(await client.hmget("hash", ["one", "none"])).toEqual(["1", null]);
  });

  it("hashes with text that is not ASCII", async () => {
    await client.del("hash");
    await client.hset("hash", { ключ: "значение" });
    expect({ ...(await client.hgetall("hash")) }).toEqual({ ключ: "значение" });
  });

  it("hset keeps bytes", async () => {
    await client.hset("binary hash", "field", Buffer.from([0xff, 0x00]));
    const value = await client.send("HSTRLEN", ["binary hash", "field"]);
    expect(value).toBe(2);
  });

  it("lists in order, with null where a key is missing", async () => {
    await client.del("list");
    const items = Array.from({ length: 2000 }, (_, index) => `item ${index}`);
    expect(await client.rpush("list", "item 0", ...items.slice(1))).toBe(2000);
    expect(await client.lrange("list", 0, -1)).toEqual(items);
    await client.set("a", "1");
    expect(await client.mget("a", "missing", "a")).toEqual(["1", null, "1"]);
  });

  it("a list larger than one delivery", async () => {
    await client.del("large list");
    const item = "y".repeat(1000);
    await client.rpush("large list", item, ...Array.from({ length: 4999 }, () => item));
    const items = await client.lrange("large list", 0, -1);
    expect(items).toHaveLength(5000);
    expect(items.every((value) => value === item)).toBe(true);
  });

  it("sets, scores and nested replies", async () => {
    await client.del("set", "zset");
    expect(await client.sadd("set", "a", "b", "a")).toBe(2);
    expect((await client.smembers("set")).sort()).toEqual(["a", "b"]);
    await client.zadd("zset", 1.5, "m", "inf", "top");
    expect(await client.zrange("zset", 0, -1, "WITHSCORES")).toEqual([
      ["m", 1.5],
      ["top", Infinity],
    ]);
    expect(await client.send("COMMAND", ["INFO", "nope"])).toEqual([null]);
  });
});

describe("ordering and batching", () => {
  it("answers each of 10,000 concurrent commands with its own reply", async () => {
    const count = 10_000;
    const writes = Array.from({ length: count }, (_, index) => client.set(`k${index}`, `v${index}`));
    const reads = Array.from({ length: count }, (_, index) => client.get(`k${index}`));
    expect(new Set(await Promise.all(writes))).toEqual(new Set(["OK"]));
    const values = await Promise.all(reads);
    expect(values.every((value, index) => value === `v${index}`)).toBe(true);
  });

  it("crosses the border once for each flush and once for each drained batch", async () => {
    // The instance that the client uses, not one of the test runner's.
    const { port } = createRequire(import.meta.url)("../../lib/port.js");
    await client.ping();
    const before = port.nativeCalls;
    await Promise.all(Array.from({ length: 1000 }, () => client.get("k1")));
    expect(port.nativeCalls - before).toBeLessThanOrEqual(6);
    const sequential = port.nativeCalls;
    for (let index = 0; index < 10; index++) await client.get("k1");
    expect(port.nativeCalls - sequential).toBe(20);
  });

  it("keeps the order of transactions sent raw", async () => {
    await client.set("t", "0");
    const replies = await Promise.all([
      client.send("MULTI", []),
      client.incr("t"),
      client.send("LPUSH", ["t", "x"]),
      client.send("EXEC", []),
    ]);
    expect(replies.slice(0, 3)).toEqual(["OK", "QUEUED", "QUEUED"]);
    const [value, error] = replies[3];
    expect(value).toBe(1);
    expect(error).toBeInstanceOf(RedisError);
    expect(error.message).toMatch(/^WRONGTYPE/);
  });
});

describe("errors", () => {
  it("an error of the server has its text and a code", async () => {
    await client.set("text", "abc");
    const error = await client.incr("text").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RedisError);
    expect(error).toMatchObject({
      name: "RedisError",
      code: "ERR_REDIS_SERVER_ERROR",
      message: "ERR value is not an integer or out of range",
    });
  });

  it("bad arguments throw before anything is sent", () => {
    const bare = untyped(client);
    expect(thrownBy(() => bare.get())).toMatchObject({
      name: "TypeError",
      code: "ERR_INVALID_ARG_TYPE",
      message: "Expected key to be a string or buffer for 'get'.",
    });
    expect(thrownBy(() => bare.set("k", {}))).toMatchObject({
      message: "Expected value to be a string or buffer or number for 'set'.",
    });
    expect(thrownBy(() => bare.mget(null))).toMatchObject({ code: "ERR_MISSING_ARGS" });
    expect(thrownBy(() => bare.zadd("k", undefined))).toMatchObject({
      message: "Expected additional arguments to be a string or buffer for 'zadd'.",
    });
    expect(thrownBy(() => bare.expire("k", "1"))).toMatchObject({
      message: 'The "seconds" property must be of type number. Received string',
    });
    expect(thrownBy(() => bare.expire("k", -1))).toMatchObject({ name: "RangeError", code: "ERR_OUT_OF_RANGE" });
    expect(thrownBy(() => bare.send("GET", "k"))).toMatchObject({ message: "Arguments must be an array" });
    expect(thrownBy(() => bare.get.call({}, "k"))).toMatchObject({ code: "ERR_INVALID_THIS" });
    expect(thrownBy(() => bare.hset("k", []))).toMatchObject({ message: /at least one field-value pair/ });
  });

  it("send converts numbers, big numbers and booleans", async () => {
    expect(await client.send("EVAL", ["return 3", 0])).toBe(3);
    expect(await client.send("DEBUG", ["PROTOCOL", "bignum"])).toBe(1234567999999999999999999999999999999n);
    expect(await client.send("DEBUG", ["PROTOCOL", "true"])).toBe(true);
    expect(await client.send("DEBUG", ["PROTOCOL", "double"])).toBe(3.141);
    expect(await client.send("DEBUG", ["PROTOCOL", "verbatim"])).toBe("This is a verbatim\nstring");
    expect(await client.send("DEBUG", ["PROTOCOL", "attrib"])).toBe("Some real reply following the attribute");
    expect({ ...(await client.send("DEBUG", ["PROTOCOL", "map"])) }).toEqual({ 0: false, 1: true, 2: false });
  });
});

it("small binary arguments are batched like text", async () => {
  const { port } = createRequire(import.meta.url)("../../lib/port.js");
  await client.ping();
  const before = port.nativeCalls;
  const values = Array.from({ length: 500 }, (_, index) => Buffer.from([index & 0xff, 0xff, 0x0a]));
  await Promise.all(values.map((value, index) => client.set(`b${index}`, value, "EX", 100)));
  expect(port.nativeCalls - before).toBeLessThanOrEqual(6);
  const stored = await Promise.all(values.map((_, index) => client.getBuffer(`b${index}`)));
  expect(stored).toEqual(values);
});

it("clients that are not in use can be collected", async () => {
  const registry = new FinalizationRegistry(() => void collected++);
  let collected = 0;
  for (let index = 0; index < 100; index++) registry.register(new RedisClient(server.url), index);
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error("run with --expose-gc");
  while (collected < 90) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
});
