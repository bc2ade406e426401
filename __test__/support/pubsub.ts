/** A server with two clients of it, new ones for each test. */
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";
import { RedisClient } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";

export interface Pair {
  server: Awaited<ReturnType<typeof startRedis>>;
  publisher: RedisClient;
  subscriber: RedisClient;
}

export function usePair(): Pair {
  const pair = {} as Pair;
  beforeAll(async () => {
    pair.server = await startRedis();
  });
  beforeEach(() => {
    pair.publisher = new RedisClient(pair.server.url);
    pair.subscriber = new RedisClient(pair.server.url);
  });
  afterEach(() => {
    pair.publisher.close();
    pair.subscriber.close();
  });
  afterAll(async () => {
    await pair.server?.stop();
  });
  return pair;
}
