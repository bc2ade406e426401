import { createRequire } from "node:module";

const { RedisCluster } = createRequire(import.meta.url)("../../../index.js");

export async function connect({ nodes }) {
  const client = new RedisCluster(nodes);
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    close: () => client.close(),
  };
}
