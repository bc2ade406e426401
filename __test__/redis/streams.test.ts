/** Consumers of streams. */
import { getEventListeners } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RedisClient, RedisPool, type RedisConsumerOptions, type RedisStreamMessage } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useRedis } from "../support/redis.js";

const server = useRedis();
const { connect } = server;

const options = { group: "g", consumer: "c" } satisfies RedisConsumerOptions;

async function add(client: RedisClient, count: number, stream = "s", from = 0) {
  for (let n = from; n < from + count; n++) client.xadd(stream, "*", "n", n);
  await client.drain();
}

/** The numbers of so many messages. */
async function take(messages: AsyncIterable<RedisStreamMessage>, count: number, seen = async (_: RedisStreamMessage) => {}) {
  const numbers: number[] = [];
  for await (const message of messages) {
    numbers.push(Number(message.fields.n));
    await seen(message);
    if (numbers.length === count) break;
  }
  return numbers;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const pending = async (client: RedisClient) => ((await client.xpending("s", "g")) as any[])[0] as number;
async function until(condition: () => boolean | Promise<boolean>) {
  while (!(await condition())) await turn();
}
/** Whether a consumer is waiting for messages. */
const waiting = async (client: RedisClient) => /flags=b .*cmd=xreadgroup/.test(`${await client.clientList()}`);
const waits = (client: RedisClient) => until(() => waiting(client));

describe("consume", () => {
  it("makes the group and the stream, and gives messages in order", async () => {
    const client = connect();
    const consumer = client.consume("s", { ...options, count: 3 });
    const taken = take(consumer, 10);
    await waits(client);
    await add(client, 10);
    expect(await taken).toEqual(range(0, 10));
    const [{ name }] = (await client.xinfoGroups("s")) as any[];
    expect(name).toBe("g");
  });

  it("begins where it is told when it makes the group, and shares an old one", async () => {
    const client = connect();
    await add(client, 5);
    const id = (await client.xadd("s", "*", "n", 5)) as string;
    expect(await take(client.consume("s", { ...options, group: "all" }), 2)).toEqual([0, 1]);
    const later = client.consume("s", { ...options, group: "later", start: id });
    const taken = take(later, 1);
    await waits(client);
    await add(client, 1, "s", 6);
    expect(await taken).toEqual([6]);
    expect(await take(client.consume("s", { ...options, group: "all", consumer: "other", start: "$" }), 1)).toEqual([6]);
  });

  it("acknowledges a message when the next one is asked for", async () => {
    const client = connect();
    await add(client, 3);
    const waiting: number[] = [];
    for await (const message of client.consume("s", { ...options, count: 1 })) {
      expect(message).toMatchObject({ stream: "s", deliveries: 1, acknowledged: false });
      expect(message.id).toMatch(/^\d+-\d+$/);
      waiting.push(await pending(client));
      if (waiting.length === 3) break;
    }
    // The message of the break is not done with.
    expect(waiting).toEqual([1, 1, 1]);
    expect(await pending(client)).toBe(1);
  });

  it("leaves that to the caller if wanted", async () => {
    const client = connect();
    await add(client, 3);
    const consumer = client.consume("s", { ...options, autoAck: false });
    const acknowledged: boolean[] = [];
    await take(consumer, 3, async (message) => {
      if (message.fields.n !== "1") acknowledged.push(await message.ack(), await message.ack());
    });
    expect(acknowledged).toEqual([true, true, true, true]);
    expect(await pending(client)).toBe(1);
  });

  it("first gives what this consumer has not acknowledged", async () => {
    const client = connect();
    await add(client, 25);
    expect(await take(client.consume("s", { ...options, autoAck: false }), 12)).toEqual(range(0, 12));
    const again: [number, number][] = [];
    await take(client.consume("s", options), 25, async ({ fields, deliveries }) => {
      again.push([Number(fields.n), deliveries]);
    });
    expect(again.map(([n]) => n)).toEqual(range(0, 25));
    expect(again.map(([, count]) => count)).toEqual([...range(0, 20).map(() => 2), ...range(20, 25).map(() => 1)]);
  });

  it("does not stumble over pending entries that were deleted", async () => {
    const client = connect();
    await add(client, 3);
    const ids: string[] = [];
    await take(client.consume("s", { ...options, autoAck: false }), 3, async ({ id }) => {
      ids.push(id);
    });
    await client.xdel("s", ids[1]!);
    expect(await take(client.consume("s", options), 2)).toEqual([0, 2]);
  });

  it("reads no more than is consumed", async () => {
    const client = connect();
    await add(client, 100);
    const consumer = client.consume("s", { ...options, count: 4, autoAck: false });
    const delivered: number[] = [];
    await take(consumer, 9, async () => {
      delivered.push(await pending(client));
    });
    expect(delivered).toEqual([4, 4, 4, 4, 8, 8, 8, 8, 12]);
  });

  it("claims what others have had for too long", async () => {
    const client = connect();
    await add(client, 30);
    await take(client.consume("s", { ...options, consumer: "dead", autoAck: false, count: 30 }), 30);
    const seen = new Map<number, number>();
    const consumer = client.consume("s", { ...options, minIdle: 1 });
    await take(consumer, 30, async ({ fields, deliveries }) => {
      seen.set(Number(fields.n), deliveries);
    });
    expect([...seen.keys()]).toEqual(range(0, 30));
    expect(new Set(seen.values())).toEqual(new Set([2]));
  });

  it("gives up what was delivered too often", async () => {
    const client = connect();
    await add(client, 2);
    const dead: [string, number][] = [];
    const limited: RedisConsumerOptions = {
      ...options,
      maxDeliveries: 2,
      onDeadLetter: async (message) => {
        dead.push([message.fields.n!, message.deliveries]);
        await client.xadd("dead", "*", "n", message.fields.n!);
      },
    };
    for (const deliveries of [1, 2]) {
      await take(client.consume("s", { ...limited, autoAck: false }), 1, async (message) => {
        expect(message.deliveries).toBe(deliveries);
      });
    }
    expect(dead).toEqual([]);
    await add(client, 1, "s", 2);
    expect(await take(client.consume("s", limited), 1)).toEqual([2]);
    expect(dead).toEqual([["0", 3], ["1", 3]]);
    expect(await client.xlen("dead")).toBe(2);
    expect(await pending(client)).toBe(1);
  });

  it("keeps a message for which the hook fails", async () => {
    const client = connect();
    await add(client, 1);
    await take(client.consume("s", { ...options, autoAck: false }), 1);
    const onDeadLetter = () => Promise.reject(new Error("no room"));
    await expect(take(client.consume("s", { ...options, maxDeliveries: 1, onDeadLetter }), 1)).rejects.toThrow("no room");
    expect(await pending(client)).toBe(1);
  });

  it("reads several streams", async () => {
    const client = connect({ keyPrefix: "p:" });
    await add(client, 3, "a");
    await add(client, 3, "b");
    const seen: string[] = [];
    await take(client.consume(["a", Buffer.from("b"), "c"], options), 6, async ({ stream, fields }) => {
      seen.push(`${stream}${fields.n}`);
    });
    expect(seen.toSorted()).toEqual(["a0", "a1", "a2", "b0", "b1", "b2"]);
    expect(await client.xlen("c")).toBe(0);
  });

  it("knows streams apart whose names end alike, and reads one once that is named twice", async () => {
    const client = connect({ keyPrefix: "p:" });
    const consumer = client.consume(["s", "ss", "p:s", "ss"], options);
    const messages = consumer[Symbol.asyncIterator]();
    for (const stream of ["ss", "p:s", "s"]) {
      const next = messages.next();
      await waits(connect());
      await client.xadd(stream, "*", "in", stream);
      expect((await next).value).toMatchObject({ stream, fields: { in: stream } });
    }
    await messages.return();
    // The last one is not acknowledged, since nobody has asked for another.
    const left = ["ss", "p:s", "s"].map(async (stream) => ((await client.xpending(stream, "g")) as any[])[0]);
    expect(await Promise.all(left)).toEqual([0, 0, 1]);
  });

  it("gives bytes to a view with buffers, and its errors to one that is given up", async () => {
    const client = connect();
    const binary = Buffer.from([0, 0xff, 0x0d, 0x0a]);
    await client.xadd("s", "*", "b", binary);
    for await (const message of client.buffers.consume("s", options)) {
      expect(message).toMatchObject({ id: expect.stringMatching(/^\d+-\d+$/), stream: "s", fields: { b: binary } });
      await message.ack();
      break;
    }
    const controller = new AbortController();
    const taken = take(client.with({ signal: controller.signal, timeout: 5_000 }).consume("s", { ...options, block: 60_000 }), 1);
    await waits(client);
    controller.abort(new Error("enough"));
    await expect(taken).rejects.toThrow("enough");
  });

  it("holds up nobody else", async () => {
    const client = connect();
    const consumer = client.consume("s", { ...options, block: 3_600_000 });
    const taken = take(consumer, 1);
    await waits(client);
    expect(await client.ping()).toBe("PONG");
    await consumer.close();
    expect(await taken).toEqual([]);
  });

  it("works on a pool", async () => {
    const pool = new RedisPool(server.url, { max: 3 });
    server.keep(pool);
    const taken = take(pool.consume("s", options), 5);
    await waits(connect());
    await add(pool, 5);
    expect((await taken).toSorted()).toEqual(range(0, 5));
  });

  it("works with a server that speaks RESP2 only", async () => {
    const old = await startRedis({ config: ["rename-command HELLO ''"] });
    const client = new RedisClient(old.url);
    await add(client, 2, "a");
    await add(client, 1, "b");
    const taken = await take(client.consume(["a", "b"], options), 3);
    expect(taken.toSorted()).toEqual([0, 0, 1]);
    client.close();
    await old.stop();
  });
});

describe("the end of a consumer", () => {
  it("by close comes at once, and without an error", async () => {
    const client = connect();
    const consumer = client.consume("s", { ...options, block: 3_600_000 });
    const taken = take(consumer, 1);
    await waits(client);
    await consumer.close();
    expect(await taken).toEqual([]);
    // Nothing waits any more on the server.
    await until(async () => !(await waiting(client)));
  });

  it("by a signal likewise, even before it began", async () => {
    const client = connect();
    const controller = new AbortController();
    const taken = take(client.consume("s", { ...options, block: 3_600_000, signal: controller.signal }), 1);
    await waits(client);
    controller.abort();
    expect(await taken).toEqual([]);
    expect(await take(client.consume("s", { ...options, signal: controller.signal }), 1)).toEqual([]);
  });

  it("leaves nothing with its signal, which may be that of many", async () => {
    const client = connect();
    const { signal } = new AbortController();
    const consumers = range(0, 20).map((n) => client.consume("s", { ...options, consumer: `c${n}`, signal }));
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    const taken = consumers.map((consumer) => take(consumer, 1));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all(taken);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  it("lets the message be acknowledged that is being worked on", async () => {
    const client = connect();
    await add(client, 5);
    const consumer = client.consume("s", options);
    const taken = await take(consumer, 5, async ({ fields }) => {
      if (fields.n === "1") void consumer.close();
    });
    expect(taken).toEqual([0, 1]);
    expect(await pending(client)).toBe(3);
    // What was read and not given comes to whoever goes on.
    expect(await take(client.consume("s", options), 3)).toEqual([2, 3, 4]);
  });

  it("by an error in the loop leaves the message pending", async () => {
    const client = connect();
    await add(client, 2);
    const failing = take(client.consume("s", options), 2, () => Promise.reject(new Error("broken")));
    await expect(failing).rejects.toThrow("broken");
    expect(await take(client.consume("s", options), 2)).toEqual([0, 1]);
  });

  it("belongs to await using as well", async () => {
    const client = connect();
    await add(client, 1);
    let messages;
    {
      await using consumer = client.consume("s", options);
      messages = consumer[Symbol.asyncIterator]();
      expect((await messages.next()).value).toMatchObject({ stream: "s" });
    }
    expect(await messages.next()).toEqual({ done: true, value: undefined });
    expect(await pending(client)).toBe(0);
  });

  it("is one of the only loop", async () => {
    const client = connect();
    await add(client, 2);
    const consumer = client.consume("s", options);
    await take(consumer, 1);
    await expect(take(consumer, 1)).rejects.toMatchObject({ code: "ERR_REDIS_INVALID_STATE" });
  });

  it("by the end of its client is an error", async () => {
    const client = connect();
    await add(client, 2);
    const taken = take(client.consume("s", { ...options, count: 1 }), 2, async () => client.close());
    await expect(taken).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    const other = connect();
    expect(await pending(other)).toBe(1);
    const idle = take(other.consume("t", { ...options, block: 3_600_000 }), 1);
    await waits(connect());
    other.close();
    await expect(idle).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });

  it("by something that does not pass is an error", async () => {
    const client = connect();
    await client.set("s", "text");
    await expect(take(client.consume("s", options), 1)).rejects.toThrow(/WRONGTYPE/);
  });
});

describe("process", () => {
  it("works on so many messages at the same time, and acknowledges what succeeded", async () => {
    const client = connect();
    await add(client, 40);
    const consumer = client.consume("s", options);
    let [running, most, done] = [0, 0, 0];
    const failed: string[] = [];
    await consumer.process(
      async ({ fields }) => {
        most = Math.max(most, ++running);
        await client.ping();
        running--;
        if (++done === 40) void consumer.close();
        if (fields.n === "7") throw new Error("seven");
      },
      { concurrency: 4, onError: (error, { fields }) => failed.push(`${(error as Error).message} ${fields.n}`) },
    );
    expect([most, done, failed]).toEqual([4, 40, ["seven 7"]]);
    expect(await pending(client)).toBe(1);
  });

  it("rejects with what the handler throws, when the others are done", async () => {
    const client = connect();
    await add(client, 20);
    const finished: string[] = [];
    const working = client.consume("s", options).process(
      async ({ fields }) => {
        if (fields.n === "2") throw new Error("two");
        await client.ping();
        finished.push(fields.n!);
      },
      { concurrency: 3 },
    );
    await expect(working).rejects.toThrow("two");
    expect(finished).toEqual(expect.arrayContaining(["0", "1"]));
    expect(await pending(client)).toBe(10 - finished.length);
  });

  it("refuses unusable arguments", async () => {
    const consumer = connect().consume("s", options);
    const invalid = { code: "ERR_INVALID_ARG_TYPE" };
    await expect(consumer.process(1 as any)).rejects.toMatchObject(invalid);
    await expect(consumer.process(() => {}, { concurrency: "1" as any })).rejects.toMatchObject(invalid);
    await expect(consumer.process(() => {}, { concurrency: 0 })).rejects.toMatchObject({
      code: "ERR_OUT_OF_RANGE",
      message: "Expected concurrency to be a positive integer for 'process'.",
    });
  });
});

describe("faults", () => {
  it("a lost connection costs no message, and brings none again that is being worked on", async () => {
    const client = connect();
    const other = connect();
    const consumer = client.consume("s", options);
    const seen: number[] = [];
    const taken = take(consumer, 60, async ({ fields }) => {
      seen.push(Number(fields.n));
      if (seen.length % 20 === 10) await other.clientKill("TYPE", "normal", "SKIPME", "yes");
    });
    for (let from = 0; from < 60; from += 20) {
      await until(() => seen.length >= from);
      await add(other, 20, "s", from);
    }
    expect(await taken).toEqual(range(0, 60));
  });

  it("an entry whose delivery was lost comes all the same", async () => {
    const client = connect();
    const other = connect();
    const consumer = client.consume("s", options);
    const taken = take(consumer, 2);
    await waits(other);
    // What somebody with its name has got is what the consumer has got without knowing.
    await other.send("MULTI", []);
    other.send("XADD", ["s", "*", "n", "0"]);
    other.send("XREADGROUP", ["GROUP", "g", "c", "STREAMS", "s", ">"]);
    await other.send("EXEC", []);
    await other.clientKill("TYPE", "normal", "SKIPME", "yes");
    await add(other, 1, "s", 1);
    expect(await taken).toEqual([0, 1]);
  });

  it("a group that is gone is made again", async () => {
    const client = connect();
    const seen: number[] = [];
    const taken = take(client.consume("s", options), 3, async ({ fields }) => {
      seen.push(Number(fields.n));
    });
    await waits(client);
    await add(client, 1);
    await until(() => seen.length === 1);
    await client.del("s");
    await waits(client);
    await add(client, 1, "s", 1);
    await until(() => seen.length === 2);
    await waits(client);
    await client.del("s");
    await client.xgroupCreate("s", "other", "$", "MKSTREAM");
    await add(client, 1, "s", 2);
    expect(await taken).toEqual([0, 1, 2]);
  });
});

describe("unusable arguments", () => {
  it("are refused at once", () => {
    const client = connect();
    const invalid = expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" });
    const outOfRange = expect.objectContaining({ code: "ERR_OUT_OF_RANGE" });
    const unusable = expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" });
    expect(() => client.consume(undefined as any, options)).toThrow(invalid);
    expect(() => client.consume([], options)).toThrow(unusable);
    expect(() => client.consume("s", undefined as any)).toThrow(invalid);
    expect(() => client.consume("s", { group: "g" } as any)).toThrow(invalid);
    expect(() => client.consume("s", { consumer: "c" } as any)).toThrow(invalid);
    expect(() => client.consume("s", { ...options, signal: {} as any })).toThrow(invalid);
    expect(() => client.consume("s", { ...options, onDeadLetter: 1 as any, maxDeliveries: 1 })).toThrow(invalid);
    expect(() => client.consume("s", { ...options, maxDeliveries: 1 })).toThrow(unusable);
    expect(() => client.consume("s", { ...options, onDeadLetter: () => {} })).toThrow(unusable);
    for (const name of ["count", "block", "minIdle"]) {
      expect(() => client.consume("s", { ...options, [name]: "1" })).toThrow(invalid);
      expect(() => client.consume("s", { ...options, [name]: 0 })).toThrow(outOfRange);
    }
    expect(client.connected).toBe(false);
  });
});
