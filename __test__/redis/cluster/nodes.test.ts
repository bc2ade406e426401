/** Commands for nodes instead of keys, and what is known of the nodes. */
import { beforeEach, describe, expect, it } from "vitest";
import { KEYS, calls, useCluster } from "../../support/cluster.js";

const lab = useCluster({ replicas: 1 });

beforeEach(async () => {
  for (const node of await lab.cluster.primaries()) await node.ask("FLUSHALL");
});

describe("commands without keys", () => {
  it("answer for all nodes together", async () => {
    const client = lab.connect();
    await client.mset(...KEYS.flatMap((key) => [key, key]));
    expect(await client.dbsize()).toBe(3);
    expect((await client.keys("*")).sort()).toEqual([...KEYS].sort());
    expect(await client.send("SCRIPT", ["LOAD", "return 'loaded'"])).toMatch(/^[0-9a-f]{40}$/);
    const digest = await client.send("SCRIPT", ["LOAD", "return 'loaded'"]);
    expect(await client.send("SCRIPT", ["EXISTS", digest, "0".repeat(40)])).toEqual([1, 0]);
    for (const key of KEYS) expect(await client.send("EVALSHA", [digest, "1", key])).toBe("loaded");
    expect(await client.flushall()).toBe("OK");
    expect(await client.dbsize()).toBe(0);
    expect(await client.ping()).toBe("PONG");
    expect(KEYS).toContain((await client.set("foo", "1"), await client.randomkey()) ?? "foo");
  });

  it("configuration is set on all nodes, replicas too", async () => {
    const client = lab.connect();
    expect(await client.send("CONFIG", ["SET", "slowlog-max-len", "77"])).toBe("OK");
    for (const node of lab.cluster.nodes) expect(await node.ask("CONFIG", "GET", "slowlog-max-len")).toEqual(["slowlog-max-len", "77"]);
  });

  it("the error of one node is the error of all", async () => {
    await expect(lab.connect().send("CONFIG", ["SET", "slowlog-max-len", "no number"])).rejects.toMatchObject({
      code: "ERR_REDIS_SERVER_ERROR",
    });
  });
});

describe("route", () => {
  it("names one node", async () => {
    const client = lab.connect();
    await client.mset(...KEYS.flatMap((key) => [key, key]));
    for (const node of await client.nodes()) {
      const port = (await client.node(node).config("GET", "port")) as Record<string, string>;
      expect(port["port"]).toBe(`${node.port}`);
      expect(await client.with({ route: { address: node.address } }).dbsize()).toBe(1);
    }
  });

  it("names the node of a key", async () => {
    const client = lab.connect();
    for (const key of KEYS) {
      const owner = await lab.primaryOf(key);
      expect(await client.with({ route: { key } }).config("GET", "port")).toEqual({ port: `${owner.port}` });
      expect(await client.with({ route: { key: Buffer.from(key) } }).config("GET", "port")).toEqual({ port: `${owner.port}` });
    }
  });

  it("names all primaries, or all nodes", async () => {
    const client = lab.connect();
    const before = await Promise.all(lab.cluster.nodes.map((node) => calls(node, "echo")));
    expect(await client.with({ route: "allPrimaries" }).send("CONFIG", ["SET", "slowlog-max-len", "55"])).toBe("OK");
    const addresses = (nodes: { address: string }[]) => nodes.map(({ address }) => address).sort();
    const nodes = await client.nodes();
    const infos = await client.with({ route: "allNodes" }).info("server");
    expect(Object.keys(infos as unknown as object).sort()).toEqual(addresses(nodes));
    for (const { address, port } of nodes) expect((infos as any)[address]).toContain(`tcp_port:${port}`);
    const primaries = await client.with({ route: "allPrimaries" }).send("ECHO", ["x"]);
    expect(Object.keys(primaries).sort()).toEqual(addresses(nodes.filter(({ role }) => role === "primary")));
    const after = await Promise.all(lab.cluster.nodes.map((node) => calls(node, "echo")));
    expect(after.reduce((sum, count) => sum + count, 0) - before.reduce((sum, count) => sum + count, 0)).toBe(3);
  });

  it("chooses any primary", async () => {
    const client = lab.connect();
    const ports = new Set<string>();
    for (let round = 0; round < 100 && ports.size < 3; round++) {
      const { port = "" } = await client.with({ route: "random" }).config("GET", "port");
      ports.add(port);
    }
    expect([...ports].map(Number).sort()).toEqual((await lab.cluster.primaries()).map((node) => node.port).sort());
  });

  it("is kept by further views, and given up for another", async () => {
    const client = lab.connect();
    const [one, other] = await client.nodes();
    const view = client.node(one!).with({ timeout: 1000 }).buffers;
    expect(await view.config("GET", "port")).toEqual({ port: Buffer.from(`${one!.port}`) });
    expect(await view.with({ route: { address: other!.address }, buffers: false }).config("GET", "port")).toEqual({ port: `${other!.port}` });
  });

  it("of a command that waits keeps nobody waiting, and ends with its signal", async () => {
    const client = lab.connect();
    const owner = await lab.primaryOf(KEYS[0]);
    const node = client.node(`127.0.0.1:${owner.port}`);
    const queue = `{${KEYS[0]}}queue`;
    const waiting = node.blpop(queue, 0);
    expect(await node.ping()).toBe("PONG");
    expect(await client.rpush(queue, "x")).toBe(1);
    expect(await waiting).toEqual([queue, "x"]);
    const controller = new AbortController();
    const aborted = node.with({ signal: controller.signal }).blpop(queue, 0);
    expect(await node.wait(0, 10)).toBe(0);
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
    // Nobody takes it.
    expect(await client.rpush(queue, "y")).toBe(1);
    expect(await client.lrange(queue, 0, -1)).toEqual(["y"]);
  });

  it("of a node that is not there is an error", async () => {
    const client = lab.connect();
    await expect(client.with({ route: { address: "127.0.0.1:1" } }).ping()).rejects.toMatchObject({ code: "ERR_REDIS_CLUSTER_UNKNOWN_NODE" });
    for (const route of ["everywhere", {}, 7, null, { key: 1n }, { address: 1 }, { address: "a b@c" }]) {
      expect(() => client.with({ route } as any)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_INVALID_ARG_(TYPE|VALUE)$/) }));
    }
  });
});

describe("nodes", () => {
  it("are told with their roles and slots", async () => {
    const nodes = await lab.connect().nodes();
    expect(nodes.map(({ port }) => port).sort()).toEqual(lab.cluster.nodes.map(({ port }) => port).sort());
    const primaries = nodes.filter(({ role }) => role === "primary");
    const covered = primaries.flatMap(({ slots }) => slots).reduce((sum, [first, last]) => sum + last - first + 1, 0);
    expect([primaries.length, covered]).toEqual([3, 16384]);
    for (const { primary } of nodes.filter(({ role }) => role === "replica")) {
      expect(primaries.map(({ address }) => address)).toContain(primary);
    }
  });

  it("scanIterator walks all primaries", async () => {
    const client = lab.connect();
    const names = Array.from({ length: 500 }, (_, index) => `scan:${index}`);
    await client.mset(...names.flatMap((name) => [name, name]));
    const found = new Set<string>();
    for await (const key of client.scanIterator({ match: "scan:*", count: 50 })) found.add(key);
    expect([...found].sort()).toEqual(names.sort());
    const own = (await client.nodes()).find(({ role }) => role === "primary")!;
    let count = 0;
    for await (const _ of client.node(own).scanIterator()) count++;
    expect(count).toBe(await client.node(own).dbsize());
  });
});
