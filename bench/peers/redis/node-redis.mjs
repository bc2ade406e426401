import { createClient } from "redis";

/** Without `commandOptions.timeout`, which by default costs one AbortSignal per command. */
export function connect(url) {
  return connectWith({ url, commandOptions: { timeout: undefined } });
}

export async function connectWith(options) {
  const client = createClient(options);
  // node-redis crashes the process on a connection error that nobody listens to; commands report it anyway.
  client.on("error", () => {});
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mGet(keys),
    hgetall: (key) => client.hGetAll(key),
    lrange: (key, start, stop) => client.lRange(key, start, stop),
    transaction: (pairs) => {
      const transaction = client.multi();
      for (const [key, value] of pairs) transaction.set(key, value).get(key);
      return transaction.exec();
    },
    close: () => client.close(),
  };
}
