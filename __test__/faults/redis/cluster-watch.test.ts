/** Counters that 50 callers step by watched keys while a cluster changes: no step is lost, and none is counted twice. */
import { afterEach, describe, expect, it } from "vitest";
import type { RedisCluster } from "../../../index.js";
import { KEYS, useCluster, type ClusterNode } from "../../support/cluster.js";
import { Twins } from "../../support/twins.js";

const CALLERS = 50;
/** Steps that are told before and behind each event. */
const SOME = 100;
const TIMEOUT = { timeout: 120_000 };
const OPTIONS = { deadPeerTimeout: 300, connectionTimeout: 1000 };

const lab = useCluster({ replicas: 1 });
let run = 0;

afterEach(async () => {
  await Promise.all(lab.cluster.running.map((node) => node.release()));
  await lab.cluster.ready();
});

/** A counter of which many callers make steps. */
class Counter extends Twins {
  issued = 0;
  stopped = false;

  constructor(
    readonly client: RedisCluster,
    tag: string,
  ) {
    super([`{${tag}}${run}:a`, `{${tag}}${run}:b`]);
  }

  async caller() {
    while (!this.stopped) {
      this.issued++;
      await this.note(this.step(this.client));
    }
  }

  override async check(direct: RedisCluster) {
    await super.check(direct);
    expect(this.acknowledged + this.unknown).toBe(this.issued);
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
