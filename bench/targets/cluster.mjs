import { Cluster, Redis } from "ioredis";
import { seedKeys } from "../cases/redis.mjs";
import { startCluster } from "../../dev/cluster.mjs";
import { startRedis } from "../servers.mjs";

/** Three primaries and a server alone, holding what the cases read. */
export async function startTarget() {
  const cluster = await startCluster({ primaries: 3 });
  const single = await startRedis().catch(async (error) => {
    await cluster.stop();
    throw error;
  });
  const stop = async () => {
    await cluster.stop();
    await single.stop();
  };
  const clients = [new Cluster(cluster.urls), new Redis(single.url)];
  try {
    await Promise.all(clients.map(seedKeys));
  } catch (error) {
    await stop();
    throw error;
  } finally {
    for (const client of clients) client.disconnect();
  }
  return { connection: { nodes: cluster.urls, single: single.url }, stop };
}
