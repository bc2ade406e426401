/** Pipelines: commands that are sent together, each with its own result. */
import { expect, it } from "vitest";
import { RedisBatchError, RedisError } from "../../index.js";
import { failure, useBuilders } from "../support/builders.js";

const { connect, scripted } = useBuilders();

it("has each command's result, also where others fail", async () => {
  const client = await connect();
  const results = await client
    .pipeline()
    .set("k", "text")
    .incr("k")
    .exists("k")
    .getBuffer("k")
    .send("NOSUCH", [])
    .hgetall("none")
    .exec();
  expect(results).toEqual(["OK", expect.any(RedisError), true, Buffer.from("text"), expect.any(RedisError), {}]);
  expect(results[1]).toMatchObject({ code: "ERR_REDIS_SERVER_ERROR", index: 1, command: "INCR" });
  expect(results[4]).toMatchObject({ index: 4, command: "NOSUCH" });
});

it("rejects for errors if that is wanted", async () => {
  const client = await connect();
  await client.set("k", "text");
  const thrown = await failure(client.pipeline().incr("k").get("k").exec({ throwOnError: true }));
  expect(thrown).toBeInstanceOf(RedisBatchError);
  expect(thrown).toMatchObject({ code: "ERR_REDIS_COMMANDS_FAILED", errors: [{ index: 0 }], replies: [{}, "text"] });
  expect(await client.pipeline().get("k").exec({ throwOnError: true })).toEqual(["text"]);
});

it("keeps the conditions of a view", async () => {
  const client = await connect({ keyPrefix: "app:" });
  await client.set("n", "9007199254740993");
  const view = client.with({ buffers: true, bigint: true });
  expect(await view.pipeline().get("n").incrby("n", 0).exec()).toEqual([
    Buffer.from("9007199254740993"),
    9007199254740993n,
  ]);
  expect(await client.send("KEYS", ["*"])).toEqual(["app:n"]);
});

it("may hold transactions, and any number of commands", async () => {
  const client = await connect();
  expect(await client.pipeline().send("MULTI", []).incr("n").send("EXEC", []).exec()).toEqual(["OK", "QUEUED", [1]]);
  const pipeline = client.pipeline<number[]>();
  for (let left = 10_000; left > 0; left--) pipeline.incr("m");
  expect(pipeline.length).toBe(10_000);
  expect(await pipeline.exec()).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  expect(await client.pipeline().exec()).toEqual([]);
});

it("is used once, and has no subscriptions", async () => {
  const client = await connect();
  const pipeline = client.pipeline().incr("n");
  await pipeline.exec();
  expect(await failure(pipeline.exec())).toMatchObject({ code: "ERR_REDIS_INVALID_STATE" });
  expect(() => pipeline.incr("n")).toThrow("The pipeline was executed already");
  const dropped = client.pipeline().incr("n");
  dropped.discard();
  expect(await failure(dropped.exec())).toMatchObject({ message: "The pipeline was discarded already" });
  expect(() => client.pipeline().send("UNSUBSCRIBE", [])).toThrow("cannot have UNSUBSCRIBE among its commands");
  expect(() => client.pipeline().get(undefined as never)).toThrow(TypeError);
  expect(await client.get("n")).toBe("1");
});

it.each([true, false])("goes out in one piece, with automatic pipelining %s", async (enableAutoPipelining) => {
  const pieces: string[] = [];
  const client = await scripted({ enableAutoPipelining }, (_command, _args, server) => {
    pieces.push(server.received());
    return "+OK\r\n";
  });
  expect(await client.pipeline().get("a").get("b").get("c").exec()).toEqual(["OK", "OK", "OK"]);
  expect(pieces[0]).toContain("$1\r\nc\r\n");
});

it("keeps what came before the connection was lost", async () => {
  let answers = 0;
  const client = await scripted({ autoReconnect: false }, () => (++answers > 2 ? null : "+OK\r\n"));
  const lost = { code: "ERR_REDIS_CONNECTION_CLOSED" };
  const results = await client.pipeline().get("a").get("b").get("c").get("d").exec();
  expect(results).toMatchObject(["OK", "OK", { ...lost, index: 2 }, { ...lost, index: 3 }]);
});

it("has deadlines for its commands, and a signal for the whole", async () => {
  const client = await scripted({}, (_command, [key]) => (key === "a" ? "+OK\r\n" : ""));
  const results = await client.with({ timeout: 30 }).pipeline().get("a").get("b").exec();
  expect(results).toMatchObject(["OK", { code: "ERR_REDIS_COMMAND_TIMEOUT", index: 1 }]);
  const controller = new AbortController();
  const waiting = client.with({ signal: controller.signal }).pipeline().get("a").get("b").exec();
  controller.abort();
  expect(await failure(waiting)).toBe(controller.signal.reason);
});
