/** Servers for the tests of one file, and clients that are closed behind each of them. */
import { afterAll, afterEach, beforeAll } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useClients } from "./clients.js";

export type Server = Awaited<ReturnType<typeof startRedis>>;

/** A server from `beforeAll` to `afterAll`. Called first, it is there for the hooks that follow. */
export function useServer(options?: Parameters<typeof startRedis>[0]): Server {
  const server = {} as Server;
  beforeAll(async () => {
    Object.assign(server, await startRedis(options));
  });
  afterAll(async () => {
    await server.stop?.();
  });
  return server;
}

/** The same with clients; the server is emptied behind each test. */
export function useRedis() {
  const server = useServer();
  afterEach(async () => {
    const client = new RedisClient(server.url);
    await client.flushall();
    client.close();
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
