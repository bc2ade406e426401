import { expect, it } from "vitest";
import { inbox } from "../support/inbox.js";
import { usePair } from "../support/pubsub.js";

const pair = usePair();

it("delivers messages in order to every listener", async () => {
  const first = inbox();
  const second = inbox();
  expect(await pair.subscriber.subscribe("a", first.listener)).toBe(1);
  expect(await pair.subscriber.subscribe(["a", "b"], second.listener)).toBe(2);
  expect(await pair.publisher.publish("a", "1")).toBe(1);
  expect(await pair.publisher.publish("b", "zwölf")).toBe(1);
  expect(await pair.publisher.publish("nobody", "3")).toBe(0);
  await second.count(2);
  expect(first.received).toEqual([["1", "a"]]);
  expect(second.received).toEqual([
    ["1", "a"],
    ["zwölf", "b"],
  ]);
});

it("typed commands throw while subscribed, raw ones work", async () => {
  await pair.subscriber.subscribe("a", () => {});
  expect(() => pair.subscriber.get("k")).toThrow(
    expect.objectContaining({
      code: "ERR_REDIS_INVALID_STATE",
      message: "RedisClient.prototype.get cannot be called while in subscriber mode.",
    }),
  );
  expect(await pair.subscriber.ping()).toBe("PONG");
  expect(await pair.subscriber.send("GET", ["k"])).toBeNull();
  await pair.subscriber.unsubscribe();
  expect(await pair.subscriber.get("k")).toBeNull();
});

it("a subscription to several channels is confirmed as a whole", async () => {
  const [count, , pong] = await Promise.all([
    pair.subscriber.subscribe(["x", "y", "z"], () => {}),
    pair.subscriber.send("UNSUBSCRIBE", ["x"]),
    pair.subscriber.ping(),
  ]);
  expect(count).toBe(3);
  expect(pong).toBe("PONG");
});

it("unsubscribe ends one listener, one channel, or all", async () => {
  const kept = inbox();
  const dropped = inbox();
  await pair.subscriber.subscribe("a", dropped.listener);
  await pair.subscriber.subscribe("a", kept.listener);
  await pair.subscriber.subscribe("b", kept.listener);
  expect(await pair.subscriber.unsubscribe("a", dropped.listener)).toBeUndefined();
  await pair.publisher.publish("a", "1");
  await kept.count(1);
  expect(dropped.received).toEqual([]);
  await pair.subscriber.unsubscribe("a");
  expect(await pair.publisher.publish("a", "2")).toBe(0);
  await pair.subscriber.unsubscribe();
  expect(await pair.publisher.publish("b", "3")).toBe(0);
  expect(() => pair.subscriber.unsubscribe()).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
});

it("a listener that throws stops neither the others nor later messages", async () => {
  const uncaught: unknown[] = [];
  const previous = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
  try {
    const box = inbox();
    const failure = new Error("from a listener");
    await pair.subscriber.subscribe("a", () => {
      throw failure;
    });
    await pair.subscriber.subscribe("a", box.listener);
    await pair.publisher.publish("a", "1");
    await pair.publisher.publish("a", "2");
    await box.count(2);
    await pair.publisher.ping();
    expect(uncaught).toEqual([failure, failure]);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of previous) process.on("uncaughtException", listener);
  }
});

it("subscribes again after a reconnect", async () => {
  const box = inbox();
  await pair.subscriber.subscribe("a", box.listener);
  const id = await pair.subscriber.send("CLIENT", ["ID"]);
  const reconnected = new Promise((resolve) => (pair.subscriber.onconnect = resolve));
  await pair.publisher.send("CLIENT", ["KILL", "ID", id]);
  await reconnected;
  await pair.subscriber.ping();
  expect(await pair.publisher.publish("a", "again")).toBe(1);
  await box.count(1);
});

it("checks its arguments", () => {
  const untyped = pair.subscriber as any;
  expect(() => untyped.subscribe("a")).toThrow("Expected listener to be a function for 'subscribe'.");
  expect(() => untyped.subscribe(1, () => {})).toThrow("Expected channel to be a string or array for 'subscribe'.");
  expect(() => untyped.subscribe([], () => {})).toThrow("subscribe requires at least one channel");
  expect(() => untyped.publish("a", 1)).toThrow("Expected message to be a string for 'publish'.");
});
