/** Clusters in worker threads that end while there is work, and processes that end by themselves. */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { KEYS, useCluster } from "../../support/cluster.js";

const lab = useCluster({ replicas: 1 });
const run = promisify(execFile);
const entry = createRequire(import.meta.url).resolve("../../../index.js");

/** A program with a client of the cluster. */
function program(body: string) {
  return `const { RedisCluster } = require(${JSON.stringify(entry)});
    const client = new RedisCluster(${JSON.stringify(lab.seeds)}, { readFrom: "preferReplica" });
    (async () => { ${body} })();`;
}

describe("worker threads", () => {
  it("work like the main thread", async () => {
    const worker = new Worker(
      program(`
        await client.mset(...${JSON.stringify(KEYS.flatMap((key) => [`worker:${key}`, key]))});
        const values = await client.mget(...${JSON.stringify(KEYS.map((key) => `worker:${key}`))});
        require("node:worker_threads").parentPort.postMessage(values);
        client.close();`),
      { eval: true },
    );
    const exit = new Promise((resolve) => worker.once("exit", resolve));
    const values = await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
    expect(values).toEqual([...KEYS]);
    expect(await exit).toBe(0);
  });

  it("may end at any moment, and leave no connection behind", { timeout: 60_000 }, async () => {
    const before = await connections();
    for (let round = 0; round < 24; round++) {
      const worker = new Worker(
        program(`
          const loop = async (key) => { for (;;) await Promise.all([client.incr(key), client.get(key)]); };
          const { parentPort } = require("node:worker_threads");
          if (${round} % 3 === 0) parentPort.postMessage("before the first answer");
          for (let caller = 0; caller < 50; caller++) loop("worker:" + caller).catch(() => {});
          await client.ssubscribe("{foo}worker", () => {});
          parentPort.postMessage("at work");`),
        { eval: true },
      );
      await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
      await worker.terminate();
    }
    await expect.poll(connections, { timeout: 10_000 }).toBe(before);
  });
});

describe("a process", () => {
  it("ends by itself when its work is done", async () => {
    const { stdout } = await run(process.execPath, ["-e", program(`console.log(await client.set("foo", "1"));`)], { timeout: 15_000 });
    expect(stdout).toBe("OK\n");
  });

  it("may exit with work on its way", async () => {
    const body = `for (let index = 0; index < 5000; index++) client.incr("n:" + index).catch(() => {}); await client.get("foo"); process.exit(0);`;
    const { stderr } = await run(process.execPath, ["-e", program(body)], { timeout: 15_000 });
    expect(stderr).toBe("");
  });
});

/** How many clients all nodes have, those of the rig's own question aside. */
async function connections() {
  const lists = await Promise.all(lab.cluster.nodes.map((node) => node.ask("CLIENT", "LIST", "TYPE", "normal")));
  const subscribers = await Promise.all(lab.cluster.nodes.map((node) => node.ask("CLIENT", "LIST", "TYPE", "pubsub")));
  return [...lists, ...subscribers].join("").split("\n").filter((line) => line.includes("id=")).length;
}
