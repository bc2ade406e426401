/** Steps of which half would show: two keys that are always counted together. */
import { expect } from "vitest";
import type { RedisClient, RedisCluster } from "../../index.js";
import { outcome } from "./transports.js";

/** What a caller is told whose connection was lost; then nobody knows whether the step was made. */
export const LOST = "ERR_REDIS_CONNECTION_CLOSED";

/** Two keys, and what was told about the steps of both. */
export class Twins {
  acknowledged = 0;
  unknown = 0;
  /** What no caller may be told. */
  readonly wrong: unknown[] = [];

  constructor(readonly keys: [string, string]) {}

  /** Adds one to both in a transaction that watches them. */
  step(client: RedisClient | RedisCluster) {
    const [one, other] = this.keys;
    return client.watch(
      this.keys,
      async (tx) => {
        const [first, second] = await tx.mget(one, other);
        if (first !== second) throw new Error(`half of a step: ${first} and ${second}`);
        const next = `${Number(first) + 1}`;
        return tx.multi().set(one, next).set(other, next).exec({ throwOnError: true });
      },
      { retries: Infinity },
    );
  }

  /** Waits for the end of a step. */
  async note(step: Promise<unknown>) {
    const ended = await outcome(step);
    if ("value" in ended) this.acknowledged++;
    else if (ended.error.code === LOST) this.unknown++;
    else this.wrong.push(ended.error);
  }

  /** Both count the same, and as often as was told. */
  async check(direct: RedisClient | RedisCluster) {
    expect(this.wrong).toEqual([]);
    const [first, second] = await direct.mget(...this.keys);
    expect(first).toBe(second);
    expect(Number(first)).toBeGreaterThanOrEqual(this.acknowledged);
    expect(Number(first)).toBeLessThanOrEqual(this.acknowledged + this.unknown);
  }
}
