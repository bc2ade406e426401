/** Transactions that depend on watched keys. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, RedisError, RedisPool, RedisWatchError, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { failure } from "../support/builders.js";
import { startProxy } from "../support/proxy.js";

let server: Awaited<ReturnType<typeof startRedis>>;
let other: RedisClient;
const undo: (() => unknown)[] = [];

beforeAll(async () => {
  server = await startRedis();
  other = new RedisClient(server.url);
});

afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
  await other.flushall();
});

afterAll(async () => {
  other?.close();
  await server?.stop();
});

function connect(options?: RedisOptions, url = server.url) {
  const client = new RedisClient(url, options);
  undo.push(() => client.close());
  return client;
}

/** Adds one to a number in the way that needs to watch it. */
const increment = (client: RedisClient, key: string, retries?: number) =>
  client.watch(
    key,
    async (tx) => {
      const count = Number(await tx.get(key));
      return tx.multi().set(key, `${count + 1}`).exec({ throwOnError: true });
    },
    { retries },
  );

describe("a callback", () => {
  it("reads, writes, and gives its result", async () => {
    const client = connect();
    await client.set("n", "41");
    expect(await increment(client, "n")).toEqual(["OK"]);
    expect(await client.get("n")).toBe("42");
    expect(await client.watch(["a", Buffer.from("b")], () => "at once")).toBe("at once");
  });

  it("runs again when somebody else has changed a key", async () => {
    const client = connect();
    let runs = 0;
    const replies = await client.watch(["a", "b"], async (tx) => {
      const seen = await tx.get("b");
      if (runs++ < 3) await other.set("b", `${runs}`);
      return tx.multi().set("seen", `${seen}`).get("seen").exec();
    });
    expect(runs).toBe(4);
    expect(replies).toEqual(["OK", "3"]);
  });

  it("runs as often as it may, and then there is a RedisWatchError", async () => {
    const client = connect();
    let runs = 0;
    const busy = client.watch(
      "a",
      async (tx) => {
        await other.incr("a");
        runs++;
        return tx.multi().set("never", "1").exec();
      },
      { retries: 2 },
    );
    const thrown = await failure(busy);
    expect(thrown).toBeInstanceOf(RedisWatchError);
    expect(thrown).toBeInstanceOf(RedisError);
    expect(thrown).toMatchObject({ name: "RedisWatchError", code: "ERR_REDIS_WATCH_CONFLICT" });
    expect(runs).toBe(3);
    expect(await other.exists("never")).toBe(false);
  });

  it("that throws ends it, and one that catches the conflict has its way", async () => {
    const client = connect();
    const own = new Error("own");
    let runs = 0;
    const throwing = () => {
      runs++;
      throw own;
    };
    expect(await failure(client.watch("a", throwing))).toBe(own);
    expect(runs).toBe(1);
    const caught = await client.watch("a", async (tx) => {
      await other.incr("a");
      return tx.multi().incr("b").exec().catch((error) => error.code);
    });
    expect(caught).toBe("ERR_REDIS_WATCH_CONFLICT");
    expect(await failure(client.watch("a", (tx) => tx.multi().send("NOSUCH", []).exec()))).toMatchObject({
      code: "ERR_REDIS_TRANSACTION_ABORTED",
    });
  });

  it("may find out that nothing has changed", async () => {
    const client = connect();
    let runs = 0;
    const unchanged = await client.watch("a", async (tx) => {
      if (runs++ === 0) await other.incr("a");
      return tx.multi().exec();
    });
    expect(unchanged).toEqual([]);
    expect(runs).toBe(2);
  });

  it("has one transaction, and a connection until it ends", async () => {
    const client = connect();
    const state = { code: "ERR_REDIS_INVALID_STATE" };
    let kept: any;
    await client.watch("a", async (tx) => {
      kept = tx;
      expect(await tx.multi().incr("n").exec()).toEqual([1]);
      expect(await failure(tx.multi().incr("n").exec())).toMatchObject(state);
      expect(await failure((tx as typeof client).watch("b", () => {}))).toMatchObject(state);
    });
    expect(await failure(kept.get("n"))).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    expect(await failure(kept.multi().incr("n").exec())).toMatchObject(state);
    expect(await client.get("n")).toBe("1");
    await client.watch("a", (tx) => void (kept = tx));
    expect(await failure(kept.multi().incr("n").exec())).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });

  it("works in the conditions of its client and its view", async () => {
    const client = connect({ keyPrefix: "app:" });
    await client.set("k", "v");
    let runs = 0;
    const replies = await client.buffers.watch("k", async (tx) => {
      // Without the prefix it would be another key.
      if (runs++ === 0) await other.set("app:k", "w");
      const value = await tx.get("k");
      return tx.with({ buffers: false }).multi().set("copy", value!).get("copy").getBuffer("k").exec();
    });
    expect(runs).toBe(2);
    expect(replies).toEqual(["OK", "w", Buffer.from("w")]);
    expect((await other.keys("*")).sort()).toEqual(["app:copy", "app:k"]);
  });

  it("leaves nothing watched when it ends without a transaction", async () => {
    const client = connect();
    await client.watch("a", (tx) => tx.get("a"));
    await other.set("a", "changed");
    // The next one gets the same connection.
    expect(await client.watch("b", (tx) => tx.multi().set("b", "1").exec(), { retries: 0 })).toEqual(["OK"]);
  });
});

it("a hundred callers count every turn", async () => {
  const client = connect();
  await Promise.all(Array.from({ length: 100 }, () => increment(client, "n", Infinity)));
  expect(await client.get("n")).toBe("100");
}, 60_000);

it("a hundred clients count every turn", async () => {
  const clients = Array.from({ length: 100 }, () => connect());
  await Promise.all(clients.map((client) => increment(client, "n", Infinity)));
  expect(await other.get("n")).toBe("100");
}, 60_000);

describe("a lost connection", () => {
  /** A client whose connections beside the shared one can be cut. */
  async function cuttable() {
    const proxy = await startProxy(server.port);
    undo.push(() => proxy.stop());
    const client = connect({}, `redis://127.0.0.1:${proxy.port}`);
    await client.connect();
    const [shared] = proxy.links;
    return { client, cut: () => [...proxy.links].filter((link) => link !== shared).forEach((link) => link.end("reset")) };
  }

  it("before the transaction is a conflict, even if nobody has noticed", async () => {
    const { client, cut } = await cuttable();
    let runs = 0;
    const replies = await client.watch("a", async (tx) => {
      await tx.get("a");
      if (runs++ === 0) {
        cut();
        // It is noticed by what is asked next.
        await failure(tx.get("a"));
      }
      return tx.multi().incr("n").exec();
    });
    expect(replies).toEqual([1]);
    expect(runs).toBe(2);
  });

  it("while the callback waits for a reply is a conflict", async () => {
    const { client, cut } = await cuttable();
    let runs = 0;
    const replies = await client.watch("a", async (tx) => {
      const read = tx.get("a");
      if (runs++ === 0) cut();
      await read;
      return tx.multi().incr("n").exec();
    });
    expect(replies).toEqual([1]);
    expect(runs).toBe(2);
    expect(await other.get("n")).toBe("1");
  });

  it("that stays lost is a RedisWatchError in the end, with its cause", async () => {
    const { client, cut } = await cuttable();
    const losing = client.watch(
      "a",
      async (tx) => {
        const read = tx.get("a");
        cut();
        await read;
      },
      { retries: 1 },
    );
    const thrown = await failure(losing);
    expect(thrown).toBeInstanceOf(RedisWatchError);
    expect(thrown.cause).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });

  it("while the transaction is executed is told, for nobody knows what became of it", async () => {
    const { client, cut } = await cuttable();
    let runs = 0;
    const executed = client.watch("a", async (tx) => {
      runs++;
      const replies = tx.multi().incr("n").send("DEBUG", ["SLEEP", "0.2"]).exec();
      // The transaction is sent at the end of this turn.
      setImmediate(cut);
      return replies;
    });
    expect(await failure(executed)).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    expect(runs).toBe(1);
  });
});

describe("beside each other", () => {
  it("a pool has transactions, pipelines and watched keys", async () => {
    const pool = new RedisPool(server.url, { min: 2, max: 4 });
    undo.push(() => pool.close());
    const counts = Array.from({ length: 40 }, () => pool.multi().incr("m").incr("m").exec({ throwOnError: true }));
    for (const [first, second] of await Promise.all(counts)) expect(second).toBe(first + 1);
    await Promise.all(Array.from({ length: 20 }, () => increment(pool, "n", Infinity)));
    expect(await pool.pipeline().get("m").get("n").exec()).toEqual(["80", "20"]);
    const refused = expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" });
    expect(() => pool.multi().select(1)).toThrow(refused);
    expect(await pool.pipeline().select(1).exec()).toEqual([refused]);
  });

  it("a lease has them too, and those that it watches by are others", async () => {
    const client = connect();
    const lease = await client.acquire();
    expect(await lease.watch("a", (tx) => tx.multi().select(1).set("there", "1").exec())).toEqual(["OK", "OK"]);
    expect(await lease.multi().select(2).set("here", "1").exec()).toEqual(["OK", "OK"]);
    expect(await lease.send("CLIENT", ["INFO"])).toContain(" db=2 ");
    lease.release();
    // Whoever gets the connections next is in the client's database.
    expect(await client.watch("a", (tx) => tx.multi().exists("here").exists("there").exec())).toEqual([false, false]);
  });
});

it("arguments are checked at the call", () => {
  const client = connect();
  const watch: any = client.watch.bind(client);
  const invalid = expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" });
  expect(() => watch(undefined, () => {})).toThrow(invalid);
  expect(() => watch(["a", null], () => {})).toThrow(invalid);
  expect(() => watch("a")).toThrow(invalid);
  expect(() => watch([], () => {})).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" }));
  for (const retries of [-1, 1.5, Number.NaN]) expect(() => watch("a", () => {}, { retries })).toThrow(RangeError);
  for (const options of [1, null, { retries: "3" }, { retries: Symbol("3") }]) {
    expect(() => watch("a", () => {}, options)).toThrow(invalid);
  }
});

it("a signal ends it, also while it waits to run again", async () => {
  const client = connect();
  const controller = new AbortController();
  const view = client.with({ signal: controller.signal });
  let runs = 0;
  const busy = view.watch(
    "a",
    async (tx) => {
      await other.incr("a");
      if (++runs === 3) controller.abort(new Error("enough"));
      return tx.multi().incr("n").exec();
    },
    { retries: Infinity },
  );
  expect(await failure(busy)).toBe(controller.signal.reason);
  expect(runs).toBe(3);
  expect(await failure(view.watch("a", () => "never"))).toBe(controller.signal.reason);
});
