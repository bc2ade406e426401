// Lua scripts and functions. REDIS_URL names the server: node examples/scripts.mjs
import { RedisClient } from "../index.js";

const client = new RedisClient();

// Sent as a whole when the server does not have it, and called by its digest otherwise.
const transfer = client.defineScript(
  `local from = tonumber(redis.call("GET", KEYS[1]) or 0)
   if from < tonumber(ARGV[1]) then return redis.error_reply("TOOLITTLE only " .. from) end
   redis.call("DECRBY", KEYS[1], ARGV[1])
   return redis.call("INCRBY", KEYS[2], ARGV[1])`,
  { keys: 2 },
);

await client.mset("example:ada", 100, "example:grace", 0);
console.log("Grace has", await transfer.run(["example:ada", "example:grace"], [70]));
try {
  await transfer.run(["example:ada", "example:grace"], [70]);
} catch (error) {
  console.log(/** @type {Error} */ (error).message.slice(0, 17));
}

// The same script on a view whose replies are bytes.
const peek = client.defineScript("return redis.call('GET', KEYS[1])", { keys: 1, readOnly: true });
console.log("As bytes:", await peek.on(client.buffers).run(["example:ada"]));

// Functions stay on the server. The first call brings the library.
const counters = client.defineLibrary(`#!lua name=example_counters
  redis.register_function("example_bump", function(keys, args) return redis.call("INCRBY", keys[1], args[1]) end)
`);
const bump = counters.function("example_bump", { keys: 1 });
await bump.run(["example:visits"], [1]);
console.log(await bump.run(["example:visits"], [2]), "visits");

await client.functionDelete("example_counters");
await client.del("example:ada", "example:grace", "example:visits");
client.close();

// Prints:
// Grace has 70
// TOOLITTLE only 30
// As bytes: <Buffer 33 30>
// 3 visits
