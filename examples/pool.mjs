// Commands that block, a connection of one's own, and a pool. REDIS_URL names the server, which should be an empty one:
// node examples/pool.mjs
import { RedisClient, RedisError, RedisPool } from "../index.js";

const client = new RedisClient(undefined, { maxBlockingConnections: 2 });

// A command that blocks holds nobody up: it has a connection of its own.
const job = client.blpop("jobs", 0);
console.log("meanwhile:", await client.ping());
await client.rpush("jobs", "sweep the floor");
console.log("job:", (await job)?.[1]);

// One that is given up takes nothing that comes later.
const controller = new AbortController();
const waiting = client.with({ signal: controller.signal }).blpop("jobs", 0);
controller.abort(new Error("closing time"));
await waiting.catch((error) => console.log("given up:", error.message));
await client.rpush("jobs", "lock the door");
console.log("left:", await client.lrange("jobs", 0, -1));

// A connection of one's own, for what must not be mixed with others' commands. Where the language has it:
// await using connection = await client.acquire();
const connection = await client.acquire({ timeout: 1000 });
await connection.subscribe("news", (message) => console.log("news:", message));
await client.publish("news", "the floor is clean");
await connection.ping();
connection.release();
client.close();

// A pool: each command goes to the connection with the least to do.
const pool = new RedisPool(undefined, { min: 1, max: 3, acquireTimeout: 50 });
const counts = await Promise.all(Array.from({ length: 100 }, () => pool.incr("visits")));
console.log("visits:", Math.max(...counts));

// One connection is always left for commands, so two can be leased.
const leases = [await pool.acquire(), await pool.acquire()];
try {
  await pool.acquire();
} catch (error) {
  if (error instanceof RedisError) console.log("no third:", error.code);
}
for (const lease of leases) lease.release();
console.log("in use:", pool.metrics.inUse, "of", pool.metrics.total);

await pool.del("visits", "jobs");
await pool.drain();
pool.close();

// Prints:
// meanwhile: PONG
// job: sweep the floor
// given up: closing time
// left: [ 'lock the door' ]
// news: the floor is clean
// visits: 100
// no third: ERR_REDIS_POOL_TIMEOUT
// in use: 0 of 3
