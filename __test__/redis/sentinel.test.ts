/** Servers that sentinels watch: how the primary is found, whom to believe, and what follows a failover. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, RedisSentinel } from "../../index.js";
import { NAME, startSentinelGroup, type SentinelGroup } from "../../dev/sentinel.mjs";
import { makeCertificates } from "../support/certificates.js";
import { inbox } from "../support/inbox.js";
import { array, useSentinels } from "../support/sentinel.js";
import { NOWHERE } from "../support/nowhere.js";

const START_MS = 60_000;
const { client, script, sentinel, primary } = useSentinels();

/** Which of the servers a client is connected to. */
async function portOf(redis: RedisClient) {
  const info = await redis.info("server");
  return Number(/tcp_port:(\d+)/.exec(info)?.[1]);
}

describe("a group of servers", () => {
  let group: SentinelGroup;
  beforeAll(async () => {
    group = await startSentinelGroup();
  }, START_MS);
  afterAll(async () => {
    await group?.stop();
  });
  const connect = (options: Partial<ConstructorParameters<typeof RedisSentinel>[0]> = {}) =>
    client({ sentinels: group.addresses, name: NAME, ...options });

  it("its primary is found, and does what a client's server does", async () => {
    const redis = connect({ keyPrefix: "app:", clientName: "worker", db: 3 });
    expect(await portOf(redis)).toBe((await group.primary()).port);
    await redis.set("key", "value");
    expect(await redis.buffers.get("key")).toEqual(Buffer.from("value"));
    expect(await redis.with({ timeout: 5000 }).exists("key")).toBe(true);
    expect(await redis.multi().get("key").exec()).toEqual(["value"]);
    expect(await redis.send("CLIENT", ["GETNAME"])).toBe("worker");
    const plain = new RedisClient({ host: "127.0.0.1", port: (await group.primary()).port, db: 3 });
    expect(await plain.get("app:key")).toBe("value");
    plain.close();
  });

  it("sentinels are named in several ways, and one is enough", async () => {
    const { port } = group.sentinels[0]!;
    for (const given of [`127.0.0.1:${port}`, `redis://127.0.0.1:${port}`, new URL(`redis://127.0.0.1:${port}`), { host: "127.0.0.1", port }]) {
      expect(await connect({ sentinels: [given] }).ping()).toBe("PONG");
    }
  });

  it("connect, onconnect, duplicate and close are those of any client", async () => {
    const redis = connect();
    const connected = inbox<[unknown, { role: string }]>();
    redis.onconnect = connected.listener;
    expect(await redis.connect()).toMatchObject({ role: "master" });
    await connected.count(1);
    const copy = await redis.duplicate();
    expect(copy).toBeInstanceOf(RedisSentinel);
    expect(copy.connected).toBe(true);
    copy.close();
    redis.close();
    await expect(redis.get("key")).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    await redis.connect();
    expect(await redis.ping()).toBe("PONG");
  });

  it("a name that no sentinel knows is told at once, to every caller", async () => {
    const redis = connect({ name: "other" });
    const unknown = { code: "ERR_REDIS_SENTINEL_UNKNOWN_NAME" };
    await expect(redis.get("key")).rejects.toMatchObject(unknown);
    await expect(redis.connect()).rejects.toMatchObject({ ...unknown, message: expect.stringContaining('"other"') });
  });

  it("a sentinel that is down, silent or talks nonsense is passed over", async () => {
    const down = NOWHERE;
    const silent = await script(() => "");
    const nonsense = await script(() => "HTTP/1.1 400 Bad Request\r\n\r\n");
    const endless = await script((command) => (command === "HELLO" ? "%0\r\n" : `*1000000\r\n${":1\r\n".repeat(500_000)}`));
    const sentinels = [down, ...[silent, nonsense, endless].map(({ port }) => `localhost:${port}`), ...group.addresses];
    expect(await portOf(connect({ sentinels }))).toBe((await group.primary()).port);
  });

  it("a sentinel that lies is not believed", async () => {
    const replicas = group.servers.filter((server) => server.port !== truth.port);
    const lies = [
      { primary: `127.0.0.1:${replicas[0]?.port}` },
      { primary: NOWHERE },
      { primary: group.addresses[0] ?? "" },
      { primary: null },
      { primary: "127.0.0.1:0" },
      { primary: "../etc/passwd:1", sentinels: Array.from({ length: 1000 }, (_, index) => `127.0.0.1:${index + 1}`) },
    ];
    for (const lie of lies) {
      const liar = await sentinel(lie);
      const redis = connect({ sentinels: [liar.address, ...group.addresses] });
      expect(await portOf(redis)).toBe(truth.port);
      expect(liar.received()).toContain("GET-MASTER-ADDR-BY-NAME");
    }
  });
  let truth: { port: number };
  beforeAll(async () => {
    truth = await group.primary();
  });

  it("an announcement that is not true is not followed for long", async () => {
    const liar = await sentinel({ primary: `127.0.0.1:${truth.port}` });
    const redis = connect({ sentinels: [liar.address, ...group.addresses] });
    const connected = inbox<[unknown, unknown]>();
    redis.onconnect = connected.listener;
    await redis.connect();
    await expect.poll(() => liar.received()).toContain("SUBSCRIBE");
    await liar.announce(NOWHERE);
    await connected.count(2);
    expect(await portOf(redis)).toBe(truth.port);
    await liar.announce("127.0.0.1:1", "another");
    expect(await portOf(redis)).toBe(truth.port);
  });

  it("replicas serve what only reads", async () => {
    const reads = async () => {
      const counts = await Promise.all(
        group.servers.map(async (server) => /cmdstat_getdel|cmdstat_get:calls=(\d+)/.exec(`${await server.ask("INFO", "commandstats")}`)?.[1]),
      );
      return counts.map((count) => Number(count ?? 0));
    };
    const index = group.servers.findIndex((server) => server.port === truth.port);
    const redis = connect({ readFrom: "replica" });
    await redis.set("read", "me");
    await group.inStep();
    await expect.poll(() => redis.get("read")).toBe("me");
    const before = await reads();
    await Promise.all(Array.from({ length: 100 }, () => redis.get("read")));
    const after = await reads();
    expect(after[index]).toBe(before[index]);
    const total = (counts: number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(total(after) - total(before)).toBe(100);
    // A transaction is whole, and what it reads is what the primary has.
    expect(await redis.multi().set("read", "now").get("read").exec()).toEqual(["OK", "now"]);
  });

  it("a preferred replica is done without when there is none", async () => {
    const lonely = await sentinel({ primary: `127.0.0.1:${truth.port}` });
    const redis = connect({ sentinels: [lonely.address], readFrom: "preferReplica" });
    await redis.set("lonely", "1");
    expect(await redis.get("lonely")).toBe("1");
    const strict = connect({ sentinels: [lonely.address], readFrom: "replica", maxRetries: 1 });
    expect(await strict.set("lonely", "2")).toBe("OK");
    await expect(strict.get("lonely")).rejects.toMatchObject({ code: "ERR_REDIS_SENTINEL_NO_REPLICA" });
  });

  it("told addresses are translated", async () => {
    const far = await sentinel({ primary: "10.255.255.1:6379", sentinels: ["10.255.255.2:26379"] });
    const to = { host: "127.0.0.1", port: truth.port };
    const sentinels = [far.address];
    expect(await portOf(connect({ sentinels, addressMap: { "10.255.255.1:6379": to } }))).toBe(truth.port);
    const addressMap = new Map([["10.255.255.1:6379", `127.0.0.1:${truth.port}`]]);
    expect(await portOf(connect({ sentinels, addressMap }))).toBe(truth.port);
    const asked = new Set<string>();
    const translate = async (host: string, port: number) => {
      asked.add(`${host}:${port}`);
      await new Promise(setImmediate);
      return host === "10.255.255.1" ? to : undefined;
    };
    const redis = connect({ sentinels, addressMap: translate });
    expect(await portOf(redis)).toBe(truth.port);
    expect([...asked].sort()).toEqual(["10.255.255.1:6379", far.address].sort());
    await using lease = await redis.acquire();
    expect(await portOf(lease)).toBe(truth.port);
  });

  it("a translation that fails is a failed attempt", async () => {
    const addressMap = () => Promise.reject(Object.assign(new Error("no map today"), { code: "NO_MAP" }));
    const error = await connect({ addressMap, maxRetries: 0 }).get("key").catch((error) => error);
    expect(error.code).toBe("ERR_REDIS_SENTINEL_UNREACHABLE");
    expect(error.cause.cause).toMatchObject({ code: "NO_MAP", message: "no map today" });
  });

  it("a lease ends when another server takes over, and keys are watched there", async () => {
    const redis = connect();
    await redis.set("watched", "1");
    await group.inStep();
    const lease = await redis.acquire();
    const closed = new Promise((resolve) => (lease.onclose = resolve));
    let runs = 0;
    const replies = await redis.watch("watched", async (tx) => {
      const read = Number(await tx.get("watched"));
      if (runs++ === 0) {
        await group.failover();
        expect(await closed).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
      }
      return tx.multi().set("watched", `${read + 1}`).get("watched").exec({ throwOnError: true });
    });
    expect(replies).toEqual(["OK", "2"]);
    expect(runs).toBeGreaterThan(1);
    await expect(lease.get("watched")).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED" });
    truth = await group.primary();
  });

  it("a failover is followed, with the subscriptions", async () => {
    const [redis, other] = [connect(), connect()];
    const [messages, gaps] = [inbox(), inbox<[{ channels: string[] }]>()];
    redis.ongap = gaps.listener;
    await redis.subscribe("news", messages.listener);
    await other.publish("news", "before");
    const next = await group.failover();
    await gaps.count(1);
    expect(gaps.received[0]?.[0].channels).toEqual(["news"]);
    await expect.poll(() => portOf(other)).toBe(next.port);
    await other.publish("news", "after");
    await messages.count(2);
    expect(messages.received.map(([message]) => message)).toEqual(["before", "after"]);
    expect(inspect(redis)).toContain(`:${next.port}`);
  }, 30_000);
});

describe("a group with passwords, TLS and names", () => {
  let group: SentinelGroup;
  let folder: string;
  let tls: { ca: Buffer };
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "s3-valkey-sentinel-"));
    makeCertificates(folder);
    const path = (name: string) => join(folder, name);
    tls = { ca: readFileSync(path("ca.crt")) };
    group = await startSentinelGroup({
      replicas: 1,
      password: "server-secret",
      sentinelPassword: "sentinel-secret",
      hostname: "localhost",
      tls: { cert: path("server.crt"), key: path("server.key"), ca: path("ca.crt") },
    });
  }, START_MS);
  afterAll(async () => {
    await group?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes the login and TLS of the sentinels from their URLs", async () => {
    const sentinels = group.addresses.map((address) => `rediss://:sentinel-secret@${address}`);
    const provider = async () => ({ password: "server-secret" });
    const redis = client({ sentinels, name: NAME, sentinelTls: tls, credentials: provider, tls, readFrom: "replica" });
    expect(await redis.set("key", "value")).toBe("OK");
    await expect.poll(() => redis.get("key")).toBe("value");
    expect(inspect(redis)).not.toContain("secret");
  });

  it("is found with all that it asks for, and followed", async () => {
    const redis = client({
      sentinels: group.addresses,
      name: NAME,
      sentinelPassword: "sentinel-secret",
      sentinelTls: tls,
      password: "server-secret",
      tls,
    });
    expect(await redis.set("key", "value")).toBe("OK");
    expect(inspect(redis)).toContain("rediss://:***@localhost:");
    const next = await group.failover();
    await expect.poll(() => inspect(redis)).toContain(`localhost:${next.port}`);
    expect(await redis.ping()).toBe("PONG");
    expect(inspect(redis)).not.toContain("secret");
  }, 30_000);

  it("says which login is refused", async () => {
    const given = { sentinels: group.addresses, name: NAME, sentinelTls: tls, tls };
    const refused = { code: "ERR_REDIS_AUTHENTICATION_FAILED" };
    await expect(client({ ...given, sentinelPassword: "wrong" }).ping()).rejects.toMatchObject(refused);
    const server = client({ ...given, sentinelPassword: "sentinel-secret", password: "wrong" });
    await expect(server.ping()).rejects.toMatchObject(refused);
  });

  it("refuses a certificate that nobody vouches for", async () => {
    const redis = client({ sentinels: group.addresses, name: NAME, sentinelPassword: "sentinel-secret", sentinelTls: true });
    await expect(redis.ping()).rejects.toThrow(/certificate/i);
  });
});

describe("servers that are played", () => {
  it("one that refuses writes is left for the one that the sentinels name now", async () => {
    const stale = await primary((command) => (command === "SET" ? "-READONLY You can't write against a read only replica.\r\n" : "+stale\r\n"));
    const fresh = await primary(() => "+fresh\r\n");
    const one = await sentinel({ primary: stale.address });
    const redis = client({ sentinels: [one.address], name: NAME });
    expect(await redis.ping()).toBe("stale");
    one.known.primary = fresh.address;
    await expect(redis.send("SET", ["key", "value"])).rejects.toThrow(/^READONLY/);
    await expect.poll(() => redis.send("PING", [])).toBe("fresh");
  });

  it("one that was announced is gone to at once, and what was not sent goes with it", async () => {
    const silent = await primary(() => "");
    const fresh = await primary((command) => `+${command}\r\n`);
    const one = await sentinel({ primary: silent.address });
    const redis = client({ sentinels: [one.address], name: NAME });
    await redis.connect();
    await expect.poll(() => one.received()).toContain("SUBSCRIBE");
    const lost = redis.send("INCR", ["key"]);
    await expect.poll(() => silent.received()).toContain("INCR");
    one.known.primary = fresh.address;
    await one.announce(fresh.address);
    await expect(lost).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED", cause: { message: `The primary is ${fresh.address} now` } });
    expect(await redis.send("ECHO", ["again"])).toBe("ECHO");
    expect(silent.connections()).toBe(1);
  });

  it("a change that was missed is learnt when the sentinel is heard again", async () => {
    const [before, after] = [await primary(() => "+before\r\n"), await primary(() => "+after\r\n")];
    const first = await sentinel({ primary: before.address, epoch: 1 });
    const second = await sentinel({ primary: after.address, epoch: 2 });
    first.known.sentinels = [second.address];
    const redis = client({ sentinels: [first.address], name: NAME });
    expect(await redis.ping()).toBe("before");
    await expect.poll(() => first.received()).toContain("SUBSCRIBE");
    // It is false, so another one is listened to: that knows of a newer primary.
    await first.announce(NOWHERE);
    await expect.poll(() => redis.send("PING", [])).toBe("after");
  });

  it("what a preferred replica leaves without an answer, the primary answers", async () => {
    const own = await primary((command) => `+${command} of the primary\r\n`);
    let vanishes = false;
    const replica = await script((command) => {
      if (command === "HELLO") return "%1\r\n+role\r\n+replica\r\n";
      if (command === "ROLE") return "*2\r\n$5\r\nslave\r\n:1\r\n";
      return vanishes ? null : "+of the replica\r\n";
    });
    const one = await sentinel({ primary: own.address, replicas: [`localhost:${replica.port}`] });
    const redis = client({ sentinels: [one.address], name: NAME, readFrom: "preferReplica" });
    await expect.poll(() => redis.get("key")).toBe("of the replica");
    vanishes = true;
    const reads = Array.from({ length: 50 }, (_, index) => redis.get(`${index}`));
    expect(new Set(await Promise.all(reads))).toEqual(new Set(["GET of the primary"]));
  });

  it("no sentinel at all is another error than an unknown name", async () => {
    const sentinels = [NOWHERE, "127.0.0.1:2"];
    const redis = client({ sentinels, name: NAME, maxRetries: 1 });
    const unreachable = { code: "ERR_REDIS_SENTINEL_UNREACHABLE", message: expect.stringContaining(`${sentinels[0]}, ${sentinels[1]}`) };
    await expect(redis.get("key")).rejects.toMatchObject(unreachable);
    const never = client({ sentinels, name: NAME, autoReconnect: false });
    await expect(never.connect()).rejects.toMatchObject({ code: "ERR_REDIS_SENTINEL_UNREACHABLE" });
  });

  it("a server of another role is refused with a reason", async () => {
    const replica = await script((command) => (command === "HELLO" ? "%1\r\n+role\r\n+replica\r\n" : `*1\r\n$5\r\nslave\r\n`));
    const one = await sentinel({ primary: `localhost:${replica.port}` });
    const redis = client({ sentinels: [one.address], name: NAME, maxRetries: 1 });
    await expect(redis.ping()).rejects.toMatchObject({ cause: { code: "ERR_REDIS_WRONG_ROLE" } });
  });

  it("old servers and sentinels, which know neither HELLO nor RESP3", async () => {
    const old = await script((command) => {
      if (command === "HELLO") return "-ERR unknown command 'HELLO'\r\n";
      return command === "ROLE" ? `*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n` : "+OK\r\n";
    });
    const aged = await script((command, [question]) => {
      if (command !== "SENTINEL") return "-ERR unknown command\r\n";
      return question === "GET-MASTER-ADDR-BY-NAME" ? array("localhost", `${old.port}`) : "-ERR unknown\r\n";
    });
    const redis = client({ sentinels: [`localhost:${aged.port}`], name: NAME });
    expect(await redis.set("key", "value")).toBe("OK");
  });
});

describe("options", () => {
  const given = { sentinels: ["localhost"], name: "m" };

  it.each([
    ["nothing", undefined, "ERR_INVALID_ARG_TYPE"],
    ["no name", { ...given, name: undefined }, "ERR_INVALID_ARG_TYPE"],
    ["an empty name", { ...given, name: "" }, "ERR_INVALID_ARG_VALUE"],
    ["a name with a blank", { ...given, name: "a b" }, "ERR_INVALID_ARG_VALUE"],
    ["no sentinels", { ...given, sentinels: [] }, "ERR_INVALID_ARG_VALUE"],
    ["sentinels that are no list", { ...given, sentinels: "localhost" }, "ERR_INVALID_ARG_TYPE"],
    ["a sentinel without a host", { ...given, sentinels: [{ port: 1 }] }, "ERR_INVALID_ARG_TYPE"],
    ["a sentinel with a strange port", { ...given, sentinels: [{ host: "h", port: 0 }] }, "ERR_INVALID_ARG_VALUE"],
    ["a sentinel that is no address", { ...given, sentinels: ["h:x"] }, "ERR_INVALID_ARG_TYPE"],
    ["a host", { ...given, host: "h" }, "ERR_INVALID_ARG_VALUE"],
    ["a strange readFrom", { ...given, readFrom: "nearest" }, "ERR_INVALID_ARG_VALUE"],
    ["a cache of what replicas say", { ...given, readFrom: "replica", clientCache: true }, "ERR_INVALID_ARG_VALUE"],
    ["a list of addresses", { ...given, addressMap: [] }, "ERR_INVALID_ARG_TYPE"],
    ["a translation to nowhere", { ...given, addressMap: { "h:1": 5 } }, "ERR_INVALID_ARG_TYPE"],
    ["a password that is none", { ...given, sentinelPassword: 5 }, "ERR_INVALID_ARG_TYPE"],
    ["an option of any client", { ...given, maxRetries: "5" }, "ERR_INVALID_ARG_TYPE"],
  ])("%s is refused", (_, options, code) => {
    expect(() => new RedisSentinel(options as never)).toThrow(expect.objectContaining({ code }));
  });

  it("what is shown of a client has no secret", () => {
    const redis = client({ sentinels: ["redis://user:hunter2@one", "two"], name: "m", password: "hunter3", sentinelPassword: "hunter4" });
    expect(inspect(redis)).not.toContain("hunter");
    expect(inspect(redis)).toContain("redis://***@one");
    expect(Object.prototype.toString.call(redis)).toBe("[object RedisSentinel]");
    expect(redis).toBeInstanceOf(RedisClient);
  });
});
