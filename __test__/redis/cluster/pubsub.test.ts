/** Messages in a cluster: ordinary channels, patterns, and sharded channels that follow their slot. */
import { describe, expect, it } from "vitest";
import { KEYS, useCluster } from "../../support/cluster.js";

const lab = useCluster({ replicas: 1 });

describe("channels", () => {
  it("are heard wherever they are published", async () => {
    const [subscriber, publisher] = [lab.connect(), lab.connect()];
    const heard: string[] = [];
    await subscriber.subscribe(["news", "weather"], (message, channel) => heard.push(`${channel}: ${message}`));
    await subscriber.psubscribe("sport.*", (message, channel) => heard.push(`${channel}: ${message}`));
    for (const node of await publisher.nodes()) await publisher.node(node).publish("news", node.address);
    await publisher.publish("weather", "rain");
    await publisher.publish("sport.chess", "mate");
    const addresses = (await publisher.nodes()).map(({ address }) => `news: ${address}`);
    await expect.poll(() => [...heard].sort()).toEqual([...addresses, "sport.chess: mate", "weather: rain"].sort());
  });

  it("commands may be issued beside them", async () => {
    const client = lab.connect();
    const heard: string[] = [];
    await client.subscribe("beside", (message) => heard.push(message));
    expect(await client.set("foo", "1")).toBe("OK");
    expect(await client.publish("beside", "me")).toBeGreaterThanOrEqual(0);
    await expect.poll(() => heard).toEqual(["me"]);
    await client.unsubscribe("beside");
    expect(await client.get("foo")).toBe("1");
  });

  it("are subscribed to again when their node is gone, and the gap is told", async () => {
    const [subscriber, publisher] = [lab.connect(), lab.connect()];
    const heard: string[] = [];
    const gaps: string[][] = [];
    subscriber.ongap = ({ channels }) => gaps.push(channels);
    await subscriber.subscribe("gap", (message) => heard.push(message));
    const counts = await Promise.all(lab.cluster.running.map(async (node) => (await node.ask("PUBSUB", "NUMSUB", "gap")) as [string, number]));
    const host = lab.cluster.running[counts.findIndex(([, count]) => count > 0)]!;
    await host.ask("CLIENT", "KILL", "TYPE", "pubsub");
    await expect.poll(() => gaps).toEqual([["gap"]]);
    await publisher.publish("gap", "after");
    await expect.poll(() => heard).toEqual(["after"]);
  });
});

describe("sharded channels", () => {
  it("of several slots are subscribed to together", async () => {
    const [subscriber, publisher] = [lab.connect(), lab.connect()];
    const heard: string[] = [];
    expect(await subscriber.ssubscribe([...KEYS], (message, channel) => heard.push(`${channel}: ${message}`))).toBe(3);
    for (const key of KEYS) expect(await publisher.spublish(key, `to ${key}`)).toBe(1);
    await expect.poll(() => [...heard].sort()).toEqual(KEYS.map((key) => `${key}: to ${key}`).sort());
    await subscriber.sunsubscribe("foo");
    expect(await publisher.spublish("foo", "nobody")).toBe(0);
    expect(await publisher.spublish("bar", "somebody")).toBe(1);
    await subscriber.sunsubscribe();
    expect(await publisher.spublish("bar", "nobody")).toBe(0);
  });

  it("follow their slot, and the gap is told", async () => {
    const [subscriber, publisher] = [lab.connect(), lab.connect()];
    const heard: string[] = [];
    const gaps: string[][] = [];
    await subscriber.ssubscribe("{foo}orders", (message) => heard.push(message), { ongap: (gap) => gaps.push(gap.shardChannels) });
    await publisher.spublish("{foo}orders", "before");
    await expect.poll(() => heard).toEqual(["before"]);
    await lab.cluster.migrate(await lab.slotOf("foo"), await lab.otherThan("foo"));
    await expect.poll(() => publisher.spublish("{foo}orders", "after"), { timeout: 10_000 }).toBe(1);
    await expect.poll(() => heard.slice(0, 2)).toEqual(["before", "after"]);
    expect(gaps).toEqual([["{foo}orders"]]);
  });

  it("go on when their primary fails over", async () => {
    const [subscriber, publisher] = [lab.connect(), lab.connect()];
    const heard: string[] = [];
    await subscriber.ssubscribe("bar", (message) => heard.push(message));
    const [replica] = await lab.cluster.replicasOf(await lab.primaryOf("bar"));
    await lab.cluster.failover(replica!);
    // The old primary, now a replica, may go on serving the channel: the new one does not count its subscribers.
    const publish = async () => {
      await publisher.spublish("bar", "after");
      return heard[0];
    };
    await expect.poll(publish, { timeout: 10_000 }).toBe("after");
    await lab.cluster.ready();
  });
});
