import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { RedisError } from "../../index.js";
import { useClients } from "../support/clients.js";
import { useServer } from "../support/redis.js";

const run = promisify(execFile);
const entry = new URL("../../index.js", import.meta.url).pathname;

const server = useServer({ config: ["requirepass secret", "databases 4"] });
const { connect, keep, script } = useClients();

const authenticated = () => `redis://:secret@localhost:${server.port}`;

describe("handshake", () => {
  it("authenticates, selects the database and reports the greeting", async () => {
    const client = connect(`${authenticated()}/2`);
    const seen: unknown[] = [];
    client.onconnect = (...args) => void seen.push(...args);
    expect(client.connected).toBe(false);
    const hello = await client.connect();
    expect(hello).toMatchObject({ proto: 3, role: "master" });
    expect(seen).toEqual([client, hello]);
    expect(client.connected).toBe(true);
    expect(await client.send("CLIENT", ["INFO"])).toContain(" db=2 ");
  });

  it("a refused password fails commands and is not tried again", async () => {
    const client = connect(`redis://:wrong@localhost:${server.port}`);
    const closed = new Promise<any>((resolve) => (client.onclose = resolve));
    const [command, connecting] = await Promise.allSettled([client.get("k"), client.connect()]);
    expect(command).toMatchObject({ reason: { code: "ERR_REDIS_AUTHENTICATION_FAILED", message: /^WRONGPASS/ } });
    expect(connecting).toMatchObject({
      reason: { code: "ERR_REDIS_CONNECTION_CLOSED", cause: { code: "ERR_REDIS_AUTHENTICATION_FAILED" } },
    });
    expect((await closed).cause.message).toMatch(/^WRONGPASS/);
    await expect(client.get("k")).rejects.toMatchObject({ message: "Connection has failed" });
  });

  it("a database that does not exist fails commands", async () => {
    const client = connect(`${authenticated()}/9`);
    await expect(client.get("k")).rejects.toMatchObject({ code: "ERR_REDIS_INVALID_COMMAND" });
  });

  it("sends HELLO and SELECT in one packet before anything else", async () => {
    const peer = await script(() => "+OK\r\n");
    const client = connect(`redis://u:p@localhost:${peer.port}/3`);
    await client.send("PING", []);
    expect(peer.received()).toBe(
      "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$1\r\nu\r\n$1\r\np\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n",
    );
  });
});

describe("life cycle", () => {
  it("close rejects what waits, in order, and connect revives", async () => {
    const client = connect(authenticated());
    await client.connect();
    const events: string[] = [];
    client.onclose = function (error) {
      events.push(`onclose ${this === client} ${(error as RedisError).code}`);
    };
    const commands = ["a", "b"].map((key) => client.get(key).catch((error) => events.push(error.message)));
    client.close();
    expect(client.connected).toBe(false);
    expect(events).toEqual(["onclose true ERR_REDIS_CONNECTION_CLOSED"]);
    await Promise.all(commands);
    expect(events.slice(1)).toEqual(["Connection closed", "Connection closed"]);
    await expect(client.get("a")).rejects.toMatchObject({ message: "Connection has failed" });
    await client.connect();
    expect(await client.ping()).toBe("PONG");
  });

  it("close on a client that never connected does nothing", async () => {
    const client = connect(authenticated());
    let closed = false;
    client.onclose = () => void (closed = true);
    client.close();
    expect(closed).toBe(false);
    expect(await client.ping()).toBe("PONG");
  });

  it("reconnects after the server drops the connection, keeping what was not sent", async () => {
    const client = connect(authenticated());
    const other = connect(authenticated());
    await client.connect();
    const id = await client.send("CLIENT", ["ID"]);
    const reconnected = new Promise((resolve) => (client.onconnect = resolve));
    await other.send("CLIENT", ["KILL", "ID", id]);
    await reconnected;
    expect(await client.send("CLIENT", ["ID"])).not.toBe(id);
  });

  it("gives up after the last attempt, with the cause", async () => {
    const peer = await script(() => "");
    await peer.stop();
    const client = connect(`redis://localhost:${peer.port}`, { maxRetries: 1 });
    await expect(client.get("k")).rejects.toMatchObject({ message: "Max reconnection attempts reached" });
    await expect(client.connect()).rejects.toMatchObject({
      message: "Connection closed",
      cause: { message: "Max reconnection attempts reached" },
    });
  });

  it("without an offline queue the first command is refused, yet dials", async () => {
    const client = connect(authenticated(), { enableOfflineQueue: false });
    const connected = new Promise((resolve) => (client.onconnect = resolve));
    await expect(client.get("k")).rejects.toMatchObject({
      message: "Connection is closed and offline queue is disabled",
    });
    await connected;
    expect(await client.ping()).toBe("PONG");
  });

  it("a server that never answers runs into the connection timeout", async () => {
    const peer = await script(() => "");
    const client = connect(`redis://localhost:${peer.port}`, { connectionTimeout: 50, maxRetries: 0 });
    await expect(client.get("k")).rejects.toMatchObject({
      code: "ERR_REDIS_CONNECTION_TIMEOUT",
      message: "Connection timeout reached after 50ms",
    });
  });

  it("duplicate has a connection of its own", async () => {
    const client = connect(authenticated());
    await client.connect();
    const copy = keep(await client.duplicate());
    expect(copy.connected).toBe(true);
    expect(await copy.send("CLIENT", ["ID"])).not.toBe(await client.send("CLIENT", ["ID"]));
  });
});

describe("hostile servers", () => {
  const greeting = "%1\r\n$5\r\nproto\r\n:3\r\n";

  it.each([
    ["?\r\n", "ERR_REDIS_INVALID_RESPONSE_TYPE"],
    [":x\r\n", "ERR_REDIS_INVALID_INTEGER"],
    ["$3\r\nabcde", "ERR_REDIS_INVALID_BULK_STRING"],
    ["$9999999999\r\n", "ERR_REDIS_INVALID_BULK_STRING"],
    [`${"*1\r\n".repeat(129)}:1\r\n`, "ERR_REDIS_INVALID_RESPONSE"],
  ])("%j ends the connection", async (bytes, code) => {
    const peer = await script((command) => (command === "HELLO" ? greeting : bytes));
    const client = connect(`redis://localhost:${peer.port}`);
    const closed = new Promise<any>((resolve) => (client.onclose = resolve));
    const answers = await Promise.allSettled([client.get("a"), client.get("b")]);
    for (const answer of answers) expect(answer).toMatchObject({ reason: { code } });
    await closed;
  });

  it("replies cut at every byte are put together", async () => {
    const reply = "*3\r\n$5\r\nhé!!\r\n%1\r\n+k\r\n:1\r\n_\r\n";
    const peer = await script((command) => (command === "HELLO" ? greeting : { trickle: reply }));
    const client = connect(`redis://localhost:${peer.port}`);
    expect(await client.send("X", [])).toEqual(["hé!!", { k: 1 }, null]);
  });

  it("a lost connection rejects what was sent", async () => {
    let drops = 1;
    const peer = await script((command) => {
      if (command === "HELLO") return greeting;
      return drops-- > 0 ? null : "+OK\r\n";
    });
    const client = connect(`redis://localhost:${peer.port}`);
    await expect(client.get("a")).rejects.toMatchObject({ message: "Connection closed" });
    expect(await client.get("b")).toBe("OK");
  });
});

describe("the process", () => {
  const node = (source: string) => run(process.execPath, ["-e", source], { timeout: 20_000 });
  const prelude = () => `const { RedisClient } = require(${JSON.stringify(entry)});
    const client = new RedisClient(${JSON.stringify(authenticated())});`;

  it("exits while a client is idle and connected", async () => {
    const { stdout } = await node(`${prelude()} client.ping().then(console.log)`);
    expect(stdout).toBe("PONG\n");
  });

  it("stays for pending commands", async () => {
    const { stdout } = await node(`${prelude()} client.send("BLPOP", ["nothing", "0.2"]).then(console.log)`);
    expect(stdout).toBe("null\n");
  });

  it("stays for subscriptions unless unref was called", async () => {
    const { stdout } = await node(`${prelude()}
      client.subscribe("c", (message) => { console.log(message); client.unsubscribe(); }).then(async () => {
        const other = await client.duplicate();
        setTimeout(() => other.publish("c", "late"), 50).unref();
      })`);
    expect(stdout).toBe("late\n");
    await node(`${prelude()} client.subscribe("c", () => {}).then(() => client.unref())`);
  });

  it("a worker can be terminated with work in flight", async () => {
    const source = `${prelude()}
      const { parentPort } = require("node:worker_threads");
      for (let i = 0; i < 1000; i++) client.send("BLPOP", ["nothing", 0]).catch(() => {});
      setImmediate(() => parentPort.postMessage("started"));`;
    const worker = new Worker(source, { eval: true });
    await once(worker, "message");
    await worker.terminate();
    expect(await connect(authenticated()).ping()).toBe("PONG");
  });
});

it("inspect shows no password", () => {
  expect(inspect(connect(`redis://user:hunter2@localhost:1`))).not.toContain("hunter2");
});
