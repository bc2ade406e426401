import { connectWith } from "../redis/node-redis.mjs";

export function connect(url) {
  return connectWith({ url, RESP: 3, clientSideCache: { ttl: 0, maxEntries: 0 }, commandOptions: { timeout: undefined } });
}
