/** Nodes that announce an address which is not the one that they are reached at, as behind a NAT. */
import { afterEach, describe, expect, it } from "vitest";
import type { RedisCluster } from "../../../index.js";
import { KEYS, useCluster } from "../../support/cluster.js";

const [INSIDE, OUTSIDE] = ["127.0.0.2", "127.0.0.1"];
const lab = useCluster({ replicas: 1, config: [`bind ${OUTSIDE} ${INSIDE}`, `cluster-announce-ip ${INSIDE}`] });
const maps = {
  object: () => Object.fromEntries(lab.cluster.nodes.map(({ port }) => [`${INSIDE}:${port}`, `${OUTSIDE}:${port}`])),
  Map: () => new Map(lab.cluster.nodes.map(({ port }) => [`${INSIDE}:${port}`, { host: OUTSIDE, port }])),
  function: () => (host: string, port: number) => (host === INSIDE ? { host: OUTSIDE, port } : undefined),
};

afterEach(() => lab.cluster.ready());

/** The addresses that the client's connections to all nodes have reached. */
async function reached(client: RedisCluster) {
  const nodes = await client.nodes();
  expect(nodes.map(({ host }) => host)).toEqual(Array(6).fill(INSIDE));
  const infos = await Promise.all(nodes.map((node) => client.node(node).send("CLIENT", ["INFO"])));
  return new Set(infos.map((info) => /laddr=([^:]+):/.exec(`${info}`)?.[1]));
}

describe("nodes behind a translation", () => {
  it("are reached where they announce themselves without a map", async () => {
    expect(await reached(lab.connect({}, [lab.seeds[0]!]))).toEqual(new Set([INSIDE]));
  });

  it.each(["object", "Map", "function"] as const)("are reached where an addressMap that is a %s leads", async (kind) => {
    const client = lab.connect({ addressMap: maps[kind]() }, [lab.seeds[0]!]);
    expect(await reached(client)).toEqual(new Set([OUTSIDE]));
    expect(await client.mset(...KEYS.flatMap((key) => [key, key]))).toBe("OK");
    expect(await client.mget(...KEYS)).toEqual([...KEYS]);
  });

  it("serve reads of replicas, leases, watched keys and commands that block", async () => {
    const client = lab.connect({ addressMap: maps.function(), readFrom: "replica" }, [lab.seeds[0]!]);
    await client.set("foo", "1");
    await expect.poll(() => client.get("foo")).toBe("1");
    await using lease = await client.acquire({ key: "foo" });
    expect(await lease.send("CLIENT", ["INFO"])).toContain(`laddr=${OUTSIDE}:`);
    expect(await client.watch("foo", (tx) => tx.multi().incr("foo").exec())).toEqual([2]);
    await client.rpush("{foo}list", "x");
    expect(await client.blpop("{foo}list", 1)).toEqual(["{foo}list", "x"]);
  });

  it("are followed when slots move and replicas take over", async () => {
    const client = lab.connect({ addressMap: maps.function() }, [lab.seeds[0]!]);
    await client.set("foo", "1");
    await lab.cluster.migrate(await lab.slotOf("foo"), await lab.otherThan("foo"));
    await lab.cluster.ready();
    let runs = 0;
    const replies = await client.watch("foo", async (tx) => {
      await tx.get("foo");
      if (runs++ === 0) {
        const [replica] = await lab.cluster.replicasOf(await lab.primaryOf("foo"));
        await lab.cluster.failover(replica!);
      }
      return tx.multi().incr("foo").exec();
    });
    expect([replies, runs]).toEqual([[2], 2]);
    // Until the nodes were asked, the new primary is beside its shard.
    await expect.poll(async () => (await client.nodes()).length, { timeout: 10_000 }).toBe(6);
    expect(await reached(client)).toEqual(new Set([OUTSIDE]));
  });
});
