/** What diagnostics channels tell. */
import { AsyncLocalStorage } from "node:async_hooks";
import { channel, tracingChannel } from "node:diagnostics_channel";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";

let server: Awaited<ReturnType<typeof startRedis>>;
const undo: (() => void)[] = [];

beforeAll(async () => {
  server = await startRedis({ password: "hunter2" });
});

afterEach(() => {
  for (const step of undo.splice(0)) step();
});

afterAll(async () => {
  await server?.stop();
});

function connect(options?: RedisOptions) {
  const client = new RedisClient(`redis://:hunter2@localhost:${server.port}/1`, options);
  undo.push(() => client.close());
  return client;
}

/** Notes the events of a kind: name and context. */
function watch(kind: "command" | "batch" | "connection") {
  const events: [string, any][] = [];
  const traced = tracingChannel(`s3-valkey:redis:${kind}`);
  const note = (name: string) => (context: unknown) => void events.push([name, context]);
  const handlers = {
    start: note("start"),
    end: note("end"),
    asyncStart: note("asyncStart"),
    asyncEnd: note("asyncEnd"),
    error: note("error"),
  };
  traced.subscribe(handlers);
  undo.push(() => void traced.unsubscribe(handlers));
  return events;
}

const names = (events: [string, any][]) => events.map(([name]) => name);

describe("commands", () => {
  it("are told from call to reply, without arguments", async () => {
    const events = watch("command");
    const client = connect();
    const answer = client.set("secret key", "secret value");
    expect(names(events)).toEqual(["start", "end"]);
    await answer;
    expect(names(events)).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
    const [, context] = events[0]!;
    expect(context).toMatchObject({
      command: "SET",
      argumentCount: 2,
      url: `redis://:***@localhost:${server.port}/1`,
      address: `localhost:${server.port}`,
      database: 1,
    });
    expect(JSON.stringify(context)).not.toMatch(/secret|hunter2/);
    expect(events.every(([, of]) => of === context)).toBe(true);
  });

  it("that fail are told with their error", async () => {
    const events = watch("command");
    const client = connect();
    await expect(client.with({ timeout: 1000 }).send("config", ["NOSUCH"])).rejects.toThrow("unknown subcommand");
    expect(names(events)).toContain("error");
    expect(events.at(-1)![1]).toMatchObject({ command: "CONFIG", error: { code: "ERR_REDIS_SERVER_ERROR" } });
  });

  it("carry a store that a subscriber binds", async () => {
    const storage = new AsyncLocalStorage<{ command: string }>();
    const start = channel("tracing:s3-valkey:redis:command:start");
    start.bindStore(storage, (context) => context as { command: string });
    undo.push(() => void start.unbindStore(storage));
    const [finished, seen] = [channel("tracing:s3-valkey:redis:command:asyncStart"), [] as unknown[]];
    const note = () => void seen.push(storage.getStore()?.command);
    finished.subscribe(note);
    undo.push(() => void finished.unsubscribe(note));
    await connect().ping();
    expect(seen).toEqual(["PING"]);
  });

  it("are told as soon as somebody watches, and not any more when nobody does", async () => {
    const client = connect();
    await client.ping();
    const events = watch("command");
    await client.ping();
    expect(events).toHaveLength(4);
    undo.pop()!();
    await client.ping();
    expect(events).toHaveLength(4);
  });
});

it("a batch is told from its submission until all its commands have settled", async () => {
  const events = watch("batch");
  const client = connect();
  const answers = Promise.allSettled([client.get("a"), client.send("NOSUCHCOMMAND", []), client.get("b")]);
  expect(events).toEqual([]);
  await answers;
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(names(events)).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
  expect(events[0]![1]).toMatchObject({ commandCount: 3, database: 1 });
});

it("a batch has the commands that were submitted, also where each is at once", async () => {
  const events = watch("batch");
  const counts = () => events.splice(0).filter(([name]) => name === "start").map(([, { commandCount }]) => commandCount);
  const client = connect({ enableAutoPipelining: false });
  await Promise.all([client.get("a"), client.get("b")]);
  expect(counts()).toEqual([1, 1]);
  await client.pipeline().get("a").get("b").exec();
  expect(counts()).toEqual([2]);
  await client.multi().get("a").exec();
  expect(counts()).toEqual([1]);
});

it("watching batches hides no unhandled rejection", async () => {
  watch("batch");
  const previous = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  try {
    const unhandled = new Promise<any>((resolve) => process.once("unhandledRejection", resolve));
    void connect().send("NOSUCHCOMMAND", []);
    expect((await unhandled).code).toBe("ERR_REDIS_SERVER_ERROR");
  } finally {
    for (const listener of previous) process.on("unhandledRejection", listener);
  }
});

describe("connections", () => {
  it("are told from dial to success, again for a reconnect", async () => {
    const events = watch("connection");
    const client = connect();
    await client.connect();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(names(events)).toEqual(["start", "end", "asyncStart", "asyncEnd"]);
    expect(events[0]![1]).toMatchObject({ reconnect: false, address: `localhost:${server.port}` });
    const id = await client.send("CLIENT", ["ID"]);
    const again = new Promise((resolve) => (client.onconnect = resolve));
    await connect().send("CLIENT", ["KILL", "ID", id]);
    await again;
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(events.filter(([name, { reconnect }]) => name === "asyncEnd" && reconnect)).toHaveLength(1);
  });

  it("that cannot be made are told with the reason", async () => {
    const events = watch("connection");
    const client = connect({ password: "wrong" });
    await expect(client.ping()).rejects.toMatchObject({ code: "ERR_REDIS_AUTHENTICATION_FAILED" });
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(names(events)).toContain("error");
    expect(events.at(-1)![1].error.cause.message).toMatch(/^WRONGPASS/);
  });
});
