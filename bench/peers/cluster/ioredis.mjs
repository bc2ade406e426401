import { Cluster } from "ioredis";

export async function connect({ nodes }) {
  const client = new Cluster(nodes, { lazyConnect: true });
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    close: () => client.quit(),
  };
}
