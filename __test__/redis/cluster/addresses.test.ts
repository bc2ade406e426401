/** Nodes whose addresses cannot be reached as they announce them. */
import { describe, expect, it } from "vitest";
import type { RedisClusterOptions } from "../../../index.js";
import { KEYS, useCluster } from "../../support/cluster.js";

const lab = useCluster({ hostname: "node.invalid" });
type AddressMap = RedisClusterOptions["addressMap"];

/** Works with all nodes. */
async function works(addressMap: AddressMap) {
  const client = lab.connect({ addressMap }, [lab.seeds[0]!]);
  expect(await client.mset(...KEYS.flatMap((key) => [key, key]))).toBe("OK");
  expect(await Promise.all(KEYS.map((key) => client.get(key)))).toEqual([...KEYS]);
  for (const { address } of await client.nodes()) {
    expect(address).toMatch(/^node\.invalid:\d+$/);
    expect(await client.node(address).ping()).toBe("PONG");
  }
  return client;
}

describe("addressMap", () => {
  it("translates by an object", async () => {
    await works(Object.fromEntries(lab.cluster.nodes.map(({ port }) => [`node.invalid:${port}`, `127.0.0.1:${port}`])));
    await works(Object.fromEntries(lab.cluster.nodes.map(({ port }) => [`NODE.invalid:${port}`, { host: "localhost", port }])));
  });

  it("translates by a function, which may take its time", async () => {
    const asked = new Set<string>();
    await works((host, port) => {
      asked.add(`${host}:${port}`);
      return host === "node.invalid" ? { host: "127.0.0.1", port } : undefined;
    });
    for (const { port } of lab.cluster.nodes) expect(asked).toContain(`node.invalid:${port}`);
    await works(async (_, port) => {
      await new Promise(setImmediate);
      return `127.0.0.1:${port}`;
    });
  });

  it("leads on when a slot has moved", async () => {
    const client = await works((_, port) => ({ host: "127.0.0.1", port }));
    await lab.cluster.migrate(await lab.slotOf("foo"), await lab.otherThan("foo"));
    expect(await client.get("foo")).toBe("foo");
  });

  it("that fails counts as a failed attempt", async () => {
    const client = lab.connect(
      {
        maxRetries: 0,
        addressMap: () => {
          throw Object.assign(new Error("no map today"), { code: "NO_MAP" });
        },
      },
      [lab.seeds[0]!],
    );
    await expect(client.get("foo")).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_REDIS_/) });
  });
});
