import { Redis } from "ioredis";
import { seed } from "../cases/redis.mjs";
import { startRedis } from "../servers.mjs";

/** A Redis server of our own, or the one at `--url`, holding what the cases read. */
export async function startTarget({ url }) {
  const server = url ? { url, stop: async () => {} } : await startRedis();
  const client = new Redis(server.url);
  try {
    await seed(client);
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    client.disconnect();
  }
  return { connection: server.url, stop: server.stop };
}
