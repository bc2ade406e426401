/** Commands that block: nobody waits behind them, and nothing is lost with those that are given up. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useClients } from "../support/clients.js";
import { useServer } from "../support/redis.js";

const run = promisify(execFile);
const entry = new URL("../../index.js", import.meta.url).pathname;
const greeting = "%2\r\n$5\r\nproto\r\n:3\r\n$2\r\nid\r\n:7\r\n";
const closed = { name: "RedisError", code: "ERR_REDIS_CONNECTION_CLOSED" };

const server = useServer();
let admin: RedisClient;

beforeAll(() => {
  admin = new RedisClient(server.url);
});

afterEach(async () => {
  await admin.flushall();
});

afterAll(() => admin?.close());

const { keep, script } = useClients();
const connect = (options: RedisOptions = {}, url = server.url) => keep(new RedisClient(url, options));

/** Resolves when so many commands block on the server. */
const blocked = (count: number) =>
  expect.poll(() => admin.info("clients"), { timeout: 10_000 }).toContain(`blocked_clients:${count}\r`);
const connections = (count: number) =>
  expect.poll(() => admin.info("clients"), { timeout: 10_000 }).toContain(`connected_clients:${count}\r`);

describe("nobody waits behind", () => {
  const commands: [string, (client: RedisClient) => Promise<unknown>, unknown][] = [
    ["blpop", (client) => client.blpop("list", 0), ["list", "x"]],
    ["brpop", (client) => client.brpop("list", 0), ["list", "x"]],
    ["blmove", (client) => client.blmove("list", "other", "LEFT", "RIGHT", 0), "x"],
    ["brpoplpush", (client) => client.brpoplpush("list", "other", 0), "x"],
    ["blmpop", (client) => client.blmpop(0, 1, "list", "LEFT"), ["list", ["x"]]],
    ["BLPOP by send", (client) => client.send("bLpOp", ["list", 0]), ["list", "x"]],
    ["BLPOP with bytes", (client) => client.send("BLPOP", [Buffer.from("list"), 0]), ["list", "x"]],
  ];
  it.each(commands)("%s", async (_, command, expected) => {
    const client = connect();
    const waiting = command(client);
    expect(await client.ping()).toBe("PONG");
    await blocked(1);
    await client.lpush("list", "x");
    expect(await waiting).toEqual(expected);
  });

  it("xread and xreadgroup with BLOCK, which without it stay in order", async () => {
    const client = connect();
    await client.send("XGROUP", ["CREATE", "stream", "group", "$", "MKSTREAM"]);
    const reads = [
      client.xread("BLOCK", 0, "STREAMS", "stream", "$"),
      client.send("XREADGROUP", ["GROUP", "group", "me", "BLOCK", 0, "STREAMS", "stream", ">"]),
    ];
    await blocked(2);
    void client.xadd("stream", "*", "a", "1");
    const read = await client.xread("STREAMS", "stream", "0");
    expect(JSON.stringify(read)).toContain('["a","1"]');
    for (const late of await Promise.all(reads)) expect(JSON.stringify(late)).toContain('["a","1"]');
  });

  it("those that block either, as many as there may be, and the rest in order", async () => {
    const client = connect({ maxBlockingConnections: 2 });
    const waiting = ["a", "b", "c", "d"].map((key) => client.blpop(key, 0));
    await blocked(2);
    expect(await client.ping()).toBe("PONG");
    for (const key of ["d", "c", "b", "a"]) await client.lpush(key, key);
    expect(await Promise.all(waiting)).toEqual(["a", "b", "c", "d"].map((key) => [key, key]));
  });

  it("but they stay in a transaction, where nothing blocks", async () => {
    const client = connect();
    await client.send("MULTI", []);
    const inside = client.blpop("nothing", 0);
    expect(await inside).toBe("QUEUED");
    expect(await client.send("EXEC", [])).toEqual([null]);
    const turn = [client.send("MULTI", []), client.blpop("nothing", 0), client.send("EXEC", [])];
    expect(await Promise.all(turn)).toEqual(["OK", "QUEUED", [null]]);
    expect(await client.multi().blpop("nothing", 0).exec()).toEqual([null]);
  });
});

describe("the connections of commands that block", () => {
  it("are used again, and closed when nobody needs them", async () => {
    const client = connect({ idleConnectionTimeout: 50 });
    for (let round = 0; round < 3; round++) {
      await client.rpush("list", "x");
      expect(await client.blpop("list", 0)).toEqual(["list", "x"]);
    }
    await connections(3);
    await connections(2);
    await client.rpush("list", "y");
    expect(await client.blpop("list", 0)).toEqual(["list", "y"]);
  });

  it("are in the database that the client has selected", async () => {
    const client = connect({ db: 1 });
    const pop = async (database: number) => {
      await admin.send("SELECT", [database]);
      await admin.rpush("list", `${database}`);
      await admin.send("SELECT", [0]);
    };
    for (const database of [1, 2, 3]) await pop(database);
    expect(await client.blpop("list", 5)).toEqual(["list", "1"]);
    await client.select(2);
    expect(await client.blpop("list", 5)).toEqual(["list", "2"]);
    const [, popped] = await Promise.all([client.select(3), client.blpop("list", 5)]);
    expect(popped).toEqual(["list", "3"]);
    const transaction = await Promise.all([client.send("MULTI", []), client.select(2), client.send("EXEC", [])]);
    expect(transaction.at(-1)).toEqual(["OK"]);
    await pop(2);
    expect(await client.blpop("list", 5)).toEqual(["list", "2"]);
    await expect(client.select(4711)).rejects.toThrow("DB index");
    await pop(2);
    expect(await client.blpop("list", 5)).toEqual(["list", "2"]);
  });

  it("have the client's prefix, deadline and form of replies", async () => {
    const client = connect({ keyPrefix: "app:" });
    await client.rpush("list", "x", "y");
    expect(await client.buffers.blpop("list", 0)).toEqual([Buffer.from("app:list"), Buffer.from("x")]);
    const view = client.with({ timeout: 30 });
    await expect(view.blpop("nothing", 0)).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
    await blocked(0);
  });

  it("do not keep the process alive, and neither a worker", async () => {
    const source = (end: string) => `
      const { RedisClient } = require(${JSON.stringify(entry)});
      const client = new RedisClient(${JSON.stringify(server.url)}, { idleConnectionTimeout: 0 });
      client.rpush("list", "x").then(() => client.blpop("list", 0)).then((reply) => { ${end} });`;
    const { stdout } = await run(process.execPath, ["-e", source("console.log(reply.join())")], { timeout: 15_000 });
    expect(stdout).toBe("list,x\n");
    const held = source("client.blpop('nothing', 0).catch(() => {}); require('node:worker_threads').parentPort.postMessage(reply)");
    const worker = new Worker(held, { eval: true });
    expect(await new Promise((resolve) => worker.once("message", resolve))).toEqual(["list", "x"]);
    await blocked(1);
    await worker.terminate();
    await blocked(0);
  });
});

describe("a command that is given up", () => {
  it("takes nothing that is pushed afterwards", async () => {
    const client = connect();
    for (let round = 0; round < 100; round++) {
      const controller = new AbortController();
      const waiting = client.with({ signal: controller.signal }).blpop("list", 0);
      if (round % 4 > 0) await blocked(1);
      controller.abort();
      const pushed = client.rpush("list", "x");
      await expect(waiting).rejects.toBe(controller.signal.reason);
      expect(await pushed).toBe(1);
      expect(await client.lpop("list")).toBe("x");
    }
  });

  it("takes nothing while it waits for its turn", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const first = client.blpop("first", 0);
    const controller = new AbortController();
    const second = client.with({ signal: controller.signal }).blpop("list", 0);
    await blocked(1);
    controller.abort();
    await expect(second).rejects.toBe(controller.signal.reason);
    await client.rpush("first", "x");
    expect(await first).toEqual(["first", "x"]);
    expect(await client.rpush("list", "x")).toBe(1);
    expect(await client.llen("list")).toBe(1);
  });

  it("is rejected by close(), whether it blocks or waits for its turn", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const waiting = [client.blpop("list", 0), client.brpop("list", 0)];
    await blocked(1);
    client.close();
    for (const ended of await Promise.allSettled(waiting)) expect(ended).toMatchObject({ status: "rejected", reason: closed });
    await blocked(0);
    await client.connect();
    await client.rpush("list", "x");
    expect(await client.blpop("list", 0)).toEqual(["list", "x"]);
  });

  it("is ended when the server does not answer long after the command's own timeout", async () => {
    const peer = await script((command) => (command === "HELLO" ? greeting : command === "BLPOP" ? "" : "+PONG\r\n"));
    const client = connect({}, `redis://localhost:${peer.port}`);
    const started = performance.now();
    await expect(client.blpop("list", 0.01)).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
    expect(performance.now() - started).toBeGreaterThan(5000);
    expect(await client.ping()).toBe("PONG");
  }, 20_000);
});

describe("when the server goes away", () => {
  it("what blocks is rejected, and what comes later waits for the server", async () => {
    const mortal = await startRedis();
    const client = connect({ maxRetries: 3 }, mortal.url);
    const waiting = ["a", "b", "c"].map((key) => client.blpop(key, 0));
    await expect.poll(() => client.info("clients")).toContain("blocked_clients:3\r");
    process.kill(mortal.pid, "SIGKILL");
    for (const ended of await Promise.allSettled(waiting)) expect(ended).toMatchObject({ status: "rejected", reason: closed });
    const later = await Promise.allSettled([client.blpop("a", 0), client.get("a"), client.acquire()]);
    const spent = { status: "rejected", reason: { ...closed, message: "Max reconnection attempts reached" } };
    expect(later).toMatchObject([spent, spent, spent]);
    await expect(client.blpop("a", 0)).rejects.toMatchObject({ ...closed, message: "Connection has failed" });
    await mortal.stop();
  });

  it("a lost connection is not the client's, and the next command has another", async () => {
    const client = connect();
    const ended: unknown[] = [];
    client.onclose = (error) => void ended.push(error);
    const waiting = client.blpop("list", 0);
    await blocked(1);
    await admin.send("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes", "ID", `${await blockedId()}`]);
    await expect(waiting).rejects.toMatchObject(closed);
    expect([client.connected, ended]).toEqual([true, []]);
    await client.rpush("list", "x");
    expect(await client.blpop("list", 0)).toEqual(["list", "x"]);
  });

  it("many that wait come back with no more connections than there may be", async () => {
    const client = connect({ maxBlockingConnections: 20 });
    await client.ping();
    const consume = async () => {
      for (let taken = 0; taken < 5; ) {
        const reply = await client.blpop("list", 0).catch(() => null);
        if (reply !== null) taken++;
      }
    };
    const consumers = Array.from({ length: 100 }, consume);
    await blocked(20);
    await admin.send("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]);
    await blocked(20);
    const most = 22;
    let left = 500;
    while (left > 0) {
      await admin.rpush("list", "one", ...Array.from({ length: 49 }, String));
      left -= 50;
      const [, count] = /connected_clients:(\d+)/.exec(await admin.info("clients")) ?? [];
      expect(Number(count)).toBeLessThanOrEqual(most);
    }
    await Promise.all(consumers);
    expect(await client.llen("list")).toBe(0);
  });
});

describe("WAIT", () => {
  it("is about the writes of the client, on its own connection", async () => {
    const [primary, replica] = [await startRedis(), await startRedis()];
    const client = connect({}, primary.url);
    const other = connect({}, replica.url);
    await other.send("REPLICAOF", ["127.0.0.1", `${primary.port}`]);
    await expect.poll(async () => {
      await client.set("key", "1");
      return client.wait(1, 1000);
    }, { timeout: 20_000 }).toBe(1);
    process.kill(replica.pid, "SIGSTOP");
    await client.set("key", "2");
    expect(await client.wait(1, 50)).toBe(0);
    const lease = await client.acquire();
    await lease.set("key", "3");
    expect(await lease.wait(1, 50)).toBe(0);
    process.kill(replica.pid, "SIGCONT");
    expect(await lease.wait(1, 10_000)).toBe(1);
    await Promise.all([primary.stop(), replica.stop()]);
  }, 40_000);
});

/** The server's number for a connection that is blocked. */
async function blockedId() {
  const list = String(await admin.send("CLIENT", ["LIST"]));
  return /^id=(\d+) .* flags=b /m.exec(list)?.[1];
}
