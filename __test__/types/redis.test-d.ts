/** Our client can stand wherever Bun's is expected. */
import type { RedisClient as BunRedisClient } from "bun";
import type { RedisClient } from "../../index.js";

declare const ours: RedisClient;
export const bun: BunRedisClient = ours;
