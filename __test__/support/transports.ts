/**
 * What tests of faults need, for both ways in which a connection is read: a plain one on JavaScript's thread, one
 * with TLS by its driver.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll } from "vitest";
import { RedisClient } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { makeCertificates } from "./certificates.js";
import { startProxy, type Proxy } from "./proxy.js";
import { startScripted, type Scripted, type ScriptedOptions } from "./scripted.js";

export const TRANSPORTS = ["plain", "TLS"] as const;
export type Transport = (typeof TRANSPORTS)[number];
export type Options = NonNullable<ConstructorParameters<typeof RedisClient>[1]>;
export type Server = Awaited<ReturnType<typeof startRedis>>;

/** A greeting that accepts RESP3. */
export const GREETING = "%1\r\n$5\r\nproto\r\n:3\r\n";

/** Servers and clients of one transport; what a test has opened is closed behind it. */
export function useTransport(transport: Transport) {
  const clients: RedisClient[] = [];
  const peers: (Scripted | Proxy)[] = [];
  const servers: Server[] = [];
  let folder = "";
  const path = (name: string) => join(folder, name);

  beforeAll(() => {
    if (transport === "plain") return;
    folder = mkdtempSync(join(tmpdir(), "s3-valkey-faults-"));
    makeCertificates(folder);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await Promise.all(peers.splice(0).map((peer) => peer.stop()));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    if (folder !== "") rmSync(folder, { recursive: true, force: true });
  });

  /** Where a client finds a server, and with which options. */
  function address(port: number): { url: string; options: Options } {
    if (transport === "plain") return { url: `redis://localhost:${port}`, options: {} };
    return { url: `rediss://localhost:${port}`, options: { tls: { ca: readFileSync(path("ca.crt"), "utf8") } } };
  }

  return {
    path,
    address,
    connect(port: number, options: Options & { database?: number } = {}): RedisClient {
      const { database = "", ...rest } = options;
      const { url, options: own } = address(port);
      const client = new RedisClient(`${url}/${database}`, { ...own, ...rest });
      clients.push(client);
      return client;
    },
    async script(reply: Parameters<typeof startScripted>[0], options: Omit<ScriptedOptions, "tls"> = {}) {
      const identity = () => ({ cert: readFileSync(path("server.crt")), key: readFileSync(path("server.key")) });
      const peer = await startScripted(reply, transport === "plain" ? options : { ...options, tls: identity() });
      peers.push(peer);
      return peer;
    },
    async proxy(target: number) {
      const proxy = await startProxy(target);
      peers.push(proxy);
      return proxy;
    },
    /** A server that lasts until the end of the file. */
    async redis(config: string[] = []) {
      const tls = transport === "plain" ? {} : { tls: { cert: path("server.crt"), key: path("server.key") } };
      const server = await startRedis({ config, ...tls });
      servers.push(server);
      return server;
    },
  };
}

/** The promise's end, which must come. */
export async function outcome<T>(promise: Promise<T>): Promise<{ value: T } | { error: any }> {
  return promise.then(
    (value) => ({ value }),
    (error) => ({ error }),
  );
}
