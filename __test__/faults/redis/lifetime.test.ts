/** Ends of threads and processes with work on its way, listeners that throw, and clients that nobody holds. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RedisClient } from "../../../index.js";
import { seeds } from "../../support/seeded.js";
import { TRANSPORTS, useTransport } from "../../support/transports.js";

const run = promisify(execFile);
const entry = createRequire(import.meta.url).resolve("../../../index.js");
const workers = join(import.meta.dirname, "scripts", "workers.mjs");
/** Workers that are started and ended; more by hand: `node __test__/faults/redis/scripts/workers.mjs`. */
const WORKERS = { plain: 72, TLS: 36 };

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);
  const server = lab.useServer();

  /** Runs a script that finds `client` connected; resolves with what it prints. */
  async function script(body: string) {
    const { url, options } = lab.address(server.port);
    const source = `const { RedisClient } = require(${JSON.stringify(entry)});
      const client = new RedisClient(${JSON.stringify(url)}, ${JSON.stringify(options)});
      client.connect().then(async () => { ${body} });`;
    return run(process.execPath, ["--expose-gc", "-e", source], { timeout: 15_000 });
  }

  it.each(seeds(0))("workers may be ended at any moment (seed %i)", { timeout: 60_000 }, async (seed) => {
    const { url } = lab.address(server.port);
    const ca = transport === "TLS" ? [lab.path("ca.crt")] : [];
    const { stdout } = await run(process.execPath, [workers, `${WORKERS[transport]}`, `${seed}`, url, ...ca]);
    expect(stdout).toBe("all ended\n");
  });

  it.each([
    ["commands in flight", `for (let index = 0; index < 5000; index++) client.send("BLPOP", ["none", 0]).catch(() => {});`],
    ["commands that are not sent yet", `client.set("a", "1");`],
    ["a value on its way out", `client.set("a", "x".repeat(20_000_000)); await null;`],
    ["a value on its way in", `await client.set("a", "x".repeat(5_000_000)); client.get("a"); await new Promise(setImmediate);`],
    ["replies to read", `for (let index = 0; index < 5000; index++) client.incr("n"); const end = Date.now() + 20;
      setImmediate(() => { while (Date.now() < end); process.exit(0); }); return;`],
    ["a subscription", `await client.subscribe("news", () => {});`],
    ["a connection in the making", `client.close(); client.connect().catch(() => {});`],
  ])("process.exit with %s", async (_, body) => {
    const { stderr } = await script(`${body}; process.exit(0);`);
    expect(stderr).toBe("");
  });

  it("a process ends by itself when all work is done, and not before", async () => {
    const { stdout } = await script(`
      const answers = Array.from({ length: 2000 }, (_, index) => client.send("ECHO", [String(index)]));
      console.log((await Promise.all(answers)).every((answer, index) => answer === String(index)));`);
    expect(stdout).toBe("true\n");
  });

  it("what listeners throw is uncaught, and stops nothing else", async () => {
    const { stdout } = await script(`
      const caught = [];
      process.on("uncaughtException", (error) => caught.push(error.message));
      const publisher = await client.duplicate();
      const received = [];
      await client.subscribe("news", (message) => { received.push(message); throw new Error("first " + message); });
      await client.subscribe("news", (message) => { throw new Error("second " + message); });
      await Promise.all(["1", "2"].map((message) => publisher.publish("news", message)));
      while (received.length < 2) await new Promise(setImmediate);
      client.onclose = () => { throw new Error("onclose"); };
      client.close();
      publisher.onconnect = () => { throw new Error("onconnect"); };
      publisher.close();
      await publisher.connect();
      console.log(await publisher.ping());
      await new Promise(setImmediate);
      console.log(caught.sort().join());
      process.exit();`);
    expect(stdout).toBe("PONG\nfirst 1,first 2,onclose,onconnect,second 1,second 2\n");
  });

  it("rejections that nobody handles end the process with their error", async () => {
    const failed = script(`client.send("NOSUCHCOMMAND", []);`);
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("unknown command") });
  });

  it("clients are collected when they are closed, or were never used", async () => {
    const { url, options } = lab.address(server.port);
    const make = async (index: number) => {
      const client = new RedisClient(url, options);
      if (index % 2 === 0) {
        await Promise.all([client.ping(), client.send("ECHO", ["x".repeat(200_000)])]);
        client.close();
      }
      return new WeakRef(client);
    };
    const references: WeakRef<RedisClient>[] = [];
    for (let index = 0; index < 20; index++) references.push(await make(index));
    await expect.poll(() => collected(references), { timeout: 10_000 }).toBe(20);
  });

  it("a client that nobody holds answers what it was asked", async () => {
    const { url, options } = lab.address(server.port);
    const answer = (() => new RedisClient(url, options).send("BLPOP", ["none", "0.2"]))();
    for (let round = 0; round < 5; round++) await collect();
    expect(await answer).toBeNull();
  });
});

async function collect() {
  await turn();
  (globalThis as unknown as { gc(): void }).gc();
}

/** How many of them are gone, after one more collection. */
async function collected(references: WeakRef<object>[]) {
  await collect();
  return references.filter((reference) => reference.deref() === undefined).length;
}
