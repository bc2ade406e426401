/** Where a client connects to: options beside the URL, and the environment. */
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { RedisClient, RedisCluster, RedisPool, RedisSentinel } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useClients } from "../support/clients.js";

const password = "p@ss/w:rd %41#?";

let server: Awaited<ReturnType<typeof startRedis>>;

beforeAll(async () => {
  server = await startRedis({ password, unixsocket: true });
  const client = connect({ port: server.port, password });
  await client.send("ACL", ["SETUSER", "app", "on", `>${password}`, "+@all", "~*", "&*"]);
});

afterEach(() => {
  delete process.env["REDIS_URL"];
});

afterAll(async () => {
  await server?.stop();
});

const { keep } = useClients();
const connect = (...args: any[]): RedisClient => keep(new (RedisClient as any)(...args));

const info = (client: RedisClient): Promise<string> => client.send("CLIENT", ["INFO"]);

it("an object alone tells the whole address", async () => {
  const client = connect({ host: "localhost", port: server.port, username: "app", password, db: 3 });
  expect(await info(client)).toMatch(/ db=3 .* user=app /);
});

it("options win over the URL", async () => {
  const client = connect(`redis://nobody:wrong@localhost:${server.port}/1`, { username: "default", password, db: 2 });
  expect(await info(client)).toMatch(/ db=2 .* user=default /);
});

it("a Unix socket may have credentials and a database", async () => {
  const path = server.socketPath!;
  const client = connect({ path, password, db: 5 });
  const text = await info(client);
  // Redis and Valkey 9.1 differ in what they put around the path.
  expect(text.match(/ addr=([^ ]+)/)![1]).toContain(path);
  expect(text).toContain(" db=5 ");
});

it("an object may hold a URL, and a duplicate goes where its original goes", async () => {
  const client = connect({ url: `redis://localhost:${server.port}`, password, db: 4 });
  await client.connect();
  const copy = keep(await client.duplicate());
  expect(await info(copy)).toContain(" db=4 ");
});

it("a host keeps the environment out; other parts complete it", async () => {
  process.env["REDIS_URL"] = `redis://localhost:${server.port}/6`;
  expect(await info(connect({ password }))).toContain(" db=6 ");
  expect(await info(connect({ host: "localhost", port: server.port, password }))).toContain(" db=0 ");
});

it("inspect shows where, in which state, and no password", async () => {
  const client = connect({ host: "localhost", port: server.port, username: "app", password });
  const lines = [
    "RedisClient {",
    `  url: 'redis://app:***@localhost:${server.port}',`,
    "  state: 'idle',",
    "  pending: 0,",
    "  subscriptions: 0",
    "}",
  ];
  expect(inspect(client)).toBe(lines.join("\n"));
  const answer = client.ping();
  expect(inspect(client)).toMatch(/state: 'connecting',\s+pending: 1/);
  await answer;
  await client.subscribe(["a", "b"], () => {});
  expect(inspect(client)).toMatch(/state: 'connected',\s+pending: 0,\s+subscriptions: 2/);
  client.close();
  expect(inspect(client)).toContain("state: 'closed'");
});

it("inspect shows what only looks like a client", () => {
  const [one, many] = [connect(), new RedisCluster("localhost:1")];
  const group = new RedisSentinel({ sentinels: ["localhost:1"], name: "group" });
  for (const client of [one, many, group]) {
    const { name } = client.constructor;
    expect(inspect(new Proxy(client, {}))).toBe(`${name} {}`);
    expect(inspect(Object.create(client))).toBe(`${name} {}`);
    client.close();
  }
});

it("classes may be derived from, and their getters be others", () => {
  class Pool extends RedisPool {
    #state = "mine";
    override get connected() {
      return this.#state === "mine";
    }
  }
  class Sentinel extends RedisSentinel {
    #state = "mine";
    override get connected() {
      return this.#state === "mine";
    }
  }
  for (const client of [new Pool("redis://localhost:1"), new Sentinel({ sentinels: ["localhost:1"], name: "group" })]) {
    expect(client.connected).toBe(true);
    expect(inspect(client)).toMatch(new RegExp(`^${client.constructor.name} \\{\\n`));
    client.close();
  }
});

it.each([
  [{ host: 1 }, "ERR_INVALID_ARG_TYPE"],
  [{ password: 12345678 }, "ERR_INVALID_ARG_TYPE"],
  [{ port: "6379" }, "ERR_INVALID_ARG_TYPE"],
  [{ port: 65536 }, "ERR_OUT_OF_RANGE"],
  [{ db: -1 }, "ERR_OUT_OF_RANGE"],
  [{ path: "/run/s", host: "h" }, "ERR_INVALID_ARG_VALUE"],
  [{ host: "" }, "ERR_INVALID_ARG_VALUE"],
])("%j is refused", (options, code) => {
  expect(() => connect(options)).toThrow(expect.objectContaining({ code }));
  expect(() => connect(options)).not.toThrow("12345678");
});
