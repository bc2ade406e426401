// Starts workers that work with the server and ends them at random moments; fails by a crash, by a worker that does
// not end, or by a connection that is left behind.
//
//   node workers.mjs COUNT SEED URL [CA]
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

const AT_ONCE = 6;
const entry = createRequire(import.meta.url).resolve("../../../../index.js");
const [count, seed, url, ca] = process.argv.slice(2);
const options = ca === undefined ? {} : { tls: { ca: readFileSync(ca, "utf8") } };

/** What a worker does until it is ended; `run` is given the package. */
const DEEDS = {
  floods({ RedisClient }, url, options) {
    const client = new RedisClient(url, options);
    const flood = () => {
      for (let index = 0; index < 300; index++) client.send("ECHO", [`${index}`]).catch(() => {});
      client.send("ECHO", ["x".repeat(300_000)]).then(flood, () => {});
    };
    flood();
  },
  waits({ RedisClient }, url, options) {
    const client = new RedisClient(url, options);
    for (let index = 0; index < 1000; index++) client.send("BLPOP", ["nothing", "0"]).catch(() => {});
  },
  listens({ RedisClient }, url, options) {
    const [client, publisher] = [new RedisClient(url, options), new RedisClient(url, options)];
    process.on("uncaughtException", () => {});
    const publish = () => publisher.publish("news", "x").then(publish, () => {});
    client.subscribe("news", () => {
      throw new Error("a listener that throws");
    }).then(publish, () => {});
  },
  reconnects({ RedisClient }, url, options) {
    const again = () => {
      const client = new RedisClient(url, options);
      client.ping().then(() => {
        client.ping().catch(() => {});
        client.close();
        again();
      }, () => {});
    };
    again();
  },
  isBusy({ RedisClient }, url, options) {
    const client = new RedisClient(url, options);
    client.connect().then(() => {
      for (let index = 0; index < 1000; index++) client.incr("busy").catch(() => {});
      setImmediate(() => {
        for (;;);
      });
    }, () => {});
  },
  exits({ RedisClient }, url, options) {
    const client = new RedisClient(url, options);
    let answers = 0;
    const ask = () => {
      for (let index = 0; index < 50; index++) client.incr("exits").catch(() => {});
      client.get("exits").then(() => (++answers === 3 ? process.exit() : ask()), () => {});
    };
    ask();
  },
};

let state = Number(seed) >>> 0;
function random(below) {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}

async function one() {
  const deed = Object.keys(DEEDS)[random(Object.keys(DEEDS).length)];
  const source = `const { workerData, parentPort } = require("node:worker_threads");
    ({ ${DEEDS[deed]} }).${deed}(require(workerData.entry), workerData.url, workerData.options);
    parentPort.postMessage("begun");`;
  const worker = new Worker(source, { eval: true, workerData: { entry, url, options } });
  const ended = new Promise((resolve) => worker.once("exit", resolve));
  // From before the addon is loaded to the middle of the work.
  if (random(3) > 0) await Promise.race([once(worker, "message"), ended]);
  await new Promise((resolve) => setTimeout(resolve, random(60)));
  await worker.terminate();
  await ended;
}

const { RedisClient } = createRequire(import.meta.url)(entry);
const client = new RedisClient(url, options);
const clients = async () => Number(/connected_clients:(\d+)/.exec(await client.info("clients"))[1]);
const before = await clients();
for (let started = 0; started < Number(count); started += AT_ONCE) {
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  await client.incr("rounds");
}
for (let left = Infinity; left > before; left = await clients());
console.log("all ended");
