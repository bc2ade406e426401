import { Batch, GlideClient } from "@valkey/valkey-glide";

/** Its default limits (1,000 in flight, 250 ms) would reject commands in the larger cases. */
export async function connect(url) {
  const { hostname, port } = new URL(url);
  const client = await GlideClient.createClient({
    addresses: [{ host: hostname, port: Number(port) }],
    inflightRequestsLimit: 1_000_000,
    requestTimeout: 20_000,
  });
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mget(keys),
    // Other clients answer with an object; a user of glide has to make one from its list of pairs.
    hgetall: async (key) => Object.fromEntries((await client.hgetall(key)).map(({ field, value }) => [field, value])),
    lrange: (key, start, stop) => client.lrange(key, start, stop),
    transaction: (pairs) => {
      const transaction = new Batch(true);
      for (const [key, value] of pairs) transaction.set(key, value).get(key);
      return client.exec(transaction, true);
    },
    close: () => client.close(),
  };
}
