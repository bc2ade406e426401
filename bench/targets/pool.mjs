import { Redis } from "ioredis";
import { seedLarge } from "../cases/pool.mjs";
import { startTarget as startRedis } from "./redis.mjs";

/** As for one connection, with large values besides. */
export async function startTarget(options) {
  const target = await startRedis(options);
  const client = new Redis(target.connection);
  try {
    await seedLarge(client);
  } catch (error) {
    await target.stop();
    throw error;
  } finally {
    client.disconnect();
  }
  return target;
}
