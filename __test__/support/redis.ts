/** A server for the tests of one file, and clients that are closed behind each of them. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";

/** Starts the server, which is emptied behind each test. */
export function useRedis() {
  let server: Awaited<ReturnType<typeof startRedis>>;
  const clients: RedisClient[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    const client = new RedisClient(server.url);
    await client.flushall();
    client.close();
  });
  afterAll(async () => {
    await server?.stop();
  });

  /** Closes a client behind the test. */
  const keep = (client: RedisClient) => {
    clients.push(client);
    return client;
  };
  return {
    get url() {
      return server.url;
    },
    keep,
    connect: (options?: RedisOptions) => keep(new RedisClient(server.url, options)),
  };
}
