// Checked by tsc, never run: the declarations of a cluster's client.
import { RedisCluster, type RedisClient, type RedisLease, type RedisPoolMetrics, type RedisClusterNode, type RedisClusterView } from "../../index.js";

declare function resolves<T>(promise: Promise<T>): { exactly<U extends T>(..._: [T] extends [U] ? [] : [never]): void };

const cluster = new RedisCluster("redis://localhost:7000");
new RedisCluster(new URL("rediss://localhost:7000"), { readFrom: "replica", maxRedirections: 3, refreshInterval: 0 });
new RedisCluster(["localhost:7000", { host: "localhost" }, { host: "localhost", port: 7001 }], {
  password: "secret",
  readFrom: "nearest",
  zone: "eu-1a",
  addressMap: { "10.0.0.1:6379": "localhost:7000", "10.0.0.2:6379": { host: "localhost", port: 7001 } },
});
new RedisCluster("localhost", { addressMap: (host, port) => (host === "a" ? `b:${port}` : undefined) });
new RedisCluster("localhost", { addressMap: new Map([["a:1", { host: "b" }]]) });
new RedisCluster("localhost", { addressMap: async (host, port) => ({ host, port }) });

// @ts-expect-error a cluster needs a seed
new RedisCluster();
// @ts-expect-error where the cluster is, the seeds say
new RedisCluster("localhost", { host: "elsewhere" });
// @ts-expect-error unknown
new RedisCluster("localhost", { readFrom: "anywhere" });

const client: RedisClient = cluster;
client satisfies RedisClient;
resolves(cluster.get("key")).exactly<string | null>();
resolves(cluster.buffers.get("key")).exactly<Buffer | null>();
resolves(cluster.nodes()).exactly<RedisClusterNode[]>();
resolves(cluster.duplicate()).exactly<RedisCluster>();
resolves(cluster.node("localhost:7000").dbsize()).exactly<number>();
cluster.nodes().then(([node]) => node && cluster.node(node).ping());

const view: RedisClusterView = cluster.with({ route: "allPrimaries", timeout: 100 });
view satisfies RedisClusterView<string>;
resolves(view.with({ route: { key: new Uint8Array(1) } }).get("key")).exactly<string | null>();
resolves(view.with({ buffers: true }).with({ route: "random" }).get("key")).exactly<Buffer | null>();
resolves(cluster.with({ route: { address: "localhost:7000" }, buffers: true }).get("key")).exactly<Buffer | null>();
// @ts-expect-error unknown
cluster.with({ route: "everywhere" });

resolves(cluster.acquire({ key: "key", timeout: 10 })).exactly<RedisLease>();
cluster.acquire({ key: new Uint8Array(1) });
cluster.acquire({ slot: 5, signal: AbortSignal.timeout(1) });
cluster.nodes().then(([node]) => node && cluster.acquire({ node }));
// @ts-expect-error of which node?
cluster.acquire();
// @ts-expect-error of which node?
cluster.acquire({ timeout: 10 });
cluster.metrics satisfies RedisPoolMetrics;
resolves(cluster.watch("key", (tx) => tx.multi().incr("key").exec({ throwOnError: true }))).exactly<[number]>();
