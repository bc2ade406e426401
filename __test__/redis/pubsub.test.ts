import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { RedisClient } from "../../index.js";
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

it("delivers messages in order to every listener", async () => {
  const first = inbox();
  const second = inbox();
  expect(await subscriber.subscribe("a", first.listener)).toBe(1);
  expect(await subscriber.subscribe(["a", "b"], second.listener)).toBe(2);
  expect(await publisher.publish("a", "1")).toBe(1);
  expect(await publisher.publish("b", "zwölf")).toBe(1);
  expect(await publisher.publish("nobody", "3")).toBe(0);
  await second.count(2);
  expect(first.received).toEqual([["1", "a"]]);
  expect(second.received).toEqual([
    ["1", "a"],
    ["zwölf", "b"],
  ]);
});

it("typed commands throw while subscribed, raw ones work", async () => {
  await subscriber.subscribe("a", () => {});
  expect(() => subscriber.get("k")).toThrow(
    expect.objectContaining({
      code: "ERR_REDIS_INVALID_STATE",
      message: "RedisClient.prototype.get cannot be called while in subscriber mode.",
    }),
  );
  expect(await subscriber.ping()).toBe("PONG");
  expect(await subscriber.send("GET", ["k"])).toBeNull();
  await subscriber.unsubscribe();
  expect(await subscriber.get("k")).toBeNull();
});

it("a subscription to several channels is confirmed as a whole", async () => {
  const [count, , pong] = await Promise.all([
    subscriber.subscribe(["x", "y", "z"], () => {}),
    subscriber.send("UNSUBSCRIBE", ["x"]),
    subscriber.ping(),
  ]);
  expect(count).toBe(3);
  expect(pong).toBe("PONG");
});

it("unsubscribe ends one listener, one channel, or all", async () => {
  const kept = inbox();
  const dropped = inbox();
  await subscriber.subscribe("a", dropped.listener);
  await subscriber.subscribe("a", kept.listener);
  await subscriber.subscribe("b", kept.listener);
  expect(await subscriber.unsubscribe("a", dropped.listener)).toBeUndefined();
  await publisher.publish("a", "1");
  await kept.count(1);
  expect(dropped.received).toEqual([]);
  await subscriber.unsubscribe("a");
  expect(await publisher.publish("a", "2")).toBe(0);
  await subscriber.unsubscribe();
  expect(await publisher.publish("b", "3")).toBe(0);
  expect(() => subscriber.unsubscribe()).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
});

it("a listener that throws stops neither the others nor later messages", async () => {
  const uncaught: unknown[] = [];
  const previous = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
  try {
    const box = inbox();
    const failure = new Error("from a listener");
    await subscriber.subscribe("a", () => {
      throw failure;
    });
    await subscriber.subscribe("a", box.listener);
    await publisher.publish("a", "1");
    await publisher.publish("a", "2");
    await box.count(2);
    await publisher.ping();
    expect(uncaught).toEqual([failure, failure]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of previous) process.on("uncaughtException", listener);
  }
});

it("subscribes again after a reconnect", async () => {
  const box = inbox();
  await subscriber.subscribe("a", box.listener);
  const id = await subscriber.send("CLIENT", ["ID"]);
  const reconnected = new Promise((resolve) => (subscriber.onconnect = resolve));
  await publisher.send("CLIENT", ["KILL", "ID", id]);
  await reconnected;
  await subscriber.ping();
  expect(await publisher.publish("a", "again")).toBe(1);
  await box.count(1);
});

it("checks its arguments", () => {
  const untyped = subscriber as any;
  expect(() => untyped.subscribe("a")).toThrow("Expected listener to be a function for 'subscribe'.");
  expect(() => untyped.subscribe(1, () => {})).toThrow("Expected channel to be a string or array for 'subscribe'.");
  expect(() => untyped.subscribe([], () => {})).toThrow("subscribe requires at least one channel");
  expect(() => untyped.publish("a", 1)).toThrow("Expected message to be a string for 'publish'.");
});
