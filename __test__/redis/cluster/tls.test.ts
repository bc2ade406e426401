/** TLS in a cluster whose certificates are for a host name, which the nodes announce. */
import { describe, expect, it } from "vitest";
import { RedisCluster } from "../../../index.js";
import { KEYS, useCluster } from "../../support/cluster.js";

const lab = useCluster({ tls: true, password: "hunter2", replicas: 1 });
const PASSWORD = { password: "hunter2" };

describe("TLS", () => {
  it("reaches all nodes by the host name that they announce, with the seed's settings", async () => {
    const client = lab.connect(PASSWORD, [lab.seeds[0]!]);
    expect(await client.mset(...KEYS.flatMap((key) => [key, key]))).toBe("OK");
    expect(await client.mget(...KEYS)).toEqual([...KEYS]);
    for (const { address } of await client.nodes()) {
      expect(address).toMatch(/^localhost:/);
      expect(await client.node(address).ping()).toBe("PONG");
    }
  });

  it("follows a slot", async () => {
    const client = lab.connect(PASSWORD);
    await client.set("tls", "here");
    await lab.cluster.migrate(await lab.slotOf("tls"), await lab.otherThan("tls"));
    expect(await client.get("tls")).toBe("here");
  });

  it("with a certificate that nobody vouches for is an error", async () => {
    const client = new RedisCluster(lab.seeds, { ...PASSWORD, tls: true, maxRetries: 0 });
    await expect(client.get("foo")).rejects.toThrow();
    client.close();
  });
});
