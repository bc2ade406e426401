// Sentinels: the client follows the primary. It starts servers of its own: node examples/sentinel.mjs
import { NAME, startSentinelGroup } from "../dev/sentinel.mjs";
import { RedisSentinel } from "../index.js";

const group = await startSentinelGroup({ replicas: 1 });
const client = new RedisSentinel({ sentinels: group.addresses, name: NAME });

await client.set("greeting", "hello");
console.log("Before:", await client.get("greeting"));

// Subscriptions are made again on the new primary.
const back = new Promise((resolve) => (client.ongap = ({ channels }) => resolve(channels)));
const news = new Promise((resolve) => void client.subscribe("news", resolve));

await group.failover();
console.log("Again subscribed to:", await back);

const publisher = await client.duplicate();
await publisher.publish("news", "the replica is the primary now");
console.log("News:", await news);
console.log("After:", await publisher.get("greeting"));

// Replicas can serve what only reads.
const reader = new RedisSentinel({ sentinels: group.addresses, name: NAME, readFrom: "preferReplica" });
console.log("From a replica, if there is one:", await reader.get("greeting"));

for (const each of [client, publisher, reader]) each.close();
await group.stop();

// Prints:
// Before: hello
// Again subscribed to: [ 'news' ]
// News: the replica is the primary now
// After: hello
// From a replica, if there is one: hello
