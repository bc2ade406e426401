// The Redis tests against one named server; the last line is `N passed, N failed`.
//
//   node dev/test-redis.mjs redis-8.0

import { failure } from "./failures.mjs";
import { findRedis } from "./redis-programs.mjs";
import { ensureAddon, ensureModules } from "./setup.mjs";
import { conclude, runVitest } from "./vitest.mjs";

const [server] = process.argv.slice(2);
if (server === undefined) throw new Error("usage: node dev/test-redis.mjs SERVER");

ensureModules();
ensureAddon();
try {
  await findRedis(server);
  process.env.REDIS_SERVER = server;
  conclude([runVitest(["__test__/redis", "__test__/commands"])]);
} catch (error) {
  conclude([{ passed: 0, failures: [failure(`the server ${server} is not to be had`, /** @type {Error} */ (error).message)] }]);
}
