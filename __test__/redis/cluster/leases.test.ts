/** Connections of one's own to the nodes of a cluster. */
import { afterEach, describe, expect, it } from "vitest";
import { KEYS, useCluster } from "../../support/cluster.js";

const lab = useCluster();
const [KEY, OTHER] = KEYS;

afterEach(() => lab.cluster.ready());

describe("acquire", () => {
  it("leads to the node of a key, a slot or an address", async () => {
    const client = lab.connect();
    const primary = await lab.primaryOf(KEY);
    const slot = await lab.slotOf(KEY);
    const nodes = await client.nodes();
    const node = nodes.find(({ port }) => port === primary.port)!;
    for (const place of [{ key: KEY }, { key: Buffer.from(KEY) }, { slot }, { node }, { node: node.address }]) {
      await using connection = await client.acquire(place);
      await connection.set(KEY, "mine");
      expect(await connection.send("CLUSTER", ["MYID"])).toBe(primary.id);
      expect(await connection.clientId()).toBeGreaterThan(0);
    }
  });

  it("mixes with nobody's commands, and is given back clean", async () => {
    const client = lab.connect();
    const connection = await client.acquire({ key: KEY });
    const id = await connection.clientId();
    await connection.send("WATCH", [KEY]);
    await connection.send("MULTI", []);
    expect(await connection.send("INCR", ["{bar}count"])).toBe("QUEUED");
    await client.set("{bar}other", "x");
    expect(client.metrics).toEqual({ total: 1, inUse: 1, idle: 0, waiting: 0 });
    connection.release();
    await expect(connection.get(KEY)).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    // It has to forget what was watched first.
    await expect.poll(() => client.metrics.idle).toBe(1);
    await using again = await client.acquire({ key: KEY });
    expect(await again.clientId()).toBe(id);
    expect(await again.get("{bar}count")).toBeNull();
  });

  it("has commands that wait for the writes of the same connection, and subscriptions", async () => {
    const client = lab.connect();
    await using connection = await client.acquire({ key: KEY });
    await connection.set(KEY, "written");
    expect(await connection.wait(0, 10)).toBe(0);
    const heard = new Promise((resolve) => void connection.ssubscribe(`{${KEY}}news`, resolve));
    await expect.poll(() => client.spublish(`{${KEY}}news`, "hello")).toBe(1);
    expect(await heard).toBe("hello");
  });

  it("says of a key elsewhere that the connection does not lead there", async () => {
    const client = lab.connect();
    await using connection = await client.acquire({ key: KEY });
    const error = await connection.get(OTHER).catch((error) => error);
    expect(error).toMatchObject({ name: "RedisError", code: "ERR_REDIS_CLUSTER_WRONG_NODE" });
    expect(error.message).toMatch(/^MOVED \d+ 127\.0\.0\.1:\d+: this connection is to 127\.0\.0\.1:\d+/);
    expect(error.cause).toMatchObject({ code: "ERR_REDIS_SERVER_ERROR" });
    expect(await connection.get(KEY)).not.toBeInstanceOf(Error);
  });

  it("tells the client where a slot has gone", async () => {
    const client = lab.connect({ refreshInterval: 0 });
    await client.set("{lease}moved", "here");
    await using connection = await client.acquire({ key: "{lease}moved" });
    const target = await lab.otherThan("lease");
    await lab.cluster.migrate(await lab.slotOf("lease"), target);
    await expect(connection.get("{lease}moved")).rejects.toMatchObject({ code: "ERR_REDIS_CLUSTER_WRONG_NODE" });
    await using next = await client.acquire({ key: "{lease}moved" });
    expect(await next.send("CLUSTER", ["MYID"])).toBe(target.id);
    expect(await next.get("{lease}moved")).toBe("here");
  });

  it("does so by a transaction as well", async () => {
    const client = lab.connect({ refreshInterval: 0 });
    await client.set("{lease}moved", "here");
    await using connection = await client.acquire({ key: "{lease}moved" });
    const target = await lab.otherThan("lease");
    await lab.cluster.migrate(await lab.slotOf("lease"), target);
    const error = await connection.multi().ping().get("{lease}moved").exec().catch((error) => error);
    expect(error).toMatchObject({
      code: "ERR_REDIS_TRANSACTION_ABORTED",
      errors: [{ index: 1, command: "GET", code: "ERR_REDIS_CLUSTER_WRONG_NODE", cause: { code: "ERR_REDIS_SERVER_ERROR" } }],
    });
    await using next = await client.acquire({ key: "{lease}moved" });
    expect(await next.multi().get("{lease}moved").exec()).toEqual(["here"]);
  });

  it("waits where all connections of a node are in use, and not where they are free", async () => {
    const client = lab.connect({ maxBlockingConnections: 1 });
    const first = await client.acquire({ key: KEY });
    const elsewhere = await client.acquire({ key: OTHER });
    await expect(client.acquire({ key: KEY, timeout: 20 })).rejects.toMatchObject({ code: "ERR_REDIS_POOL_TIMEOUT" });
    const aborter = new AbortController();
    const aborted = client.acquire({ key: KEY, signal: aborter.signal });
    await expect.poll(() => client.metrics).toEqual({ total: 2, inUse: 2, idle: 0, waiting: 1 });
    aborter.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    await expect.poll(() => client.metrics.waiting).toBe(0);
    const next = client.acquire({ key: KEY });
    first.release();
    (await next).release();
    elsewhere.release();
    expect(client.metrics).toEqual({ total: 2, inUse: 0, idle: 2, waiting: 0 });
  });

  it("ends with the client", async () => {
    const client = lab.connect({ maxBlockingConnections: 1 });
    const connection = await client.acquire({ key: KEY });
    const waiting = client.acquire({ key: KEY });
    await expect.poll(() => client.metrics.waiting).toBe(1);
    const closed = new Promise((resolve) => (connection.onclose = resolve));
    const blocked = connection.blpop(`{${KEY}}nothing`, 0);
    client.close();
    for (const ended of [waiting, blocked, client.acquire({ key: KEY })]) {
      await expect(ended).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    }
    expect(await closed).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });

  it("finds the node of keys with a prefix", async () => {
    const client = lab.connect({ keyPrefix: `{${OTHER}}` });
    await using connection = await client.acquire({ key: KEY });
    await connection.set(KEY, "prefixed");
    expect(await client.get(KEY)).toBe("prefixed");
  });

  it("refuses what names no node", async () => {
    const client = lab.connect();
    const refused = async (options: any, code: string) => {
      await expect((client as any).acquire(options)).rejects.toMatchObject({ code });
    };
    await refused(undefined, "ERR_INVALID_ARG_VALUE");
    await refused({}, "ERR_INVALID_ARG_VALUE");
    await refused({ key: KEY, slot: 1 }, "ERR_INVALID_ARG_VALUE");
    await refused({ key: 5n }, "ERR_INVALID_ARG_TYPE");
    await refused({ slot: "1" }, "ERR_INVALID_ARG_TYPE");
    await refused({ slot: 16384 }, "ERR_OUT_OF_RANGE");
    await refused({ node: 7 }, "ERR_INVALID_ARG_TYPE");
    await refused({ node: "localhost:1" }, "ERR_REDIS_CLUSTER_UNKNOWN_NODE");
    await refused({ key: KEY, timeout: -1 }, "ERR_OUT_OF_RANGE");
  });

  it("tells why no node can be found", async () => {
    const client = lab.connect({ maxRetries: 0 }, ["redis://127.0.0.1:1"]);
    await expect(client.acquire({ key: KEY })).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
  });
});
