/** Patterns, sharded channels, bytes, and what happens to subscriptions when a connection is lost. */
import { AsyncLocalStorage } from "node:async_hooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RedisClient, type RedisGap } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { inbox } from "../support/inbox.js";

let server: Awaited<ReturnType<typeof startRedis>>;
let publisher: RedisClient;
let subscriber: RedisClient;

beforeAll(async () => {
  server = await startRedis();
});

beforeEach(() => {
  publisher = new RedisClient(server.url);
  subscriber = new RedisClient(server.url);
});

afterEach(() => {
  publisher.close();
  subscriber.close();
});

afterAll(async () => {
  await server?.stop();
});

/** Lets the server drop the subscriber's connection; resolves with the gap that it is told of. */
async function interrupt(): Promise<RedisGap> {
  const id = await subscriber.send("CLIENT", ["ID"]);
  const gap = new Promise<RedisGap>((resolve) => (subscriber.ongap = resolve));
  await publisher.send("CLIENT", ["KILL", "ID", id]);
  return gap;
}

describe("patterns", () => {
  it("a listener receives message, channel and pattern", async () => {
    const box = inbox<[string, string, string?]>();
    expect(await subscriber.psubscribe("news.*", box.listener)).toBe(1);
    expect(await subscriber.psubscribe(["n*", "w*"], box.listener)).toBe(3);
    expect(await publisher.publish("news.at", "hallo")).toBe(2);
    await box.count(2);
    expect(box.received.sort()).toEqual([
      ["hallo", "news.at", "n*"],
      ["hallo", "news.at", "news.*"],
    ]);
  });

  it("punsubscribe ends one listener, one pattern, or all", async () => {
    const [kept, dropped] = [inbox<[string, string, string?]>(), inbox<[string, string, string?]>()];
    await subscriber.psubscribe("a*", dropped.listener);
    await subscriber.psubscribe("a*", kept.listener);
    await subscriber.psubscribe("b*", kept.listener);
    expect(await subscriber.punsubscribe("a*", dropped.listener)).toBeUndefined();
    await publisher.publish("a1", "1");
    await kept.count(1);
    expect(dropped.received).toEqual([]);
    expect(await subscriber.punsubscribe("a*")).toEqual({ type: "punsubscribe", data: ["a*", 1] });
    expect(await publisher.publish("a1", "2")).toBe(0);
    await subscriber.punsubscribe();
    expect(await publisher.publish("b1", "3")).toBe(0);
    expect(await subscriber.get("k")).toBeNull();
  });

  it("without a listener the command is sent alone", async () => {
    expect(await subscriber.psubscribe("p*")).toEqual({ type: "psubscribe", data: ["p*", 1] });
    expect(() => subscriber.get("k")).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
    await subscriber.punsubscribe("p*");
    expect(await subscriber.get("k")).toBeNull();
  });

  it("channels and patterns of one client do not disturb each other", async () => {
    const [channel, pattern] = [inbox(), inbox<[string, string, string?]>()];
    await subscriber.subscribe("x1", channel.listener);
    await subscriber.psubscribe("x*", pattern.listener);
    await publisher.publish("x1", "m");
    await Promise.all([channel.count(1), pattern.count(1)]);
    await subscriber.unsubscribe();
    await publisher.publish("x1", "n");
    await pattern.count(2);
    expect(channel.received).toEqual([["m", "x1"]]);
    expect(pattern.received[1]).toEqual(["n", "x1", "x*"]);
  });
});

describe("sharded channels", () => {
  it("deliver what spublish sends", async () => {
    const box = inbox();
    expect(await subscriber.ssubscribe("orders", box.listener)).toBe(1);
    expect(await publisher.spublish("orders", "1")).toBe(1);
    await box.count(1);
    expect(box.received).toEqual([["1", "orders"]]);
    expect(await subscriber.sunsubscribe("orders", box.listener)).toBeUndefined();
    expect(await publisher.spublish("orders", "2")).toBe(0);
    expect(() => subscriber.sunsubscribe()).toThrow(
      "RedisClient.prototype.sunsubscribe can only be called while in subscriber mode.",
    );
  });
});

describe("bytes", () => {
  const binary = Buffer.from([0, 0xff, 0xfe, 0x0d, 0x0a]);

  it("come as they were published, beside listeners of text", async () => {
    const [bytes, text] = [inbox<[Buffer, string]>(), inbox()];
    await subscriber.subscribe("raw", bytes.listener, { buffer: true });
    await subscriber.subscribe("raw", text.listener);
    await publisher.publish("raw", binary);
    await Promise.all([bytes.count(1), text.count(1)]);
    expect(bytes.received[0]![0]).toEqual(binary);
    expect(Buffer.isBuffer(bytes.received[0]![0])).toBe(true);
    expect(text.received[0]).toEqual([binary.toString(), "raw"]);
    await subscriber.unsubscribe("raw", bytes.listener);
    await publisher.publish("raw", "plain");
    await text.count(2);
    expect(text.received[1]).toEqual(["plain", "raw"]);
    expect(bytes.received).toHaveLength(1);
  });

  it("reach listeners of patterns too", async () => {
    const box = inbox<[Buffer, string, string?]>();
    await subscriber.psubscribe("ra*", box.listener, { buffer: true });
    await publisher.publish("raw", binary);
    await box.count(1);
    expect(box.received).toEqual([[binary, "raw", "ra*"]]);
  });
});

describe("a lost connection", () => {
  it("all three kinds are subscribed to again, and the gap is told", async () => {
    const [channel, pattern, shard] = [inbox(), inbox<[string, string, string?]>(), inbox()];
    const own: RedisGap[] = [];
    await subscriber.subscribe(["c1", "c2"], channel.listener, { ongap: (gap) => own.push(gap) });
    await subscriber.psubscribe("p*", pattern.listener);
    await subscriber.ssubscribe(["s1", "s2"], shard.listener);
    const gap = await interrupt();
    expect(gap).toEqual({
      channels: ["c1", "c2"],
      patterns: ["p*"],
      shardChannels: ["s1", "s2"],
      milliseconds: expect.any(Number),
      error: null,
    });
    expect(own).toEqual([gap]);
    expect(await publisher.publish("c2", "1")).toBe(1);
    expect(await publisher.publish("p2", "2")).toBe(1);
    expect(await publisher.spublish("s2", "3")).toBe(1);
    await Promise.all([channel.count(1), pattern.count(1), shard.count(1)]);
  });

  it("a binary name is subscribed to again as it is", async () => {
    const name = Buffer.from([0xff, 0x01]);
    await (subscriber as any).subscribe([name], () => {});
    await interrupt();
    expect(await publisher.send("PUBSUB", ["NUMSUB", name])).toEqual([expect.any(String), 1]);
  });

  it("a first connection makes no gap and subscribes once", async () => {
    let gaps = 0;
    subscriber.ongap = () => gaps++;
    await subscriber.subscribe("once", () => {});
    await subscriber.ping();
    expect(gaps).toBe(0);
    const stats: string = await publisher.send("INFO", ["commandstats"]);
    expect(stats).toContain("cmdstat_subscribe");
    const before = Number(/cmdstat_subscribe:calls=(\d+)/.exec(stats)![1]);
    const other = new RedisClient(server.url);
    await other.subscribe("once", () => {});
    other.close();
    const after = await publisher.send("INFO", ["commandstats"]);
    expect(Number(/cmdstat_subscribe:calls=(\d+)/.exec(after)![1])).toBe(before + 1);
  });

  it("what was unsubscribed is not subscribed to again", async () => {
    await subscriber.subscribe(["stays", "goes"], () => {});
    await subscriber.unsubscribe("goes");
    expect((await interrupt()).channels).toEqual(["stays"]);
    expect(await publisher.publish("goes", "m")).toBe(0);
  });

  it("a server that refuses to subscribe again is told of with the gap", async () => {
    await publisher.send("ACL", ["SETUSER", "reader", "on", ">pw", "+@all", "~*", "&*"]);
    subscriber.close();
    subscriber = new RedisClient({ url: server.url, username: "reader", password: "pw" });
    await subscriber.subscribe("secret", () => {});
    await publisher.send("ACL", ["SETUSER", "reader", "resetchannels", "&open"]);
    const gap = await new Promise<RedisGap>((resolve) => (subscriber.ongap = resolve));
    expect(gap.error?.message).toMatch(/^NOPERM/);
    expect(await subscriber.ping()).toBe("PONG");
  });
});

it("an error reply while subscribed rejects its own command only", async () => {
  const box = inbox();
  await subscriber.subscribe("a", box.listener);
  const answers = await Promise.allSettled([
    subscriber.send("GET", ["k"]),
    subscriber.send("NOSUCHCOMMAND", []),
    subscriber.ping(),
  ]);
  expect(answers).toMatchObject([
    { value: null },
    { reason: { code: "ERR_REDIS_SERVER_ERROR", message: expect.stringMatching(/unknown command/) } },
    { value: "PONG" },
  ]);
  await publisher.publish("a", "still here");
  await box.count(1);
});

it("callbacks run in the context in which they were registered", async () => {
  const context = new AsyncLocalStorage<string>();
  const seen: Record<string, string | undefined> = {};
  const note = (name: string) => () => (seen[name] = context.getStore());
  const heard = new Promise<void>((resolve) => {
    const listener = () => {
      note("listener")();
      resolve();
    };
    context.run("at onconnect", () => (subscriber.onconnect = note("onconnect")));
    context.run("at onclose", () => (subscriber.onclose = note("onclose")));
    void context.run("at subscribe", () => subscriber.subscribe("a", listener));
  });
  await subscriber.ping();
  await context.run("at publish", () => publisher.publish("a", "m"));
  await heard;
  context.run("at close", () => subscriber.close());
  expect(seen).toEqual({ listener: "at subscribe", onconnect: "at onconnect", onclose: "at onclose" });
});

it("checks its arguments", () => {
  const untyped = subscriber as any;
  expect(() => untyped.ssubscribe("a")).toThrow("Expected listener to be a function for 'ssubscribe'.");
  expect(() => untyped.psubscribe([], () => {})).toThrow("psubscribe requires at least one channel");
  expect(() => untyped.psubscribe("a", () => {}, "buffer")).toThrow("Expected options to be an object for 'psubscribe'.");
  expect(() => untyped.subscribe("a", () => {}, { ongap: 1 })).toThrow("Expected ongap to be a function for 'subscribe'.");
});
