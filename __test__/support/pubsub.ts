/** A server with two clients of it, new ones for each test. */
import { afterEach, beforeEach } from "vitest";
import { RedisClient } from "../../index.js";
import { type Server, useServer } from "./redis.js";

export interface Pair {
  server: Server;
  publisher: RedisClient;
  subscriber: RedisClient;
}

export function usePair(): Pair {
  const server = useServer();
  const pair = { server } as Pair;
  beforeEach(() => {
    pair.publisher = new RedisClient(pair.server.url);
    pair.subscriber = new RedisClient(pair.server.url);
  });
  afterEach(() => {
    pair.publisher.close();
    pair.subscriber.close();
  });
  return pair;
}
