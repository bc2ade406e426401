// node bench/failover.mjs [--client NAME] [--rounds N] [--by kill|stop]: how the rates of three shards go on while one of
// them fails over. NAME is one of peers/cluster/; default s3-valkey.
//
// Each round kills the primary of a shard, or stops its process, which keeps its connections then, and waits for its
// replica. It prints
//   others     rate of the other shards from the kill until a second after the promotion, as a share of that before
//   worst      the same of their worst tenth of a second; behind it what that was before the kill
//   back       milliseconds from the server's own promotion to the first write that the client is told of
//   rejected   calls that were told an error, by code

import { parseArgs } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";

import { startCluster } from "../dev/cluster.mjs";

const SHARDS = 3;
const CALLERS_PER_SHARD = 100;
const BUCKET_MS = 100;
const STEADY_MS = 2000;
const AFTER_MS = 1000;
/** A caller that was told an error asks again after so long, as a program would. */
const RETRY_MS = 5;
const LOOK_MS = 5;

/** @param {number} failing which shard */
async function failOver(failing) {
  const primaries = await cluster.primaries();
  const client = await connect({ nodes: cluster.urls });
  const load = new Load(client, await Promise.all(primaries.map((_, shard) => keyOf(shard, primaries))));
  try {
    await sleep(STEADY_MS);
    const victim = primaries[failing];
    const [replica] = await cluster.replicasOf(victim);
    const killed = performance.now();
    if (stops) victim.pause();
    else await victim.kill();
    while ((await replica.role()) !== "master") await sleep(LOOK_MS);
    const promoted = performance.now();
    while (load.lastWrite[failing] < promoted) await sleep(LOOK_MS);
    const back = load.lastBreak[failing] - promoted;
    await sleep(AFTER_MS);
    const end = performance.now();
    if (stops) victim.resume();
    else await victim.restart();
    const healthy = [0, 1, 2].filter((shard) => shard !== failing);
    // The first half second is for warming up.
    const warm = load.start + STEADY_MS / 4;
    const usual = load.rate(healthy, warm, killed);
    const worst = (from, to) => Math.min(...load.buckets(healthy, from, to)) / ((usual * BUCKET_MS) / 1000);
    return {
      others: load.rate(healthy, killed, end) / usual,
      worst: worst(killed, end),
      before: worst(warm, killed),
      back,
      rejected: load.rejected,
    };
  } finally {
    await load.stop();
    await client.close();
    await cluster.ready();
  }
}

/** Calls in flight to each shard, and their answers by time. */
class Load {
  /**
   * @param {{ get(key: string): Promise<string>, set(key: string, value: string): Promise<string> }} client
   * @param {string[]} keys one for each shard
   */
  constructor(client, keys) {
    this.client = client;
    this.start = performance.now();
    /** Answers of each shard in each bucket. @type {number[][]} */
    this.counts = keys.map(() => []);
    /** When a write of the shard was last acknowledged. */
    this.lastWrite = keys.map(() => 0);
    /** When the writes of the shard went on after the longest silence. */
    this.lastBreak = keys.map(() => 0);
    this.longest = keys.map(() => 0);
    /** @type {Map<string, number>} */
    this.rejected = new Map();
    this.stopped = false;
    this.loops = keys.flatMap((key, shard) =>
      Array.from({ length: CALLERS_PER_SHARD }, (_, caller) => this.#loop(`{${key}}${caller}`, shard)),
    );
  }

  async #loop(key, shard) {
    for (let round = 0; !this.stopped; round++) {
      try {
        if (round % 2 === 0) await this.client.set(key, `${round}`);
        else await this.client.get(key);
        this.#answered(shard, round % 2 === 0);
      } catch (error) {
        const code = error.code ?? error.name;
        this.rejected.set(code, (this.rejected.get(code) ?? 0) + 1);
        await sleep(RETRY_MS);
      }
    }
  }

  #answered(shard, write) {
    const now = performance.now();
    const bucket = Math.floor((now - this.start) / BUCKET_MS);
    this.counts[shard][bucket] = (this.counts[shard][bucket] ?? 0) + 1;
    if (!write) return;
    const silence = now - this.lastWrite[shard];
    if (this.lastWrite[shard] > 0 && silence > this.longest[shard]) {
      this.longest[shard] = silence;
      this.lastBreak[shard] = now;
    }
    this.lastWrite[shard] = now;
  }

  /** Answers of these shards in each whole bucket between two times. */
  buckets(shards, from, to) {
    const [first, end] = [Math.ceil((from - this.start) / BUCKET_MS), Math.floor((to - this.start) / BUCKET_MS)];
    return Array.from({ length: end - first }, (_, index) =>
      shards.reduce((sum, shard) => sum + (this.counts[shard][first + index] ?? 0), 0),
    );
  }

  /** Answers of these shards per second. */
  rate(shards, from, to) {
    const buckets = this.buckets(shards, from, to);
    return buckets.reduce((sum, count) => sum + count, 0) / ((buckets.length * BUCKET_MS) / 1000);
  }

  async stop() {
    this.stopped = true;
    await Promise.all(this.loops);
  }
}

/** A tag of a shard's slots. */
async function keyOf(shard, primaries) {
  const ranges = await primaries[shard].ranges();
  for (let candidate = 0; ; candidate++) {
    const slot = Number(await primaries[0].ask("CLUSTER", "KEYSLOT", `${candidate}`));
    if (ranges.some(([first, last]) => first <= slot && slot <= last)) return `${candidate}`;
  }
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(0)} %`.padStart(6);
}

const { values: options } = parseArgs({
  options: { client: { type: "string" }, rounds: { type: "string" }, by: { type: "string", default: "kill" } },
});
const stops = options.by === "stop";
const { connect } = await import(`./peers/cluster/${options.client ?? "s3-valkey"}.mjs`);
const rounds = Number(options.rounds ?? 3);

const cluster = await startCluster({ primaries: SHARDS, replicas: 1 });
try {
  console.log("others   worst (before)  back ms  rejected");
  for (let round = 0; round < rounds; round++) {
    const { others, worst, before, back, rejected } = await failOver(round % SHARDS);
    const errors = [...rejected].map(([code, count]) => `${count} ${code}`).join(", ") || "none";
    console.log(`${percent(others)}  ${percent(worst)} (${percent(before)})  ${back.toFixed(0).padStart(7)}  ${errors}`);
  }
} finally {
  await cluster.stop();
}
process.exit(0);
