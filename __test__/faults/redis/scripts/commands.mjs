// Issues many commands and tells by how much the heap and the process have grown, in bytes.
//
//   node --expose-gc commands.mjs [COUNT [URL [CA]]]     ten million commands on a server of its own by default
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { startRedis } from "../../../../dev/servers.mjs";

const BURST = 1000;
/** After so many the pools and spaces that last have their size. */
const WARM_UP = 500_000;

const [count = "10000000", given, ca] = process.argv.slice(2);
const { RedisClient } = createRequire(import.meta.url)("../../../../index.js");
const server = given === undefined ? await startRedis() : undefined;
const client = new RedisClient(given ?? server.url, ca === undefined ? {} : { tls: { ca: readFileSync(ca, "utf8") } });

/** The replies take every way to JavaScript: numbers, strings short and long, bytes, lists, maps, errors, nothing. */
const COMMANDS = [
  () => client.incr("counter"),
  () => client.get("short"),
  () => client.getBuffer("short"),
  () => client.get("nothing"),
  () => client.set("short", "value"),
  () => client.mget("short", "nothing", "short"),
  () => client.hgetall("hash"),
  () => client.get("hash").catch(() => {}),
];

await client.set("long", "x".repeat(200_000));
await client.hset("hash", { a: "1", b: "2" });

async function run(commands) {
  for (let done = 0; done < commands; done += BURST) {
    const burst = Array.from({ length: BURST - 1 }, (_, index) => COMMANDS[index % COMMANDS.length]());
    burst.push(client.get("long"));
    await Promise.all(burst);
  }
}

async function memory() {
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await new Promise(setImmediate);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed, external, rss };
}

await run(WARM_UP);
const before = await memory();
await run(Number(count));
const after = await memory();
const grown = Object.fromEntries(Object.keys(after).map((what) => [what, after[what] - before[what]]));
console.log(JSON.stringify({ commands: Number(count), ...grown }));
client.close();
await server?.stop();
