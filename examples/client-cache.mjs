// Reads that are answered from memory. REDIS_URL names the server: node examples/client-cache.mjs
import { setImmediate as turn } from "node:timers/promises";
import { RedisClient } from "../index.js";

const client = new RedisClient(undefined, { clientCache: { maxBytes: 1024 * 1024, ttl: 60_000 } });
const other = new RedisClient();
const cache = /** @type {import("../index.js").RedisCache} */ (client.cache);

await other.hset("example:settings", { color: "red", size: "small" });
for (let times = 0; times < 100; times++) await client.hgetall("example:settings");
console.log(cache.stats.misses, "read asked the server,", cache.stats.hits, "did not");

// The server tells when somebody else changes the key, a moment later.
await other.hset("example:settings", { color: "green" });
while (cache.stats.invalidations === 0) await turn();
console.log("now it is", (await client.hgetall("example:settings")).color);

// What the client writes itself it reads at once.
client.hset("example:settings", { color: "blue" });
console.log("now it is", (await client.hgetall("example:settings")).color);

await client.del("example:settings");
client.close();
other.close();

// Prints:
// 1 read asked the server, 99 did not
// now it is green
// now it is blue
