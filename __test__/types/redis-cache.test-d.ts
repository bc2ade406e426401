/** The client-side cache. */
import { RedisClient, type RedisCache, type RedisCacheStats } from "../../index.js";

const client = new RedisClient("redis://h", {
  clientCache: { maxBytes: 1, ttl: 1, broadcast: ["user:", new Uint8Array()] },
});
new RedisClient({ clientCache: true });
const cache: RedisCache | null = client.cache;
const stats: RedisCacheStats | undefined = client.cache?.stats;
client.cache?.clear();
// @ts-expect-error misspelled
new RedisClient({ clientCache: { maxbytes: 1 } });
// @ts-expect-error it cannot be replaced
client.cache = null;

export { cache, stats };
