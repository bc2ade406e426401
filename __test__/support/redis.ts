/** A server for the tests of one file, and clients that are closed behind each of them. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useClients } from "./clients.js";

/** Starts the server, which is emptied behind each test. */
export function useRedis() {
  let server: Awaited<ReturnType<typeof startRedis>>;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    const client = new RedisClient(server.url);
    await client.flushall();
    client.close();
  });
  afterAll(async () => {
    await server?.stop();
  });

  const { keep } = useClients();
  return {
    get url() {
      return server.url;
    },
    keep,
    connect: (options?: RedisOptions) => keep(new RedisClient(server.url, options)),
  };
}
