// Moves money between accounts. REDIS_URL names the server, which should be an empty one:
// node examples/transactions.mjs
import { RedisBatchError, RedisClient, RedisError, RedisWatchError } from "../index.js";

const client = new RedisClient();

// Either both commands are executed or none, and nobody sees a state in between.
const [ada, grace] = await client.multi().incrby("account:ada", 100).incrby("account:grace", 50).exec();
console.log("Ada has", ada, "and Grace has", grace);

/**
 * What is read must still hold when it is written.
 * @param {string} from
 * @param {string} to
 * @param {number} amount
 */
async function transfer(from, to, amount) {
  return client.watch([from, to], async (tx) => {
    if (Number(await tx.get(from)) < amount) throw new Error("not enough");
    return tx.multi().decrby(from, amount).incrby(to, amount).exec({ throwOnError: true });
  });
}

// Ten at once: each sees what the others have left.
const transfers = Array.from({ length: 10 }, () => transfer("account:ada", "account:grace", 30));
const results = await Promise.allSettled(transfers);
console.log(results.filter(({ status }) => status === "fulfilled").length, "of 10 transfers had enough");
console.log("in the end", await client.mget("account:ada", "account:grace"));

// A conflict that does not end is an error.
try {
  await client.watch("account:ada", async (tx) => {
    await client.incr("account:ada");
    return tx.multi().set("account:ada", "0").exec();
  }, { retries: 2 });
} catch (error) {
  if (error instanceof RedisWatchError) console.log("gave up:", error.code);
}

// What the server refuses, it refuses as a whole, and tells why.
try {
  await client.multi().set("account:ada", "0").send("INCRBY", ["account:ada"]).exec();
} catch (error) {
  if (!(error instanceof RedisBatchError)) throw error;
  for (const { command, message } of error.errors) console.log(command, "was refused:", message);
}

// Commands that have nothing to do with each other have results of their own.
/** @type {import("../index.js").RedisPipeline<string, unknown[]>} */
const pipeline = client.pipeline();
for (const name of ["ada", "grace", "nobody"]) pipeline.get(`account:${name}`);
const each = await pipeline.lpush("account:ada", "text").exec();
console.log(each.map((result) => (result instanceof RedisError ? result.code : result)));

await client.del("account:ada", "account:grace");
client.close();

// Prints:
// Ada has 100 and Grace has 50
// 3 of 10 transfers had enough
// in the end [ '10', '140' ]
// gave up: ERR_REDIS_WATCH_CONFLICT
// INCRBY was refused: ERR wrong number of arguments for 'incrby' command
// [ '13', '140', null, 'ERR_REDIS_SERVER_ERROR' ]
