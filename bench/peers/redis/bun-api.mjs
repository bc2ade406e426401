/** Bun's own client and this package have the same API. */
export async function connectWith(RedisClient, url) {
  const client = new RedisClient(url);
  await client.connect();
  return {
    client,
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    mget: (keys) => client.mget(...keys),
    hgetall: (key) => client.hgetall(key),
    lrange: (key, start, stop) => client.lrange(key, start, stop),
    close: () => client.close(),
  };
}
