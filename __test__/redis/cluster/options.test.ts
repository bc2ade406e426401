/** Seeds and options: what is taken, what is refused, and what is shown. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { RedisClient, RedisCluster, type RedisClusterOptions } from "../../../index.js";
import { startRedis } from "../../../dev/servers.mjs";
import { useCluster } from "../../support/cluster.js";
import { NOWHERE } from "../../support/nowhere.js";

const lab = useCluster({ password: "hunter2" });
const PASSWORD: RedisClusterOptions = { password: "hunter2" };

describe("seeds", () => {
  it.each([
    ["a URL", (port: number) => `redis://:hunter2@127.0.0.1:${port}`, {}],
    ["a URL object", (port: number) => new URL(`redis://:hunter2@127.0.0.1:${port}`), {}],
    ["host and port as text", (port: number) => `127.0.0.1:${port}`, PASSWORD],
    ["an object", (port: number) => ({ host: "127.0.0.1", port }), PASSWORD],
    ["a host name", (port: number) => [`localhost:${port}`], PASSWORD],
  ])("may be %s", async (_, seed, options) => {
    const client = new RedisCluster(seed(lab.cluster.nodes[0]!.port), options);
    expect(await client.set("foo", "1")).toBe("OK");
    expect(await client.mget("foo", "none")).toEqual(["1", null]);
    client.close();
  });

  it("that cannot be reached are passed over", async () => {
    const seeds = [NOWHERE, `no-such-host.invalid:7000`, ...lab.seeds];
    expect(await lab.connect(PASSWORD, seeds).set("foo", "1")).toBe("OK");
  });

  it("that cannot be reached at all are an error", async () => {
    const client = new RedisCluster(NOWHERE, { maxRetries: 1 });
    const error = await client.get("foo").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "RedisError", code: expect.stringMatching(/^ERR_REDIS_/) });
    client.close();
  });

  it("a server without a cluster is an error that says so", async () => {
    const server = await startRedis();
    const client = new RedisCluster(server.url, { maxRetries: 0 });
    const error: any = await client.get("foo").catch((thrown: unknown) => thrown);
    expect(inspect(error)).toMatch(/cluster support disabled/i);
    client.close();
    await server.stop();
  });

  it.each([[[]], [undefined], [null], [7], [{}], [{ host: "" }], [{ host: "a", port: 0 }], ["a:b"], ["a:70000"], ["u:p@h:1"], ["http://a"], ["redis+unix:///run/redis"]])(
    "%j is none",
    (seeds: any) => {
      expect(() => new RedisCluster(seeds)).toThrow(expect.objectContaining({ name: "TypeError", code: expect.stringMatching(/^ERR_INVALID_ARG_/) }));
    },
  );
});

describe("options", () => {
  it.each([
    { readFrom: "anywhere" },
    { readFrom: "nearest" },
    { readFrom: "nearest", zone: 1 },
    { maxRedirections: -1 },
    { maxRedirections: "3" },
    { refreshInterval: 1.5 },
    { addressMap: "a" },
    { addressMap: { "a:1": 7 } },
    { addressMap: { "a b@": "c:1" } },
    { addressMap: { "a:1": { host: "" } } },
    { addressMap: { "a:1": { host: "b", port: 70_000 } } },
    { addressMap: { "a:1": { host: "b", port: NaN } } },
    { commandTimeout: -1 },
    { connectionTimeout: "x" },
  ])("%j is refused", (options: any) => {
    expect(() => new RedisCluster("localhost:7000", options)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_(INVALID_ARG|OUT_OF_RANGE)/) }),
    );
  });

  it("reach every node: password, name, timeout", async () => {
    const client = lab.connect({ ...PASSWORD, name: "app", commandTimeout: 5000 });
    for (const node of await client.nodes()) expect(await client.node(node).send("CLIENT", ["GETNAME"])).toBe("app");
  });

  it("a wrong password is an error", async () => {
    const client = lab.connect({ password: "wrong", maxRetries: 0 }, ["127.0.0.1:" + lab.cluster.nodes[0]!.port]);
    await expect(client.get("foo")).rejects.toThrow(/WRONGPASS/);
  });

  it("credentials are asked for each node", async () => {
    let asked = 0;
    const credentials = async () => {
      asked++;
      await new Promise(setImmediate);
      return { password: "hunter2" };
    };
    const seeds = lab.cluster.nodes.map(({ port }) => `127.0.0.1:${port}`);
    const client = lab.connect({ credentials }, seeds);
    expect(await Promise.all(["bar", "qux", "foo"].map((key) => client.set(key, key)))).toEqual(["OK", "OK", "OK"]);
    expect(asked).toBeGreaterThanOrEqual(3);
  });

  it("a deadline and a signal end a command", async () => {
    const client = lab.connect(PASSWORD);
    const late = client.with({ timeout: 20 }).send("BLPOP", ["none", "0"]);
    await expect(late).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
    const controller = new AbortController();
    const aborted = client.with({ signal: controller.signal }).send("BLPOP", ["none:2", "0"]);
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("the client", () => {
  it("is a RedisClient, and shows no secret", async () => {
    const client = lab.connect();
    expect(client).toBeInstanceOf(RedisClient);
    await client.get("foo");
    const shown = inspect(client);
    expect(shown).toMatch(/^RedisCluster \{\s+seeds: \[/);
    expect(shown).toContain(`127.0.0.1:${lab.cluster.nodes[0]!.port}`);
    expect(shown).not.toContain("hunter2");
    expect(`${client}`).toBe("[object RedisCluster]");
  });

  it("connects, closes and connects again", async () => {
    const client = lab.connect();
    const hello = await client.connect();
    expect(hello).toMatchObject({ proto: 3 });
    expect(client.connected).toBe(true);
    const closed = new Promise((resolve) => (client.onclose = resolve));
    const waiting = client.send("BLPOP", ["none", "0"]).catch((error: unknown) => error);
    client.close();
    expect(await waiting).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    expect(await closed).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    expect(client.connected).toBe(false);
    const gone = { code: "ERR_REDIS_CONNECTION_CLOSED" };
    await expect(client.nodes()).rejects.toMatchObject(gone);
    await expect(client.scanIterator().next()).rejects.toMatchObject(gone);
    await expect(client.defineScript("return 1").load()).rejects.toMatchObject(gone);
    expect(client.connected).toBe(false);
    await client.connect();
    expect(await client.set("foo", "again")).toBe("OK");
  });

  it("duplicates with its seeds and options", async () => {
    const client = lab.connect({ name: "original" });
    await client.connect();
    const copy = await client.duplicate();
    expect(copy).toBeInstanceOf(RedisCluster);
    expect(copy.connected).toBe(true);
    expect(await copy.with({ route: { key: "foo" } }).send("CLIENT", ["GETNAME"])).toBe("original");
    copy.close();
  });

  it("drains", async () => {
    const client = lab.connect();
    const answers = ["bar", "qux", "foo"].map((key) => client.incr(`{${key}}drained`));
    await client.drain();
    client.close();
    expect(await Promise.all(answers)).toEqual([1, 1, 1]);
  });
});
