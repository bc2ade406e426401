// Walks through keys and through the elements of a key. REDIS_URL names the server, which should be an empty one:
// node examples/iterators.mjs
import { RedisClient } from "../index.js";

const client = new RedisClient();

for (let user = 0; user < 100; user++) client.hset(`user:${user}`, { name: `user ${user}`, visits: `${user}` });

// One key at a time: the next page is asked for when it is needed.
let keys = 0;
for await (const key of client.scanIterator({ match: "user:1*", type: "hash" })) {
  if (key.startsWith("user:1")) keys++;
}
console.log(keys, "keys begin with user:1");

// Fields and values of a hash.
for await (const [field, value] of client.hscanIterator("user:42")) console.log(field, "is", value);

// Members of a sorted set come with their scores as numbers.
await client.zadd("board", 10, "Ada", 20, "Grace");
for await (const [member, score] of client.zscanIterator("board")) console.log(member, "has", score);

// Whole pages are handy where many keys go into one command.
let removed = 0;
for await (const page of client.scanIterator({ match: "user:*", count: 50, batches: true })) {
  removed += await client.unlink(...page);
}
console.log(removed, "keys are removed");

await client.del("board");
client.close();

// Prints:
// 11 keys begin with user:1
// name is user 42
// visits is 42
// Ada has 10
// Grace has 20
// 100 keys are removed
