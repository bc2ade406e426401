/** Connections of one's own: `acquire`, and what they are given back as. */
import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { RedisClient, type RedisLease } from "../../index.js";
import { useRedis } from "../support/redis.js";

const { connect } = useRedis();

/** The server's number for a connection. */
const idOf = (client: RedisClient) => client.send("CLIENT", ["ID"]) as Promise<number>;

const closed = { name: "RedisError", code: "ERR_REDIS_CONNECTION_CLOSED" };

describe("acquire", () => {
  it("gives a client on a connection of its own, and that connection again", async () => {
    const client = connect({ maxBlockingConnections: 1, keyPrefix: "app:" });
    const first = await client.acquire();
    const id = await idOf(first);
    expect(id).not.toBe(await idOf(client));
    expect(first).toBeInstanceOf(RedisClient);
    await first.set("key", "value");
    expect(await client.send("GET", ["key"])).toBe("value");
    expect(await first.multi().get("key").exec()).toEqual(["value"]);
    expect(await first.with({ buffers: true }).get("key")).toEqual(Buffer.from("value"));
    first.release();
    expect(await idOf(await client.acquire())).toBe(id);
  });

  it("waits in order while all are in use", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const order: number[] = [];
    const holder = await client.acquire();
    const waiting = [1, 2, 3].map(async (number) => {
      const lease = await client.acquire();
      order.push(number);
      await lease.ping();
      lease.release();
    });
    await client.ping();
    expect(order).toEqual([]);
    holder.release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  it("gives up after its timeout, and takes nothing then", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const lease = await client.acquire();
    await expect(client.acquire({ timeout: 10 })).rejects.toMatchObject({
      name: "RedisError",
      code: "ERR_REDIS_POOL_TIMEOUT",
      message: "No connection became free within 10ms",
    });
    lease.release();
    (await client.acquire({ timeout: 5000 })).release();
  });

  it("gives up with its signal, and takes nothing then", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const lease = await client.acquire();
    const controller = new AbortController();
    const waiting = client.acquire({ signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toBe(controller.signal.reason);
    await expect(client.acquire({ signal: controller.signal })).rejects.toBe(controller.signal.reason);
    lease.release();
    (await client.acquire()).release();
  });

  it("leaves nothing with its signal, which may be that of many", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const lease = await client.acquire();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = Array.from({ length: 20 }, () => client.acquire({ signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    lease.release();
    (await waiting[0]!).release();
    controller.abort();
    expect((await Promise.allSettled(waiting)).at(-1)).toMatchObject({ reason: signal.reason });
    await expect.poll(() => getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("gives back what was granted while the signal was aborted", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    for (let round = 0; round < 50; round++) {
      const controller = new AbortController();
      const waiting = client.acquire({ signal: controller.signal });
      const ticks = round % 5;
      for (let tick = 0; tick < ticks; tick++) await new Promise<void>((resolve) => setImmediate(resolve));
      controller.abort();
      await waiting.then((lease) => lease.release(), () => {});
    }
    (await client.acquire({ timeout: 5000 })).release();
  });

  it.each([
    [{ timeout: "1" }, TypeError, "ERR_INVALID_ARG_TYPE"],
    [{ timeout: -1 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ signal: {} }, TypeError, "ERR_INVALID_ARG_TYPE"],
    [null, TypeError, "ERR_INVALID_ARG_TYPE"],
  ])("refuses %j", async (options, type, code) => {
    const refused = expect(connect().acquire(options as any)).rejects;
    await refused.toBeInstanceOf(type);
    await expect(connect().acquire(options as any)).rejects.toMatchObject({ code });
  });

  it("is refused by a closed client, and by one without a connection that may not wait for one", async () => {
    const client = connect();
    await client.ping();
    client.close();
    await expect(client.acquire()).rejects.toMatchObject(closed);
    const strict = new RedisClient("redis://127.0.0.1:1", { enableOfflineQueue: false, autoReconnect: false });
    await expect(strict.acquire()).rejects.toMatchObject(closed);
  });
});

describe("a lease", () => {
  it("is in the database that the client has selected", async () => {
    const client = connect({ db: 1, maxBlockingConnections: 1 });
    await client.set("where", "1");
    const first = await client.acquire();
    expect(await first.get("where")).toBe("1");
    await first.select(7);
    await first.set("where", "7");
    first.release();
    void client.select(2);
    const second = await client.acquire();
    await second.set("where", "2");
    expect(await client.get("where")).toBe("2");
    second.release();
    await expect(client.select(4711)).rejects.toMatchObject({ code: "ERR_REDIS_SERVER_ERROR" });
    expect(await (await client.acquire()).get("where")).toBe("2");
  });

  const states: [string, (lease: RedisLease) => unknown, boolean][] = [
    ["a SELECT", (lease) => lease.select(3), true],
    ["a WATCH", (lease) => lease.send("WATCH", ["key"]), true],
    ["an open transaction", (lease) => lease.send("MULTI", []).then(() => lease.set("key", "no")), true],
    ["a question about itself", (lease) => lease.send("CLIENT", ["INFO"]), true],
    ["a subscription", (lease) => lease.subscribe("channel", () => {}), false],
    ["a name", (lease) => lease.send("CLIENT", ["SETNAME", "me"]), false],
    ["a command that blocks", (lease) => void lease.blpop("nothing", 0).catch(() => {}), false],
  ];
  it.each(states)("with %s is given back clean", async (_, change, isKept) => {
    const client = connect({ maxBlockingConnections: 1 });
    const lease = await client.acquire();
    const id = await idOf(lease);
    await change(lease);
    lease.release();
    const next = await client.acquire();
    expect((await idOf(next)) === id).toBe(isKept);
    expect(await next.client("GETNAME")).toBeNull();
    expect(await next.client("INFO")).toMatch(/ flags=N .*db=0 /);
    await client.set("key", "new");
    expect(await next.multi().get("key").exec()).toEqual(["new"]);
  });

  it("answers what was issued before it was released, and nothing behind", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const lease = await client.acquire();
    const answers = Promise.all([lease.set("a", "1"), lease.incr("a")]);
    lease.release();
    lease.release();
    expect(await answers).toEqual(["OK", 2]);
    const late = [() => lease.get("a"), () => lease.connect(), () => lease.multi().get("a").exec()];
    for (const call of late) {
      await expect(call()).rejects.toMatchObject({ ...closed, message: "The connection was released" });
    }
    expect(lease.connected).toBe(false);
    expect(await (await client.acquire()).get("a")).toBe("2");
  });

  it("has messages, and they are not told to the next one", async () => {
    const client = connect();
    const lease = await client.acquire();
    const heard = new Promise((resolve) => void lease.subscribe("news", resolve).then(() => client.publish("news", "hello")));
    expect(await heard).toBe("hello");
    lease.release();
    await expect(lease.get("a")).rejects.toMatchObject(closed);
    expect(await (await client.acquire()).ping()).toBe("PONG");
  });

  it("that was given back leaves the next one's messages and end alone, whatever is still done with it", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const old = await client.acquire();
    const id = await idOf(old);
    old.release();
    const lease = await client.acquire();
    expect(await idOf(lease)).toBe(id);
    const heard: unknown[] = [];
    await lease.subscribe("news", (message) => heard.push(message), { buffer: true });
    const late = [() => old.get("a"), () => old.multi().get("a").exec(), () => old.acquire(), () => old.connect()];
    for (const use of late) await expect(use()).rejects.toMatchObject(closed);
    await expect(old.subscribe("other", () => {}, { buffer: true })).rejects.toMatchObject(closed);
    old.close();
    old.release();
    const binary = Buffer.from([0xff, 0x00]);
    await client.publish("news", binary);
    await expect.poll(() => heard).toEqual([binary]);
    const ended = new Promise((resolve) => (lease.onclose = resolve));
    await client.clientKill("ID", id);
    expect(await ended).toMatchObject(closed);
  });

  it("is closed alone, and with its client", async () => {
    const client = connect({ maxBlockingConnections: 2 });
    const [one, other] = [await client.acquire(), await client.acquire()];
    const ended: string[] = [];
    one.onclose = () => void ended.push("one");
    other.onclose = () => void ended.push("other");
    const waiting = one.blpop("nothing", 0);
    one.close();
    await expect(waiting).rejects.toMatchObject(closed);
    expect(await client.ping()).toBe("PONG");
    expect(ended).toEqual(["one"]);
    client.close();
    await expect.poll(() => ended).toEqual(["one", "other"]);
    await expect(other.ping()).rejects.toMatchObject(closed);
  });

  it("does not outlive its connection", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    const lease = await client.acquire();
    await lease.send("WATCH", ["key"]);
    const waiting = lease.blpop("nothing", 0);
    const ended = new Promise((resolve) => (lease.onclose = resolve));
    await client.send("CLIENT", ["KILL", "ID", `${await leased(client)}`]);
    await expect(waiting).rejects.toMatchObject(closed);
    await ended;
    await expect(lease.multi().set("key", "value").exec()).rejects.toMatchObject(closed);
    expect(await client.get("key")).toBeNull();
    lease.release();
    expect(await (await client.acquire()).ping()).toBe("PONG");
  });

  it("leases from its client, and makes clients like it", async () => {
    const client = connect({ maxBlockingConnections: 2 });
    const lease = await client.acquire();
    expect(await idOf(await lease.acquire())).not.toBe(await idOf(lease));
    const twin = await lease.duplicate();
    expect(await twin.ping()).toBe("PONG");
    twin.close();
  });

  it("is released by dispose, behind its commands by asyncDispose", async () => {
    const client = connect({ maxBlockingConnections: 1 });
    (await client.acquire())[Symbol.dispose]();
    const lease = await client.acquire();
    const answer = lease.set("key", "value");
    await lease[Symbol.asyncDispose]();
    expect(await answer).toBe("OK");
    (await client.acquire()).release();
  });
});

/** The server's number for the connection that is not the client's. */
async function leased(client: RedisClient) {
  const own = await idOf(client);
  const list = String(await client.send("CLIENT", ["LIST"]));
  const ids = [...list.matchAll(/^id=(\d+) /gm)].map(([, id]) => Number(id));
  return ids.find((id) => id !== own);
}
