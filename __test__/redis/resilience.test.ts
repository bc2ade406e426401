/** Failures that pass: refusals of a busy server, timeouts, a server that falls silent; and what is told of them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisError } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useClients } from "../support/clients.js";
import { GREETING } from "../support/transports.js";

type Server = Awaited<ReturnType<typeof startRedis>>;

const { connect, script } = useClients();

/** Codes and messages of an error and of all behind it. */
function chain(error: unknown): [unknown, string][] {
  const links: [unknown, string][] = [];
  for (let link = error as any; link !== undefined; link = link.cause) links.push([link.code, link.message]);
  return links;
}

describe("a refusal that passes", () => {
  it.each([
    "LOADING Redis is loading the dataset in memory",
    "ERR max number of clients reached",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  ])("%s", async (refusal) => {
    let refusals = 2;
    const peer = await script((command) => {
      if (command !== "HELLO") return "+PONG\r\n";
      return refusals-- > 0 ? `-${refusal}\r\n` : GREETING;
    });
    const client = connect(`redis://localhost:${peer.port}`);
    expect(await client.ping()).toBe("PONG");
    expect(refusals).toBe(-1);
  });

  it("of SELECT", async () => {
    let refusals = 1;
    const peer = await script((command) => {
      if (command === "HELLO") return GREETING;
      if (command === "SELECT" && refusals-- > 0) return "-LOADING Redis is loading\r\n";
      return "+OK\r\n";
    });
    const client = connect(`redis://localhost:${peer.port}/1`);
    expect(await client.send("X", [])).toBe("OK");
  });

  it("is told as itself when it does not", async () => {
    const peer = await script(() => "-LOADING Redis is loading\r\n");
    const client = connect(`redis://localhost:${peer.port}`, { maxRetries: 1 });
    const [command, connecting] = await Promise.allSettled([client.get("k"), client.connect()]);
    const refused = ["ERR_REDIS_AUTHENTICATION_FAILED", "LOADING Redis is loading"];
    expect(chain((command as PromiseRejectedResult).reason)).toEqual([refused]);
    expect(chain((connecting as PromiseRejectedResult).reason)).toEqual([
      ["ERR_REDIS_CONNECTION_CLOSED", "Connection closed"],
      refused,
    ]);
  });

  it("without reconnects it does not", async () => {
    const peer = await script(() => "-LOADING Redis is loading\r\n");
    const client = connect(`redis://localhost:${peer.port}`, { autoReconnect: false });
    await expect(client.get("k")).rejects.toThrow("LOADING");
    expect(peer.received().match(/HELLO/g)).toHaveLength(1);
  });

  it("a full server takes the client when there is room", async () => {
    const server = await startRedis({ config: ["maxclients 2"] });
    try {
      const [first, second] = [connect(server.url), connect(server.url)];
      await Promise.all([first.connect(), second.connect()]);
      const third = connect(server.url);
      const refused = third.ping();
      await expect
        .poll(async () => (await first.info("stats")) as string)
        .toMatch(/rejected_connections:[1-9]/);
      second.close();
      expect(await refused).toBe("PONG");
    } finally {
      await server.stop();
    }
  });
});

it("a connection timeout is tried again", async () => {
  let silent = 2;
  const peer = await script((command) => {
    if (command !== "HELLO") return "+PONG\r\n";
    return silent-- > 0 ? "" : GREETING;
  });
  const client = connect(`redis://localhost:${peer.port}`, { connectionTimeout: 100 });
  expect(await client.ping()).toBe("PONG");
});

describe("the cause", () => {
  it("of a refused connection is the system's error", async () => {
    const peer = await script(() => "");
    await peer.stop();
    const client = connect(`redis://127.0.0.1:${peer.port}`, { maxRetries: 0 });
    const closed = new Promise<Error>((resolve) => (client.onclose = resolve));
    const error = await client.connect().catch((error) => error);
    const links = [
      ["ERR_REDIS_CONNECTION_CLOSED", "Connection closed"],
      ["ERR_REDIS_CONNECTION_CLOSED", "Max reconnection attempts reached"],
      ["ConnectionRefused", expect.stringContaining(`cannot connect to 127.0.0.1:${peer.port}`)],
      ["ECONNREFUSED", expect.stringContaining("Connection refused")],
    ];
    expect(chain(error)).toEqual(links);
    expect(chain(await closed)).toEqual(links);
    expect([error, error.cause].every((link) => link instanceof RedisError)).toBe(true);
    expect(error.cause.cause.cause).not.toBeInstanceOf(RedisError);
  });

  it("of an unknown host is the resolver's error", async () => {
    const client = connect("redis://no-such-host.invalid", { maxRetries: 0 });
    const error = await client.connect().catch((error) => error);
    expect(chain(error).at(-1)?.[0]).toBe("ENOTFOUND");
  });

  it("of a command that was lost on its way is the connection's end", async () => {
    const peer = await script((command) => (command === "HELLO" ? GREETING : null));
    const client = connect(`redis://localhost:${peer.port}`);
    const error = await client.get("a").catch((error) => error);
    expect(chain(error)).toEqual([
      ["ERR_REDIS_CONNECTION_CLOSED", "Connection closed"],
      ["ERR_REDIS_CONNECTION_CLOSED", expect.stringMatching(/^connection lost/)],
      [expect.stringMatching(/^ECONN/), expect.any(String)],
    ]);
  });
});

describe("a server that falls silent", () => {
  let server: Server;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    process.kill(server.pid, "SIGCONT");
    await server.stop();
  });

  it("is given up, and taken again when it is back", async () => {
    const client = connect(server.url, { deadPeerTimeout: 200, connectionTimeout: 200, maxRetries: 100 });
    await client.ping();
    process.kill(server.pid, "SIGSTOP");
    const error = await client.incr("n").catch((error) => error);
    expect(chain(error)).toEqual([
      ["ERR_REDIS_CONNECTION_CLOSED", "Connection closed"],
      ["ERR_REDIS_CONNECTION_CLOSED", "The server has sent nothing for 400ms although a command waits"],
    ]);
    const later = client.get("later");
    process.kill(server.pid, "SIGCONT");
    expect(await later).toBeNull();
  });

  it("is not suspected for a blocking command or for nothing to do", async () => {
    const client = connect(server.url, { deadPeerTimeout: 200 });
    const id = await client.send("CLIENT", ["ID"]);
    expect(await Promise.all([client.send("BLPOP", ["nothing", "0.7"]), client.ping()])).toEqual([null, "PONG"]);
    expect(await client.blpop("nothing", 0.7)).toBeNull();
    const other = connect(server.url);
    // Silence without anything to wait for.
    await other.blpop("nothing", 0.7);
    expect(await client.send("CLIENT", ["ID"])).toBe(id);
  });

  it("is asked with PING, whose answer is nobody's", async () => {
    const client = connect(server.url, { deadPeerTimeout: 1000 });
    const before = await client.send("CLIENT", ["ID"]);
    const answers = Promise.all([client.send("DEBUG", ["SLEEP", "1.3"]), client.incr("m"), client.get("x")]);
    expect(await answers).toEqual(["OK", 1, null]);
    expect(await client.send("CLIENT", ["ID"])).toBe(before);
    expect(await client.info("commandstats")).toMatch(/cmdstat_ping:calls=[1-9]/);
  });

  it("a client that does not read is no reason to suspect it", async () => {
    const client = connect(server.url, { deadPeerTimeout: 100 });
    const id = await client.send("CLIENT", ["ID"]);
    const answer = client.incr("read-late");
    // The turn of the event loop ends only after the command was written: give it one.
    await new Promise((resolve) => setImmediate(resolve));
    const end = Date.now() + 600;
    while (Date.now() < end);
    expect(await answer).toBe(1);
    expect(await client.send("CLIENT", ["ID"])).toBe(id);
  });
});
