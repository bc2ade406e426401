/**
 * What tests of faults need, for both ways in which a connection is read: a plain one on JavaScript's thread, one
 * with TLS by its driver.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { makeCertificates } from "./certificates.js";
import { useClients } from "./clients.js";
import { startProxy } from "./proxy.js";
import type { Server } from "./redis.js";
import type { startScripted, ScriptedOptions } from "./scripted.js";

export const TRANSPORTS = ["plain", "TLS"] as const;
export type Transport = (typeof TRANSPORTS)[number];
export type Options = RedisOptions;

/** A greeting that accepts RESP3. */
export const GREETING = "%1\r\n$5\r\nproto\r\n:3\r\n";

/** Servers and clients of one transport; what a test has opened is closed behind it. */
export function useTransport(transport: Transport) {
  const { keep, keepPeer, script } = useClients();
  const servers: Server[] = [];
  let folder = "";
  const path = (name: string) => join(folder, name);

  beforeAll(() => {
    if (transport === "plain") return;
    folder = mkdtempSync(join(tmpdir(), "s3-valkey-faults-"));
    makeCertificates(folder);
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

  /** A server that lasts until the end of the file. */
  async function redis(config: string[] = []) {
    const tls = transport === "plain" ? {} : { tls: { cert: path("server.crt"), key: path("server.key") } };
    const server = await startRedis({ config, ...tls });
    servers.push(server);
    return server;
  }

  return {
    path,
    address,
    connect(port: number, options: Options & { database?: number } = {}): RedisClient {
      const { database = "", ...rest } = options;
      const { url, options: own } = address(port);
      return keep(new RedisClient(`${url}/${database}`, { ...own, ...rest }));
    },
    script(reply: Parameters<typeof startScripted>[0], options: Omit<ScriptedOptions, "tls"> = {}) {
      const identity = () => ({ cert: readFileSync(path("server.crt")), key: readFileSync(path("server.key")) });
      return script(reply, transport === "plain" ? options : { ...options, tls: identity() });
    },
    async proxy(target: number) {
      return keepPeer(await startProxy(target));
    },
    redis,
    /** One that all tests share. */
    useServer(): Server {
      const server = {} as Server;
      beforeAll(async () => {
        Object.assign(server, await redis());
      });
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
