/** Patterns, sharded channels, bytes, and what happens to subscriptions when a connection is lost. */
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import { RedisClient, type RedisGap } from "../../index.js";
import { inbox } from "../support/inbox.js";
import { usePair } from "../support/pubsub.js";

const pair = usePair();

/** Lets the server drop the subscriber's connection; resolves with the gap that it is told of. */
async function interrupt(): Promise<RedisGap> {
  const id = await pair.subscriber.send("CLIENT", ["ID"]);
  const gap = new Promise<RedisGap>((resolve) => (pair.subscriber.ongap = resolve));
  await pair.publisher.send("CLIENT", ["KILL", "ID", id]);
  return gap;
}

describe("patterns", () => {
  it("a listener receives message, channel and pattern", async () => {
    const box = inbox<[string, string, string?]>();
    expect(await pair.subscriber.psubscribe("news.*", box.listener)).toBe(1);
    expect(await pair.subscriber.psubscribe(["n*", "w*"], box.listener)).toBe(3);
    expect(await pair.publisher.publish("news.at", "hallo")).toBe(2);
    await box.count(2);
    expect(box.received.sort()).toEqual([
      ["hallo", "news.at", "n*"],
      ["hallo", "news.at", "news.*"],
    ]);
  });

  it("punsubscribe ends one listener, one pattern, or all", async () => {
    const [kept, dropped] = [inbox<[string, string, string?]>(), inbox<[string, string, string?]>()];
    await pair.subscriber.psubscribe("a*", dropped.listener);
    await pair.subscriber.psubscribe("a*", kept.listener);
    await pair.subscriber.psubscribe("b*", kept.listener);
    expect(await pair.subscriber.punsubscribe("a*", dropped.listener)).toBeUndefined();
    await pair.publisher.publish("a1", "1");
    await kept.count(1);
    expect(dropped.received).toEqual([]);
    expect(await pair.subscriber.punsubscribe("a*")).toEqual({ type: "punsubscribe", data: ["a*", 1] });
    expect(await pair.publisher.publish("a1", "2")).toBe(0);
    await pair.subscriber.punsubscribe();
    expect(await pair.publisher.publish("b1", "3")).toBe(0);
    expect(await pair.subscriber.get("k")).toBeNull();
  });

  it("without a listener the command is sent alone", async () => {
    expect(await pair.subscriber.psubscribe("p*")).toEqual({ type: "psubscribe", data: ["p*", 1] });
    expect(() => pair.subscriber.get("k")).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
    await pair.subscriber.punsubscribe("p*");
    expect(await pair.subscriber.get("k")).toBeNull();
  });

  it("channels and patterns of one client do not disturb each other", async () => {
    const [channel, pattern] = [inbox(), inbox<[string, string, string?]>()];
    await pair.subscriber.subscribe("x1", channel.listener);
    await pair.subscriber.psubscribe("x*", pattern.listener);
    await pair.publisher.publish("x1", "m");
    await Promise.all([channel.count(1), pattern.count(1)]);
    await pair.subscriber.unsubscribe();
    await pair.publisher.publish("x1", "n");
    await pattern.count(2);
    expect(channel.received).toEqual([["m", "x1"]]);
    expect(pattern.received[1]).toEqual(["n", "x1", "x*"]);
  });
});

describe("sharded channels", () => {
  it("deliver what spublish sends", async () => {
    const box = inbox();
    expect(await pair.subscriber.ssubscribe("orders", box.listener)).toBe(1);
    expect(await pair.publisher.spublish("orders", "1")).toBe(1);
    await box.count(1);
    expect(box.received).toEqual([["1", "orders"]]);
    expect(await pair.subscriber.sunsubscribe("orders", box.listener)).toBeUndefined();
    expect(await pair.publisher.spublish("orders", "2")).toBe(0);
    expect(() => pair.subscriber.sunsubscribe()).toThrow(
      "RedisClient.prototype.sunsubscribe can only be called while in subscriber mode.",
    );
  });
});

describe("bytes", () => {
  const binary = Buffer.from([0, 0xff, 0xfe, 0x0d, 0x0a]);

  it("come as they were published, beside listeners of text", async () => {
    const [bytes, text] = [inbox<[Buffer, string]>(), inbox()];
    await pair.subscriber.subscribe("raw", bytes.listener, { buffer: true });
    await pair.subscriber.subscribe("raw", text.listener);
    await pair.publisher.publish("raw", binary);
    await Promise.all([bytes.count(1), text.count(1)]);
    expect(bytes.received[0]![0]).toEqual(binary);
    expect(Buffer.isBuffer(bytes.received[0]![0])).toBe(true);
    expect(text.received[0]).toEqual([binary.toString(), "raw"]);
    await pair.subscriber.unsubscribe("raw", bytes.listener);
    await pair.publisher.publish("raw", "plain");
    await text.count(2);
    expect(text.received[1]).toEqual(["plain", "raw"]);
    expect(bytes.received).toHaveLength(1);
  });

  it("reach listeners of patterns too", async () => {
    const box = inbox<[Buffer, string, string?]>();
    await pair.subscriber.psubscribe("ra*", box.listener, { buffer: true });
    await pair.publisher.publish("raw", binary);
    await box.count(1);
    expect(box.received).toEqual([[binary, "raw", "ra*"]]);
  });
});

describe("a lost connection", () => {
  it("all three kinds are subscribed to again, and the gap is told", async () => {
    const [channel, pattern, shard] = [inbox(), inbox<[string, string, string?]>(), inbox()];
    const own: RedisGap[] = [];
    await pair.subscriber.subscribe(["c1", "c2"], channel.listener, { ongap: (gap) => own.push(gap) });
    await pair.subscriber.psubscribe("p*", pattern.listener);
    await pair.subscriber.ssubscribe(["s1", "s2"], shard.listener);
    const gap = await interrupt();
    expect(gap).toEqual({
      channels: ["c1", "c2"],
      patterns: ["p*"],
      shardChannels: ["s1", "s2"],
      milliseconds: expect.any(Number),
      error: null,
    });
    expect(own).toEqual([gap]);
    expect(await pair.publisher.publish("c2", "1")).toBe(1);
    expect(await pair.publisher.publish("p2", "2")).toBe(1);
    expect(await pair.publisher.spublish("s2", "3")).toBe(1);
    await Promise.all([channel.count(1), pattern.count(1), shard.count(1)]);
  });

  it("a binary name is subscribed to again as it is", async () => {
    const name = Buffer.from([0xff, 0x01]);
    await (pair.subscriber as any).subscribe([name], () => {});
    await interrupt();
    expect(await pair.publisher.send("PUBSUB", ["NUMSUB", name])).toEqual([expect.any(String), 1]);
  });

  it("a first connection makes no gap and subscribes once", async () => {
    let gaps = 0;
    pair.subscriber.ongap = () => gaps++;
    await pair.subscriber.subscribe("once", () => {});
    await pair.subscriber.ping();
    expect(gaps).toBe(0);
    const stats: string = await pair.publisher.send("INFO", ["commandstats"]);
    expect(stats).toContain("cmdstat_subscribe");
    const before = Number(/cmdstat_subscribe:calls=(\d+)/.exec(stats)![1]);
    const other = new RedisClient(pair.server.url);
    await other.subscribe("once", () => {});
    other.close();
    const after = await pair.publisher.send("INFO", ["commandstats"]);
    expect(Number(/cmdstat_subscribe:calls=(\d+)/.exec(after)![1])).toBe(before + 1);
  });

  it("what was unsubscribed is not subscribed to again", async () => {
    await pair.subscriber.subscribe(["stays", "goes"], () => {});
    await pair.subscriber.unsubscribe("goes");
    expect((await interrupt()).channels).toEqual(["stays"]);
    expect(await pair.publisher.publish("goes", "m")).toBe(0);
  });

  it("what nobody listens to is forgotten, and commands are answered again", async () => {
    const { subscriber, publisher } = pair;
    await subscriber.send("SUBSCRIBE", ["raw"]);
    expect(() => subscriber.get("k")).toThrow("subscriber mode");
    const again = new Promise((resolve) => (subscriber.onconnect = resolve));
    await publisher.clientKill("TYPE", "pubsub");
    await again;
    expect(await subscriber.get("k")).toBeNull();
  });

  it("a server that refuses to subscribe again is told of with the gap", async () => {
    await pair.publisher.send("ACL", ["SETUSER", "reader", "on", ">pw", "+@all", "~*", "&*"]);
    pair.subscriber.close();
    pair.subscriber = new RedisClient({ url: pair.server.url, username: "reader", password: "pw" });
    await pair.subscriber.subscribe("secret", () => {});
    await pair.publisher.send("ACL", ["SETUSER", "reader", "resetchannels", "&open"]);
    const gap = await new Promise<RedisGap>((resolve) => (pair.subscriber.ongap = resolve));
    expect(gap.error?.message).toMatch(/^NOPERM/);
    expect(await pair.subscriber.ping()).toBe("PONG");
  });
});

it("an error reply while subscribed rejects its own command only", async () => {
  const box = inbox();
  await pair.subscriber.subscribe("a", box.listener);
  const answers = await Promise.allSettled([
    pair.subscriber.send("GET", ["k"]),
    pair.subscriber.send("NOSUCHCOMMAND", []),
    pair.subscriber.ping(),
  ]);
  expect(answers).toMatchObject([
    { value: null },
    { reason: { code: "ERR_REDIS_SERVER_ERROR", message: expect.stringMatching(/unknown command/) } },
    { value: "PONG" },
  ]);
  await pair.publisher.publish("a", "still here");
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
    context.run("at onconnect", () => (pair.subscriber.onconnect = note("onconnect")));
    context.run("at onclose", () => (pair.subscriber.onclose = note("onclose")));
    void context.run("at subscribe", () => pair.subscriber.subscribe("a", listener));
  });
  await pair.subscriber.ping();
  await context.run("at publish", () => pair.publisher.publish("a", "m"));
  await heard;
  context.run("at close", () => pair.subscriber.close());
  expect(seen).toEqual({ listener: "at subscribe", onconnect: "at onconnect", onclose: "at onclose" });
});

it("checks its arguments", () => {
  const untyped = pair.subscriber as any;
  expect(() => untyped.ssubscribe("a")).toThrow("Expected listener to be a function for 'ssubscribe'.");
  expect(() => untyped.psubscribe([], () => {})).toThrow("psubscribe requires at least one channel");
  expect(() => untyped.psubscribe("a", () => {}, "buffer")).toThrow("Expected options to be an object for 'psubscribe'.");
  expect(() => untyped.subscribe("a", () => {}, { ongap: 1 })).toThrow("Expected ongap to be a function for 'subscribe'.");
});
