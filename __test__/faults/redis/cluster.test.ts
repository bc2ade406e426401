/** What happens to a cluster while 200 callers read and write. */
import { afterEach, describe, expect, it } from "vitest";
import type { RedisClusterOptions } from "../../../index.js";
import { Callers } from "../../support/callers.js";
import { useCluster, type ClusterNode } from "../../support/cluster.js";

const CALLERS = 200;
/** Answers that each caller gets before and behind each event: those of all shards go on. */
const SOME = 10;
/** Longer than any of it takes on a busy machine. */
const TIMEOUT = { timeout: 120_000 };
/** Silence that is taken for the end of a node: a stopped one keeps its connections. */
const OPTIONS = { deadPeerTimeout: 300, connectionTimeout: 1000 };
/** Nobody looks after connections and nodes but the cluster itself, when it finds that something is wrong. */
const UNWATCHED = { deadPeerTimeout: 0, refreshInterval: 0 };

const lab = useCluster({ replicas: 1 });
let run = 0;

afterEach(async () => {
  await Promise.all(lab.cluster.running.map((node) => node.release()));
  await lab.cluster.ready();
});

/** Lets callers work while something happens, then looks whether all is right. */
async function during(happen: (callers: Callers) => Promise<unknown>, options: RedisClusterOptions = OPTIONS) {
  const client = lab.connect(options);
  const callers = await Callers.start(client, CALLERS, `${run++}:${Date.now()}`);
  try {
    await callers.progress(SOME);
    await happen(callers);
    await callers.progress(SOME);
  } finally {
    await callers.stop();
  }
  expect(callers.wrong.slice(0, 5)).toEqual([]);
  expect(callers.settled).toBe(callers.issued);
  expect(await callers.audit(lab.connect())).toEqual([]);
}

describe("callers are answered rightly while", () => {
  it("a primary is killed and its replica takes over", TIMEOUT, async () => {
    let primary: ClusterNode | undefined;
    await during(async () => {
      primary = await lab.killPrimaryOf("foo");
    });
    await primary!.restart();
  });

  it("a replica takes over with the primary's consent", TIMEOUT, async () => {
    await during(() => lab.handOver("foo"));
  });

  it.each(["FORCE", "TAKEOVER"] as const)("a replica takes over by %s", TIMEOUT, async (how) => {
    await during(async () => {
      const { primary, replica } = await lab.quiet("foo");
      await lab.cluster.failover(replica, how);
      await lab.cluster.ready();
      await primary.release();
    });
  });

  it("slots move", TIMEOUT, async () => {
    await during(async () => {
      const primaries = await lab.cluster.primaries();
      for (let slot = 0; slot < 60; slot++) {
        const [first] = await primaries[slot % 3]!.ranges();
        await lab.cluster.migrate(first![0], primaries[(slot + 1) % 3]!);
      }
    });
  });

  it("a node is added, takes slots, and is removed", TIMEOUT, async () => {
    await during(async () => {
      const added = await lab.cluster.add();
      const others = (await lab.cluster.primaries()).filter((node) => node !== added);
      for (let slot = 0; slot < 60; slot++) {
        const ranges = await others[slot % 3]!.ranges();
        await lab.cluster.migrate(ranges[0]![0], added);
      }
      await lab.cluster.remove(added);
    });
  });

  it("a primary is stopped, its replica takes over, and it goes on", TIMEOUT, async () => {
    await during(async () => {
      const { primary, replica } = await lab.quiet("foo");
      primary.pause();
      await replica.promoted();
      primary.resume();
      await lab.cluster.ready();
      await primary.release();
    });
  });

  it("a primary is stopped for good, and its replica takes over", TIMEOUT, async () => {
    let primary: ClusterNode | undefined;
    try {
      await during(async (callers) => {
        const stopped = await lab.quiet("foo");
        ({ primary } = stopped);
        primary.pause();
        await stopped.replica.promoted();
        await callers.progress(SOME);
      }, UNWATCHED);
    } finally {
      primary?.resume();
    }
  });
});

it("reads that a stopped replica owes are answered by others", TIMEOUT, async () => {
  const client = lab.connect({ ...UNWATCHED, readFrom: "preferReplica" });
  await client.set("foo", "there");
  await client.with({ route: "allPrimaries" }).wait(1, 5000);
  // Their connections are there.
  expect(await client.get("foo")).toBe("there");
  const [replica] = await lab.cluster.replicasOf(await lab.primaryOf("foo"));
  replica!.pause();
  try {
    const reads = Array.from({ length: 10 }, () => client.get("foo"));
    expect(await Promise.all(reads)).toEqual(Array(10).fill("there"));
  } finally {
    replica!.resume();
  }
});
