/** Reading from the nodes of a zone, where servers have zones: Valkey since 8.0. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedis } from "../../../dev/servers.mjs";
import { RedisClient, type RedisClusterOptions } from "../../../index.js";
import { KEYS, calls, useCluster, type ClusterNode } from "../../support/cluster.js";

const ZONES = ["zone-a", "zone-b", "zone-c"] as const;

const server = await startRedis();
const lone = new RedisClient(server.url);
const { server: name, version } = await lone.send("HELLO", []);
const known = Object.keys(await lone.send("CONFIG", ["GET", "availability-zone"])).length > 0;
afterAll(async () => {
  lone.close();
  await server.stop();
});

/** A shard whose primary is in the first zone, its replicas in the others. */
function useZones(config: string[] = []) {
  const lab = useCluster({ primaries: 1, replicas: 2, config });
  let nodes: ClusterNode[] = [];
  beforeAll(async () => {
    const [primary] = await lab.cluster.primaries();
    nodes = [primary!, ...(await lab.cluster.replicasOf(primary!))];
    await Promise.all(nodes.map((node, at) => node.ask("CONFIG", "SET", "availability-zone", ZONES[at]!)));
    const client = lab.connect();
    await client.mset(...KEYS.flatMap((key) => [key, key]));
    await client.with({ route: "allPrimaries" }).wait(2, 5000);
  });

  /** How often each node was asked while all keys were read ten times. */
  const readers = async (client: { get(key: string): Promise<string | null> }) => {
    const counts = () => Promise.all(nodes.map((node) => calls(node, "get")));
    const before = await counts();
    for (let round = 0; round < 10; round++) {
      expect(await Promise.all(KEYS.map((key) => client.get(key)))).toEqual([...KEYS]);
    }
    const after = await counts();
    return after.map((count, at) => count - before[at]!);
  };
  /** A client in a zone that reads only, and knows where all nodes are. */
  const connect = async (zone: string, options: RedisClusterOptions = {}) => {
    const client = lab.connect({ ...options, readFrom: "nearest", zone, refreshInterval: 500 }, lab.seeds.slice(0, 1));
    const zones = async () => Object.fromEntries((await client.nodes()).map((node) => [node.port, node.zone]));
    await expect.poll(zones).toEqual(Object.fromEntries(nodes.map(({ port }, at) => [port, ZONES[at]])));
    return client;
  };
  return { lab, readers, connect, replica: () => nodes[1]! };
}

if (known) {
  describe(`${name} ${version}: nearest`, () => {
    const { lab, readers, connect, replica } = useZones();

    it.each([
      ["the replica that is there", "zone-b", [0, 30, 0]],
      ["another one", "zone-c", [0, 0, 30]],
      ["the primary where it alone is there", "zone-a", [30, 0, 0]],
      ["any replica from where no node is", "elsewhere", [0, 15, 15]],
    ])("asks %s", async (_who, zone, expected) => {
      expect(await readers(await connect(zone))).toEqual(expected);
    });

    it("asks others while the nearest is lost, and the nearest when it is back", async () => {
      const client = await connect("zone-b");
      await replica().kill();
      await expect.poll(() => client.get("foo").catch(() => null)).toBe("foo");
      replica().startOptions.config?.push("availability-zone zone-b");
      await replica().restart();
      await lab.cluster.ready();
      await expect.poll(() => readers(client), { timeout: 15_000 }).toEqual([0, 30, 0]);
    });
  });

  describe(`${name} ${version}: nearest where HELLO is not allowed`, () => {
    const { readers, connect } = useZones(["user default on nopass ~* &* +@all -hello"]);

    it("asks the replica that is there", async () => {
      expect(await readers(await connect("zone-b"))).toEqual([0, 30, 0]);
    });
  });
} else {
  describe(`${name} ${version}: zones are not applicable, for the server has none`, () => {
    it("refuses the setting", async () => {
      await expect(lone.send("CONFIG", ["SET", "availability-zone", "zone-a"])).rejects.toThrow(/unknown option/i);
    });
  });
}
