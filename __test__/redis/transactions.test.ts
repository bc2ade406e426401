/** Transactions on one connection: what they resolve with, and how they fail. */
import { tracingChannel } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { RedisBatchError, RedisClient, RedisError, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { failure, useBuilders } from "../support/builders.js";

const binary = Buffer.from([0, 0xff, 0x0d, 0x0a]);

const { redis, connect, scripted } = useBuilders();

describe("replies", () => {
  it("come in order, each as its method gives it", async () => {
    const client = await connect();
    const replies = await client
      .multi()
      .set("k", "v")
      .incr("n")
      .exists("k")
      .hset("h", { field: "value" })
      .hgetall("h")
      .get("missing")
      .lrange("missing", 0, -1)
      .zadd("z", 1.5, "m")
      .zscore("z", "m")
      .ping()
      .send("ECHO", ["anything"])
      .exec();
    expect(replies).toEqual(["OK", 1, true, 1, { field: "value" }, null, [], 1, 1.5, "PONG", "anything"]);
  });

  it("are bytes where a command or a view wants bytes", async () => {
    const client = await connect();
    await client.hset("h", "f", binary);
    await client.set("k", binary);
    const text = binary.toString();
    expect(await client.multi().getBuffer("k").get("k").hgetall("h").incr("n").hvals("h").exec()).toEqual([
      binary,
      text,
      { f: text },
      1,
      [text],
    ]);
    expect(await client.buffers.multi().get("k").hgetall("h").exists("k").exec()).toEqual([binary, { f: binary }, true]);
  });

  it("are exact where integers are wanted exact", async () => {
    const client = await connect();
    await client.set("n", "9007199254740993");
    expect(await client.with({ bigint: true }).multi().incrby("n", 0).incr("small").exec()).toEqual([9007199254740993n, 1]);
    const exact = await connect({ bigint: true });
    expect(await exact.multi().incrby("n", 0).exec()).toEqual([9007199254740993n]);
    expect(await exact.with({ bigint: false }).multi().incrby("n", 0).exec()).toEqual([Number(9007199254740993n)]);
  });

  it("of no commands are none, and nothing is sent", async () => {
    const client = new RedisClient("redis://127.0.0.1:1");
    expect(await client.multi().exec()).toEqual([]);
    expect(client.connected).toBe(false);
  });

  it("of blocking commands are those of the moment", async () => {
    const client = await connect({ commandTimeout: 60_000 });
    expect(await client.multi().blpop("none", 0).rpush("l", "a").blpop("l", 0).exec()).toEqual([null, 1, ["l", "a"]]);
  });

  it.each([3, 4093, 4094, 4095, 20_000])("of %i commands are as many", async (count) => {
    const client = await connect();
    const transaction = client.multi<number[]>();
    for (let left = count; left > 0; left--) transaction.incr("n");
    expect(transaction.length).toBe(count);
    const before = client.incr("n");
    const [replies, after] = await Promise.all([transaction.exec(), client.incr("n")]);
    expect(await before).toBe(1);
    expect(replies).toEqual(Array.from({ length: count }, (_, index) => index + 2));
    expect(after).toBe(count + 2);
  });

  it("have keys with the prefix behind them", async () => {
    const client = await connect({ keyPrefix: "app:" });
    await client.multi().set("a", "1").mset("b", "2", "c", "3").exec();
    const plain = await connect();
    expect((await plain.keys("*")).sort()).toEqual(["app:a", "app:b", "app:c"]);
  });

  it("are not mixed up with those of others who send at the same time", async () => {
    const client = await connect();
    const runs = Array.from({ length: 300 }, async (_, index) => {
      const [text, large] = await Promise.all([
        client.multi().set(`k${index}`, `${index}`).get(`k${index}`).exec(),
        client.multi().echo("x".repeat(index * 100)).exec(),
        client.get("none"),
      ]);
      return [text, large];
    });
    for (const [index, replies] of (await Promise.all(runs)).entries()) {
      expect(replies).toEqual([["OK", `${index}`], ["x".repeat(index * 100)]]);
    }
  });

  it("come without automatic pipelining, and before there is a connection", async () => {
    const client = redis.connect({ enableAutoPipelining: false });
    expect(await client.multi().incr("n").incr("n").exec()).toEqual([1, 2]);
  });

  it("come from servers of the older protocol", async () => {
    const old = await startRedis({ config: ['rename-command HELLO ""'] });
    onTestFinished(() => old.stop());
    const client = await connect({}, old.url);
    await client.set("text", "x");
    const replies = await client.multi().set("k", "v").exists("k").incr("text").getBuffer("k").exec();
    expect(replies).toEqual(["OK", true, expect.any(RedisError), Buffer.from("v")]);
    expect(await failure(client.multi().get("k").send("NOSUCH", []).exec())).toBeInstanceOf(RedisBatchError);
    expect(await client.get("k")).toBe("v");
  });
});

describe("errors", () => {
  it("of a command that fails while it is executed are elements", async () => {
    const client = await connect();
    const replies = await client.multi().set("k", "text").incr("k").get("k").exec();
    expect(replies).toEqual(["OK", expect.any(RedisError), "text"]);
    expect(replies[1]).toMatchObject({ code: "ERR_REDIS_SERVER_ERROR", index: 1, command: "INCR" });
    const thrown = await failure(client.multi().set("k", "text").incr("k").exec({ throwOnError: true }));
    expect(thrown).toBeInstanceOf(RedisBatchError);
    expect(thrown).toMatchObject({ code: "ERR_REDIS_COMMANDS_FAILED", errors: [{ index: 1 }], replies: ["OK", {}] });
    expect(await client.multi().incr("n").exec({ throwOnError: true })).toEqual([1]);
  });

  it("of commands that are refused reject with all of them, and nothing is executed", async () => {
    const client = await connect();
    const thrown = await failure(
      client.multi().set("k", "v").send("nosuch", ["a"]).get("k").send("GET", []).set("k", "w").exec(),
    );
    expect(thrown).toBeInstanceOf(RedisBatchError);
    expect(thrown).toBeInstanceOf(RedisError);
    expect(thrown.code).toBe("ERR_REDIS_TRANSACTION_ABORTED");
    expect(thrown.name).toBe("RedisBatchError");
    expect(thrown.errors).toMatchObject([
      { index: 1, command: "NOSUCH", code: "ERR_REDIS_SERVER_ERROR", message: expect.stringContaining("unknown command") },
      { index: 3, command: "GET", code: "ERR_REDIS_SERVER_ERROR", message: expect.stringContaining("wrong number") },
    ]);
    expect(thrown.cause.message).toMatch(/^EXECABORT/);
    expect(await client.exists("k")).toBe(false);
  });

  it("have the name of the command, whatever is in it", async () => {
    const client = await connect();
    const name = "é\r\n𝄞";
    const thrown = await failure(client.multi().send(name, []).exec());
    expect(thrown.errors).toMatchObject([{ index: 0, command: name.toUpperCase(), code: "ERR_REDIS_SERVER_ERROR" }]);
    expect(await client.pipeline().send(name, ["a"]).ping().exec()).toMatchObject([{ command: name.toUpperCase() }, "PONG"]);
  });

  it("tell of a MULTI that a user may not send", async () => {
    const guarded = await startRedis({ config: ["user default on nopass ~* &* +@all -multi"] });
    onTestFinished(() => guarded.stop());
    const client = await connect({}, guarded.url);
    expect(await failure(client.multi().incr("n").exec())).toMatchObject({ message: expect.stringMatching(/^NOPERM/) });
    expect(await client.ping()).toBe("PONG");
  });

  it.each([
    ["no list", "+OK\r\n"],
    ["too few replies", "*1\r\n+OK\r\n"],
  ])("tell of %s from EXEC", async (_, reply) => {
    const client = await scripted({}, (command) => {
      return command === "EXEC" ? reply : command === "MULTI" ? "+OK\r\n" : "+QUEUED\r\n";
    });
    const thrown = await failure(client.multi().get("a").get("b").exec());
    expect(thrown.code).toBe("ERR_REDIS_INVALID_RESPONSE");
  });

  it("of arguments are thrown by the command", async () => {
    const client = await connect();
    const transaction = client.multi();
    expect(() => transaction.get(undefined as never)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }));
    expect(() => transaction.expire("k", 1.5)).toThrow(TypeError);
    expect(transaction.length).toBe(0);
    const { get } = transaction;
    expect(() => get("k")).toThrow(expect.objectContaining({ code: "ERR_INVALID_THIS" }));
  });

  it.each([
    ["MULTI", []],
    ["exec", []],
    ["DISCARD", []],
    ["Watch", ["k"]],
    ["RESET", []],
    ["quit", []],
    ["SUBSCRIBE", ["c"]],
    ["punsubscribe", []],
    ["SSUBSCRIBE", ["c"]],
  ])("%s cannot be among the commands", async (command, args) => {
    const client = await connect();
    const transaction = client.multi();
    expect(() => transaction.send(command, args)).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
    expect(await transaction.exec()).toEqual([]);
  });

  it("meet whoever uses a transaction twice", async () => {
    const client = await connect();
    const transaction = client.multi().incr("n");
    expect(await transaction.exec()).toEqual([1]);
    const again = { code: "ERR_REDIS_INVALID_STATE", message: "The transaction was executed already" };
    expect(await failure(transaction.exec())).toMatchObject(again);
    expect(() => transaction.incr("n")).toThrow(expect.objectContaining(again));
    const dropped = client.multi().incr("n");
    expect(dropped.discard()).toBeUndefined();
    expect(await failure(dropped.exec())).toMatchObject({ message: "The transaction was discarded already" });
    expect(await client.get("n")).toBe("1");
  });

  it("meet whoever is subscribed", async () => {
    const client = await connect();
    const transaction = client.multi().incr("n");
    await client.subscribe("c", () => {});
    const state = { code: "ERR_REDIS_INVALID_STATE" };
    expect(() => client.multi().incr("n")).toThrow(expect.objectContaining(state));
    expect(await failure(transaction.exec())).toMatchObject(state);
    await client.unsubscribe();
    expect(await client.get("n")).toBeNull();
  });
});

describe("limits", () => {
  /** A server that is silent from EXEC on. */
  const silent = (options: RedisOptions) => scripted(options, (command) => (command === "MULTI" ? "+OK\r\n" : ""));

  it("a deadline is that of the whole", async () => {
    const client = await silent({ commandTimeout: 30 });
    const late = { code: "ERR_REDIS_COMMAND_TIMEOUT" };
    expect(await failure(client.multi().get("a").get("b").exec())).toMatchObject(late);
    expect(await failure(client.with({ timeout: 20 }).multi().get("a").exec())).toMatchObject(late);
    await client.drain();
  });

  it("a signal rejects with its reason", async () => {
    const client = await silent({});
    const controller = new AbortController();
    const view = client.with({ signal: controller.signal });
    const waiting = view.multi().get("a").exec();
    controller.abort(new Error("enough"));
    expect(await failure(waiting)).toBe(controller.signal.reason);
    expect(await failure(view.multi().get("a").exec())).toBe(controller.signal.reason);
    await client.drain();
  });

  it("a transaction has room as a whole or not at all", async () => {
    const client = redis.keep(new RedisClient("redis://127.0.0.1:1", { maxQueueCommands: 5 }));
    const first = failure(client.multi().get("a").get("b").get("c").exec());
    expect(await failure(client.multi().get("a").exec())).toMatchObject({ code: "ERR_REDIS_QUEUE_FULL" });
    client.close();
    expect(await first).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });

  it("close rejects what waits", async () => {
    const client = await silent({});
    const waiting = failure(client.multi().get("a").exec());
    client.close();
    expect(await waiting).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    expect(await failure(client.multi().get("a").exec())).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });
});

it("is one trace", async () => {
  const client = await connect();
  const contexts: unknown[] = [];
  const traced = tracingChannel("s3-valkey:redis:command");
  const handlers: any = { asyncEnd: (context: unknown) => void contexts.push(context) };
  traced.subscribe(handlers);
  onTestFinished(() => traced.unsubscribe(handlers));
  await client.multi().set("secret", "value").get("secret").exec();
  expect(contexts).toMatchObject([{ command: "MULTI", argumentCount: 0, commandCount: 2 }]);
  expect(JSON.stringify(contexts)).not.toContain("secret");
});
