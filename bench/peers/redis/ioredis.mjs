import { Redis } from "ioredis";

export async function connect(url) {
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mget(keys),
    hgetall: (key) => client.hgetall(key),
    lrange: (key, start, stop) => client.lrange(key, start, stop),
    transaction: async (pairs) => {
      const transaction = client.multi();
      for (const [key, value] of pairs) transaction.set(key, value).get(key);
      const results = await transaction.exec();
      return results.map(([error, reply]) => error ?? reply);
    },
    close: () => client.quit(),
  };
}
