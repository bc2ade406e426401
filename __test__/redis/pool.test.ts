/** Pools: the commands of a client over several connections. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, RedisPool, type RedisPoolOptions } from "../../index.js";
import { useServer } from "../support/redis.js";

const server = useServer();
let admin: RedisClient;
const pools: RedisPool[] = [];

beforeAll(() => {
  admin = new RedisClient(server.url);
});

afterEach(async () => {
  for (const pool of pools.splice(0)) pool.close();
  await admin.flushall();
});

afterAll(() => admin?.close());

function open(options: RedisPoolOptions = {}) {
  const pool = new RedisPool(server.url, options);
  pools.push(pool);
  return pool;
}

const closed = { name: "RedisError", code: "ERR_REDIS_CONNECTION_CLOSED" };
/** The server's numbers of the connections with this name. */
async function named(name: string) {
  const list = String(await admin.send("CLIENT", ["LIST"]));
  return list.split("\n").filter((line) => line.includes(` name=${name} `));
}
const commandsOf = (line: string) => Number(/ tot-cmds=(\d+)/.exec(line)?.[1]);

describe("commands", () => {
  it("go over all connections, and each gets its own answer", async () => {
    const pool = open({ max: 4, name: "spread" });
    const values = Array.from({ length: 1000 }, (_, key) => `${key}`);
    await Promise.all(values.map((value) => pool.set(`key${value}`, value)));
    const readAll = async () => expect(await Promise.all(values.map((value) => pool.get(`key${value}`)))).toEqual(values);
    // A connection is made while there is load: how many rounds that takes is not known.
    await expect.poll(async () => (await readAll(), pool.metrics)).toMatchObject({ total: 4, inUse: 0, idle: 4, waiting: 0 });
    expect(await named("spread")).toHaveLength(4);
    // A connection that was made when all had been read has its share of the next round.
    await expect
      .poll(async () => (await readAll(), await named("spread")).filter((line) => commandsOf(line) <= 100))
      .toEqual([]);
  });

  it("of a batch, a transaction and with watched keys are together", async () => {
    const pool = open({ max: 4 });
    const transactions = Array.from({ length: 50 }, (_, index) => {
      const key = `key${index}`;
      return pool.multi().set(key, "1").incr(key).get(key).exec();
    });
    for (const replies of await Promise.all(transactions)) expect(replies).toEqual(["OK", 2, "2"]);
    const turn = [pool.send("MULTI", []), pool.set("a", "b"), pool.get("a"), pool.send("EXEC", [])];
    expect(await Promise.all(turn)).toEqual(["OK", "QUEUED", "QUEUED", ["OK", "b"]]);
    const watched = await pool.watch("a", async (tx) => tx.multi().set("a", `${await tx.get("a")}c`).exec());
    expect([watched, await pool.get("a")]).toEqual([["OK"], "bc"]);
  });

  it("by hand in a transaction stay on one connection over several turns", async () => {
    const pool = open({ max: 4 });
    await Promise.all(Array.from({ length: 200 }, () => pool.incr("n")));
    expect(await pool.send("MULTI", [])).toBe("OK");
    for (let turn = 0; turn < 3; turn++) expect(await pool.incr("n")).toBe("QUEUED");
    expect(await pool.send("EXEC", [])).toEqual([201, 202, 203]);
    expect(await pool.get("n")).toBe("203");
  });

  it("that block have a connection for themselves", async () => {
    const pool = open({ max: 3 });
    const waiting = ["a", "b", "c"].map((key) => pool.blpop(key, 0));
    await expect.poll(() => pool.metrics).toMatchObject({ total: 3, inUse: 2, waiting: 1 });
    await pool.rpush("a", "1");
    expect(await waiting[0]).toEqual(["a", "1"]);
    await pool.rpush("c", "3");
    await pool.rpush("b", "2");
    expect(await Promise.all(waiting)).toEqual([["a", "1"], ["b", "2"], ["c", "3"]]);
  });

  const states: [string, (pool: RedisPool) => Promise<unknown>][] = [
    ["SELECT", (pool) => pool.select(1)],
    ["WATCH", (pool) => pool.send("WATCH", ["key"])],
    ["CLIENT", (pool) => pool.with({ timeout: 1000 }).send("client", ["SETNAME", "me"])],
    ["AUTH", (pool) => pool.send("AUTH", ["secret"])],
    ["SUBSCRIBE", (pool) => pool.subscribe("channel", () => {})],
    ["PSUBSCRIBE", (pool) => pool.psubscribe("channel*", () => {})],
    ["UNSUBSCRIBE", (pool) => pool.send("UNSUBSCRIBE", [])],
  ];
  it.each(states)("that change the state of a connection are refused: %s", async (command, call) => {
    const refused = call(open());
    await expect(refused).rejects.toMatchObject({
      name: "RedisError",
      code: "ERR_REDIS_INVALID_STATE",
      message: `${command} changes the state of one connection: use one of acquire(), or a client of its own`,
    });
    expect(await open().client("ID")).toEqual(expect.any(Number));
  });
});

describe("the connections", () => {
  it("are at least min, at most max, and those between go when they are idle", async () => {
    const pool = open({ min: 2, max: 5, idleTimeout: 50 });
    expect(pool.metrics).toEqual({ total: 0, inUse: 0, idle: 0, waiting: 0 });
    await pool.connect();
    await expect.poll(() => pool.metrics).toMatchObject({ total: 2, idle: 2 });
    const leases = await Promise.all([pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()]);
    expect(pool.metrics).toMatchObject({ total: 5, inUse: 4, idle: 1 });
    for (const lease of leases) lease.release();
    await expect.poll(() => pool.metrics).toMatchObject({ total: 2, idle: 2 });
    await expect.poll(async () => (await admin.info("clients"))).toContain("connected_clients:3\r");
  });

  it("are waited for as long as acquireTimeout says, by as many as maxWaiting says", async () => {
    const pool = open({ max: 2, acquireTimeout: 20, maxWaiting: 1 });
    const lease = await pool.acquire();
    const [late, tooMany, command] = await Promise.allSettled([pool.acquire(), pool.acquire(), pool.blpop("key", 0)]);
    expect(late).toMatchObject({ reason: { code: "ERR_REDIS_POOL_TIMEOUT", message: "No connection became free within 20ms" } });
    const exhausted = {
      reason: {
        name: "RedisError",
        code: "ERR_REDIS_POOL_EXHAUSTED",
        message: "Every connection is in use and too many callers wait for one",
      },
    };
    expect([tooMany, command]).toMatchObject([exhausted, exhausted]);
    const patient = pool.acquire({ timeout: 0 });
    expect(pool.metrics.waiting).toBe(1);
    expect(await pool.ping()).toBe("PONG");
    lease.release();
    (await patient).release();
  });

  it("are lent although all are busy, and busy ones are not lent", async () => {
    const pool = open({ max: 2 });
    let busy = true;
    const load = Array.from({ length: 8 }, async () => {
      while (busy) await Promise.all(Array.from({ length: 50 }, () => pool.incr("n")));
    });
    for (let round = 0; round < 50; round++) {
      const lease = await pool.acquire({ timeout: 5000 });
      await lease.send("MULTI", []);
      await lease.set("own", `${round}`);
      expect(await lease.send("EXEC", [])).toEqual(["OK"]);
      lease.release();
    }
    busy = false;
    await Promise.all(load);
  });

  it("that are killed fail with their commands alone", async () => {
    const pool = open({ max: 4, name: "killed" });
    let [answered, lost] = [0, 0];
    let calls = true;
    const callers = Array.from({ length: 20 }, async () => {
      while (calls) {
        await pool.incr("n").then(
          () => answered++,
          (error) => {
            expect(error).toMatchObject(closed);
            lost++;
          },
        );
      }
    });
    for (let round = 0; round < 10; round++) {
      const before = answered;
      await expect.poll(() => answered).toBeGreaterThan(before + 50);
      for (const line of await named("killed")) {
        await admin.send("CLIENT", ["KILL", "ID", /^id=(\d+)/.exec(line)?.[1] ?? ""]);
      }
    }
    calls = false;
    await Promise.all(callers);
    const counted = Number(await admin.get("n"));
    expect(counted).toBeGreaterThanOrEqual(answered);
    expect(counted).toBeLessThanOrEqual(answered + lost);
  });
});

describe("a pool", () => {
  it("drains, is disposed of, connects again and is duplicated", async () => {
    const pool = open({ max: 3 });
    const answers = Promise.all(Array.from({ length: 100 }, () => pool.incr("n")));
    await pool[Symbol.asyncDispose]();
    expect(await answers).toHaveLength(100);
    expect(pool.metrics.total).toBe(0);
    await expect(pool.get("n")).rejects.toMatchObject(closed);
    await pool.connect();
    expect(await pool.get("n")).toBe("100");
    const twin = await pool.duplicate();
    pools.push(twin);
    expect(twin).toBeInstanceOf(RedisPool);
    expect([twin.connected, await twin.get("n")]).toEqual([true, "100"]);
  });

  it("closes with what waits and what is leased", async () => {
    const pool = open({ max: 2 });
    const lease = await pool.acquire();
    const waiting = Promise.allSettled([lease.blpop("a", 0), pool.blpop("b", 0), pool.acquire()]);
    await pool.ping();
    pool.close();
    for (const ended of await waiting) expect(ended).toMatchObject({ status: "rejected", reason: closed });
    await expect(lease.ping()).rejects.toMatchObject(closed);
  });

  it.each([
    [{ max: 1 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ min: 3, max: 2 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ min: -1 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ max: "4" }, TypeError, "ERR_INVALID_ARG_TYPE"],
    [{ maxWaiting: 1.5 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ acquireTimeout: "1" }, TypeError, "ERR_INVALID_ARG_TYPE"],
    [{ clientCache: true }, TypeError, "ERR_INVALID_ARG_VALUE"],
  ])("refuses %j", (options, type, code) => {
    expect(() => new RedisPool(server.url, options as any)).toThrow(type);
    expect(() => new RedisPool(server.url, options as any)).toThrow(expect.objectContaining({ code }));
  });

  it("takes its options alone", async () => {
    const pool = new RedisPool({ url: server.url, max: 2 });
    pools.push(pool);
    expect(await pool.ping()).toBe("PONG");
    expect(Object.prototype.toString.call(pool)).toBe("[object RedisPool]");
  });
});
