/** Replies as bytes and exact integers, key prefixes, and arguments beyond the declared ones. */
import { describe, expect, it } from "vitest";
import { useRedis } from "../support/redis.js";

const binary = Buffer.from([0, 0xff, 0xfe, 0x0d, 0x0a, 0x80]);

const { connect } = useRedis();

describe("buffers", () => {
  it("keep the bytes of any reply, and leave numbers alone", async () => {
    const client = connect();
    await client.hset("h", "f", binary);
    await client.rpush("l", binary, "text");
    expect(await client.buffers.hget("h", "f")).toEqual(binary);
    expect(await client.buffers.hgetall("h")).toEqual({ f: binary });
    expect(await client.buffers.lrange("l", 0, -1)).toEqual([binary, Buffer.from("text")]);
    expect(await client.buffers.send("GET", ["none"])).toBeNull();
    expect(await client.buffers.llen("l")).toBe(2);
    expect(await client.buffers.exists("l")).toBe(true);
    expect(await client.buffers.ping()).toEqual(Buffer.from("PONG"));
    expect(await client.hget("h", "f")).toBe(binary.toString());
  });

  it("restore what dump gave", async () => {
    const client = connect();
    await client.set("a", binary);
    const dumped = await client.buffers.dump("a");
    await client.send("RESTORE", ["b", 0, dumped!]);
    expect(await client.getBuffer("b")).toEqual(binary);
  });

  it("are one view for each client, and views build on each other", async () => {
    const client = connect();
    expect(client.buffers).toBe(client.buffers);
    await client.set("n", "9007199254740993");
    const both = client.buffers.with({ bigint: true });
    expect(await both.incr("n")).toBe(9007199254740994n);
    expect(await both.get("n")).toEqual(Buffer.from("9007199254740994"));
    expect(await both.with({ buffers: false }).get("n")).toBe("9007199254740994");
  });

  it("a view is no client, and no client is needed to make its commands fail", () => {
    const { buffers } = connect();
    expect(Object.prototype.toString.call(buffers)).toBe("[object RedisView]");
    expect(["connect", "subscribe", "psubscribe", "punsubscribe"].filter((name) => name in buffers)).toEqual([]);
    const { get } = buffers;
    expect(() => get("k")).toThrow(expect.objectContaining({ code: "ERR_INVALID_THIS" }));
  });

  it("typed commands of a view throw in subscriber mode like the client's", async () => {
    const client = connect();
    const { buffers } = client;
    await client.subscribe("c", () => {});
    expect(() => buffers.get("k")).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
    await client.unsubscribe();
  });
});

describe("bigint", () => {
  const beyond = ["9007199254740992", "-9007199254740992", "9223372036854775807", "-9223372036854775808"];

  it.each(beyond)("%s is exact by option and a number by default", async (digits) => {
    const exact = connect({ bigint: true });
    const plain = connect();
    await plain.set("n", digits);
    expect(await exact.incrby("n", 0)).toBe(BigInt(digits));
    expect(await plain.incrby("n", 0)).toBe(Number(digits));
    expect(await exact.eval(`return {${digits}, 5}`, 0)).toEqual([expect.anything(), 5]);
  });

  it("what a number can hold stays a number", async () => {
    const client = connect({ bigint: true });
    await client.set("n", "9007199254740990");
    expect(await client.incr("n")).toBe(9007199254740991);
    expect(await client.decrby("m", "9007199254740991")).toBe(-9007199254740991);
    expect(await client.with({ bigint: false }).incrby("n", 2)).toBe(9007199254740992);
    expect(await client.exists("n")).toBe(true);
  });
});

describe("keyPrefix", () => {
  it("stands before every key, whatever the command and the form of its arguments", async () => {
    const client = connect({ keyPrefix: "app:" });
    const plain = connect();
    await client.set("a", "1");
    await client.mset("b", "2", "ü", "drei");
    await client.set(Buffer.from("c"), binary);
    await client.hset("h", { field: "value" });
    await client.send("zadd", ["z", 1, "member"]);
    await client.eval("return redis.call('set', KEYS[1], ARGV[1])", 1, "script", "x");
    await client.xadd("s", "*", "f", "v");
    await client.buffers.set("view", "w");
    expect((await plain.keys("*")).sort()).toEqual(
      ["a", "b", "c", "h", "s", "script", "view", "z", "ü"].map((key) => `app:${key}`),
    );
    expect(await client.mget("a", "b", "ü")).toEqual(["1", "2", "drei"]);
    expect(await client.getBuffer("c")).toEqual(binary);
    expect(await client.xread("COUNT", 1, "STREAMS", "s", "0")).toHaveProperty(["app:s"]);
    expect(await client.del("a", "b")).toBe(2);
  });

  it("is not put before values, patterns and channels", async () => {
    const client = connect({ keyPrefix: "app:" });
    await client.set("k", "k");
    expect(await client.get("k")).toBe("k");
    expect(await client.keys("k")).toEqual([]);
    expect(await client.keys("app:*")).toEqual(["app:k"]);
    expect(await client.echo("k")).toBe("k");
    expect(await client.publish("k", "m")).toBe(0);
  });

  it("may be bytes, with large values", async () => {
    const client = connect({ keyPrefix: Buffer.from([0xff]) });
    const large = "ü".repeat(20_000);
    await client.set("k", large);
    await client.set("é", "\ud800 lone");
    expect(await client.get("k")).toBe(large);
    expect(await client.get("é")).toBe("\ufffd lone");
    expect(await connect().buffers.keys("*k")).toEqual([Buffer.from([0xff, 0x6b])]);
  });
});

describe("further arguments", () => {
  it("are sent where the command takes them, unless they are null", async () => {
    const client = connect() as any;
    await client.set("k", "foobar");
    await client.set("l", "x");
    expect(await client.bitcount("k")).toBe(26);
    expect(await client.bitcount("k", 1, 1)).toBe(6);
    expect(await client.bitcount("k", 5, 30, "BIT")).toBe(17);
    expect(await client.bitcount("k", undefined, null)).toBe(26);
    expect(await client.pfadd("p", "a", "b")).toBe(1);
    expect(await client.pfcount("p")).toBe(2);
    expect(await client.expire("k", 100, "NX")).toBe(1);
    expect(await client.expire("k", 100, "NX")).toBe(0);
    expect(await client.expireat("k", 1, "GT")).toBe(0);
    expect(await client.exists("none", "k")).toBe(true);
    expect(() => client.pfadd("p", "a", {})).toThrow("Expected additional arguments to be a string or buffer for 'pfadd'.");
    expect(() => client.bitcount()).toThrow("Expected key to be a string or buffer for 'bitcount'.");
  });
});
