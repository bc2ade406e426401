/** What the tests of transactions and pipelines begin with. */
import { expect, onTestFinished } from "vitest";
import { RedisClient, type RedisOptions } from "../../index.js";
import { useRedis } from "./redis.js";
import { type Answer, type Scripted, startScripted } from "./scripted.js";
import { GREETING } from "./transports.js";

/** A server for the file, and connected clients that are closed behind each test. */
export function useBuilders() {
  const redis = useRedis();

  async function connect(options?: RedisOptions, url = redis.url) {
    const client = redis.keep(new RedisClient(url, options));
    await client.connect();
    return client;
  }

  /** A client of a server that greets, and answers everything else as the test says. */
  async function scripted(options: RedisOptions, reply: (command: string, args: string[], server: Scripted) => Answer) {
    const server: Scripted = await startScripted((command, args) =>
      command === "HELLO" ? GREETING : reply(command, args, server),
    );
    onTestFinished(() => server.stop());
    return connect(options, `redis://127.0.0.1:${server.port}`);
  }

  return { redis, connect, scripted };
}

/** What a promise is rejected with. */
export const failure = (promise: Promise<unknown>) => promise.then(() => expect.unreachable(), (error) => error);
