/** Connections of one's own, and pools. */
import { RedisClient, RedisPool, type RedisLease, type RedisPoolMetrics } from "../../index.js";

declare const client: RedisClient;
declare const signal: AbortSignal;

const lease: Promise<RedisLease> = client.acquire({ timeout: 1, signal });
// @ts-expect-error misspelled
client.acquire({ timeuot: 1 });

async function leased(): Promise<string | null> {
  await using connection = await client.acquire();
  const other: RedisClient = connection;
  other.unref();
  return connection.get("key");
}

async function released() {
  using connection = await client.acquire();
  await connection.ping();
  connection.release();
}

const pool = new RedisPool("redis://h", { min: 1, max: 2, idleTimeout: 3, acquireTimeout: 4, maxWaiting: 5, keyPrefix: "a:" });
new RedisPool({ url: "redis://h", max: 2 });
const metrics: RedisPoolMetrics = pool.metrics;
const twin: Promise<RedisPool> = pool.duplicate();
const value: Promise<string | null> = pool.get("key");
const own: Promise<RedisLease> = pool.acquire();
// @ts-expect-error a pool tells what it has
pool.metrics = metrics;
// @ts-expect-error a pool has bounds of its own
new RedisPool("redis://h", { maxBlockingConnections: 5 });
// @ts-expect-error a client is no pool
new RedisClient("redis://h", { max: 5 });

export { lease, leased, released, twin, value, own };
