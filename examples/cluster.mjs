// A Redis Cluster. CLUSTER_URL names one of its nodes, or else three servers are started for the example:
// node examples/cluster.mjs
import { RedisCluster } from "../index.js";
import { startCluster } from "../dev/cluster.mjs";

const servers = process.env.CLUSTER_URL ? null : await startCluster({ primaries: 3 });
const cluster = new RedisCluster(servers ? servers.urls : `${process.env.CLUSTER_URL}`);

// Each command goes to the node that has its key.
await cluster.set("greeting", "hello");
console.log(await cluster.get("greeting"));

// These may have keys anywhere; they are sent in parts.
await cluster.mset("apple", "red", "banana", "yellow", "cherry", "dark red");
console.log(await cluster.mget("cherry", "apple", "banana"));

// Other commands need their keys in one slot, which is what braces are for.
await cluster.rename("apple", "pear").catch((error) => console.log(error.code));
await cluster.set("{user:1}name", "Ada");
console.log(await cluster.rename("{user:1}name", "{user:1}nick"));

// A transaction belongs to one slot as well.
console.log(await cluster.multi().incr("{user:1}visits").get("{user:1}nick").exec());

// One that depends on what was read: it runs again if somebody changes the key in between, or its slot moves.
const [visits] = await cluster.watch("{user:1}visits", async (tx) => {
  const seen = Number(await tx.get("{user:1}visits"));
  return tx.multi().set("{user:1}visits", `${seen * 10}`, "GET").exec({ throwOnError: true });
});
console.log("instead of", visits, "there were", await cluster.get("{user:1}visits"));

// A connection of one's own leads to one node: to that of a key, here.
const connection = await cluster.acquire({ key: "{user:1}nick" });
try {
  await connection.append("{user:1}nick", " Lovelace");
  console.log("the write of this connection is on", await connection.wait(0, 100), "replicas");
  const far = await connection.get("greeting").catch((error) => error.code);
  console.log("other keys are elsewhere:", far);
} finally {
  connection.release();
}

// Commands without keys ask all nodes and make one answer, or go where they are told.
const primaries = (await cluster.nodes()).filter((node) => node.role === "primary");
console.log(await cluster.dbsize(), "keys on", primaries.length, "primaries");
const sizes = await Promise.all(primaries.map((node) => cluster.node(node).dbsize()));
console.log(sizes.reduce((sum, size) => sum + size), "keys, counted one by one");
console.log(await cluster.with({ route: { key: "greeting" } }).exists("greeting"));

// An iterator walks through all primaries.
let removed = 0;
for await (const keys of cluster.scanIterator({ batches: true })) removed += await cluster.unlink(...keys);
console.log(removed, "keys removed");

cluster.close();
await servers?.stop();

// Prints:
// hello
// [ 'dark red', 'red', 'yellow' ]
// ERR_REDIS_CROSSSLOT
// OK
// [ 1, 'Ada' ]
// instead of 1 there were 10
// the write of this connection is on 0 replicas
// other keys are elsewhere: ERR_REDIS_CLUSTER_WRONG_NODE
// 6 keys on 3 primaries
// 6 keys, counted one by one
// true
// 6 keys removed
