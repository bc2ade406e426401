/** Our client can stand wherever Bun's is expected. */
import type { RedisClient as BunRedisClient } from "bun";
import { RedisClient as Client, type RedisClient } from "../../index.js";

declare const ours: RedisClient;
export const bun: BunRedisClient = ours;

export const clients = [
  new Client("redis://localhost", { keepAlive: false, deadPeerTimeout: 0, name: "worker", library: true, debug: true }),
  new Client("redis://localhost", { keepAlive: 1000, library: { version: "2" } }),
  new Client("redis://localhost", { credentials: () => ({ password: "now" }) }),
  new Client("redis://localhost", { credentials: async () => ({ username: "later", password: "token" }) }),
];
// @ts-expect-error a number is no password
new Client("redis://localhost", { credentials: () => ({ password: 1 }) });
