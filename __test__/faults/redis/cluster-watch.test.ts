/** Counters that 50 callers step by watched keys while a cluster changes: no step is lost, and none is counted twice. */
import { afterEach, describe, expect, it } from "vitest";
import type { RedisCluster } from "../../../index.js";
import { KEYS, useCluster, type ClusterNode } from "../../support/cluster.js";
import { outcome } from "../../support/transports.js";

const CALLERS = 50;
/** Steps that are told before and behind each event. */
const SOME = 100;
const TIMEOUT = { timeout: 120_000 };
const OPTIONS = { deadPeerTimeout: 300, connectionTimeout: 1000 };
const LOST = "ERR_REDIS_CONNECTION_CLOSED";

const lab = useCluster({ replicas: 1 });
let run = 0;

afterEach(async () => {
  await Promise.all(lab.cluster.running.map((node) => node.release()));
  await lab.cluster.ready();
});

/** What callers of one counter were told. */
class Counter {
  issued = 0;
  acknowledged = 0;
  unknown = 0;
  stopped = false;
  readonly wrong: unknown[] = [];
  readonly keys: [string, string];

  constructor(
    readonly client: RedisCluster,
    tag: string,
  ) {
    this.keys = [`{${tag}}${run}:a`, `{${tag}}${run}:b`];
  }

  async caller() {
    while (!this.stopped) {
      this.issued++;
      const ended = await outcome(this.step());
      if ("value" in ended) this.acknowledged++;
      else if (ended.error.code === LOST) this.unknown++;
      else this.wrong.push(ended.error);
    }
  }

  step() {
    return this.client.watch(
      this.keys,
      async (tx) => {
        const [first, second] = await tx.mget(...this.keys);
        if (first !== second) throw new Error(`half of a step: ${first} and ${second}`);
        const next = `${Number(first) + 1}`;
        return tx.multi().set(this.keys[0], next).set(this.keys[1], next).exec({ throwOnError: true });
      },
      { retries: Infinity },
    );
  }

  async check(direct: RedisCluster) {
    expect(this.wrong).toEqual([]);
    expect(this.acknowledged + this.unknown).toBe(this.issued);
    const [first, second] = await direct.mget(...this.keys);
    expect(first).toBe(second);
    expect(Number(first)).toBeGreaterThanOrEqual(this.acknowledged);
    expect(Number(first)).toBeLessThanOrEqual(this.acknowledged + this.unknown);
  }
}

async function during(happen: () => Promise<unknown>) {
  run++;
  const client = lab.connect(OPTIONS);
  const counters = KEYS.map((tag) => new Counter(client, tag));
  const callers = Array.from({ length: CALLERS }, (_, index) => counters[index % KEYS.length]!.caller());
  const progress = async () => {
    const before = counters.map(({ acknowledged }) => acknowledged);
    await expect
      .poll(() => counters.every((counter, at) => counter.wrong.length > 0 || counter.acknowledged >= before[at]! + SOME), {
        timeout: 60_000,
      })
      .toBe(true);
  };
  try {
    await progress();
    await happen();
    await progress();
  } finally {
    for (const counter of counters) counter.stopped = true;
    await Promise.all(callers);
  }
  for (const counter of counters) await counter.check(lab.connect());
}

describe("no step is lost while", () => {
  it("a primary is killed and its replica takes over", TIMEOUT, async () => {
    let primary: ClusterNode | undefined;
    await during(async () => {
      primary = await lab.killPrimaryOf(KEYS[0]);
    });
    await primary!.restart();
  });

  it("a replica takes over with the primary's consent", TIMEOUT, async () => {
    await during(() => lab.handOver(KEYS[0]));
  });

  it("a primary is stopped and its replica takes over", TIMEOUT, async () => {
    let primary: ClusterNode | undefined;
    await during(async () => {
      const pair = await lab.quiet(KEYS[0]);
      ({ primary } = pair);
      primary.pause();
      await pair.replica.promoted();
    });
    primary!.resume();
  });

  it("the slots of the counters move from node to node", TIMEOUT, async () => {
    await during(async () => {
      for (let turn = 0; turn < 4; turn++) {
        for (const key of KEYS) await lab.cluster.migrate(await lab.slotOf(key), await lab.otherThan(key));
        // Moved again before all nodes know, they would not agree who has a slot.
        await lab.cluster.ready();
      }
    });
  });
});
