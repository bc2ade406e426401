/** A client of a group that sentinels watch. */
import { RedisClient, RedisSentinel, type RedisSentinelOptions } from "../../index.js";

const options: RedisSentinelOptions = {
  sentinels: ["one", "redis://two:26380", new URL("redis://three"), { host: "four" }, { host: "five", port: 1 }],
  name: "mymaster",
  clientName: "worker",
  sentinelUsername: "u",
  sentinelPassword: "p",
  sentinelTls: { ca: "pem" },
  readFrom: "preferReplica",
  addressMap: { "10.0.0.1:6379": "localhost:1", "10.0.0.2:6379": { host: "localhost", port: 2 } },
  username: "u",
  password: "p",
  db: 1,
  tls: true,
  keyPrefix: "app:",
  commandTimeout: 100,
};
const client: RedisClient = new RedisSentinel(options);
const copy: Promise<RedisSentinel> = new RedisSentinel(options).duplicate();
const text: Promise<string | null> = new RedisSentinel(options).get("key");
new RedisSentinel({ sentinels: ["one"], name: "m", addressMap: new Map([["h:1", "h:2"]]) });
new RedisSentinel({ sentinels: ["one"], name: "m", addressMap: async (host, port) => (host === "h" ? { host, port } : undefined) });

// @ts-expect-error without sentinels
new RedisSentinel({ name: "mymaster" });
// @ts-expect-error without a name
new RedisSentinel({ sentinels: ["one"] });
// @ts-expect-error the sentinels tell where the servers are
new RedisSentinel({ sentinels: ["one"], name: "m", host: "h" });
// @ts-expect-error misspelled
new RedisSentinel({ sentinels: ["one"], name: "m", readFrom: "nearest" });

export { client, copy, text };
