/** Reading from replicas. */
import { describe, expect, it } from "vitest";
import { KEYS, calls, useCluster, type ClusterNode } from "../../support/cluster.js";

const lab = useCluster({ replicas: 1 });

/** How often the nodes of each role were asked. */
async function asked(command: string) {
  const primaries = await lab.cluster.primaries();
  const replicas = lab.cluster.running.filter((node) => !primaries.includes(node));
  const sum = async (nodes: ClusterNode[]) => {
    const counts = await Promise.all(nodes.map((node) => calls(node, command)));
    return counts.reduce((total, count) => total + count, 0);
  };
  return { primaries: await sum(primaries), replicas: await sum(replicas) };
}

/** Reads keys of all shards, and says who was asked. */
async function read(readFrom: "primary" | "replica" | "preferReplica" | "nearest") {
  const client = lab.connect({ readFrom, ...(readFrom === "nearest" && { zone: "here" }) });
  await Promise.all(KEYS.map((key) => client.set(key, key)));
  await client.with({ route: "allPrimaries" }).wait(1, 5000);
  const before = await asked("get");
  for (let round = 0; round < 10; round++) {
    expect(await Promise.all(KEYS.map((key) => client.get(key)))).toEqual([...KEYS]);
  }
  const after = await asked("get");
  return { primaries: after.primaries - before.primaries, replicas: after.replicas - before.replicas };
}

describe("readFrom", () => {
  it("primary asks no replica", async () => {
    expect(await read("primary")).toEqual({ primaries: 30, replicas: 0 });
  });

  it.each(["replica", "preferReplica"] as const)("%s asks no primary while there are replicas", async (readFrom) => {
    expect(await read(readFrom)).toEqual({ primaries: 0, replicas: 30 });
  });

  it("nearest asks others when no node is in the zone", async () => {
    const { primaries, replicas } = await read("nearest");
    expect(primaries + replicas).toBe(30);
    expect(replicas).toBeGreaterThan(0);
  });

  it("writes go to primaries, and what is split is read from replicas too", async () => {
    const client = lab.connect({ readFrom: "replica" });
    expect(await client.mset(...KEYS.flatMap((key) => [key, "written"]))).toBe("OK");
    await client.with({ route: "allPrimaries" }).wait(1, 5000);
    const before = await asked("mget");
    expect(await client.mget(...KEYS)).toEqual(["written", "written", "written"]);
    const after = await asked("mget");
    expect([after.primaries - before.primaries, after.replicas - before.replicas]).toEqual([0, 3]);
    expect(await client.incr("{foo}count")).toBe(1);
    expect(await client.eval("return redis.call('GET', KEYS[1])", 1, "foo")).toBe("written");
  });

  it.each(["preferReplica", "nearest"] as const)("%s comes back to a replica that was lost", async (readFrom) => {
    const client = lab.connect({ readFrom, zone: "here", refreshInterval: 500 });
    await client.set("foo", "1");
    await client.with({ route: "allPrimaries" }).wait(1, 5000);
    expect(await client.get("foo")).toBe("1");
    const [replica] = await lab.cluster.replicasOf(await lab.primaryOf("foo"));
    await replica!.kill();
    await expect.poll(() => client.get("foo").catch(() => null)).toBe("1");
    await replica!.restart();
    await lab.cluster.ready();
    await expect
      .poll(async () => {
        await client.get("foo");
        return calls(replica!, "get");
      }, { timeout: 15_000 })
      .toBeGreaterThan(0);
  });

  it("preferReplica falls back to the primary, replica does not", async () => {
    const [prefers, insists] = [lab.connect({ readFrom: "preferReplica" }), lab.connect({ readFrom: "replica", commandTimeout: 500 })];
    await prefers.set("foo", "1");
    await prefers.with({ route: "allPrimaries" }).wait(1, 5000);
    expect(await Promise.all([prefers.get("foo"), insists.get("foo")])).toEqual(["1", "1"]);
    const [replica] = await lab.cluster.replicasOf(await lab.primaryOf("foo"));
    await replica!.kill();
    await expect.poll(() => prefers.get("foo").catch(() => null)).toBe("1");
    await expect(insists.get("foo")).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_REDIS_/) });
    await replica!.restart();
    await lab.cluster.ready();
    await expect.poll(() => insists.get("foo").catch(() => null)).toBe("1");
  });
});
