/** Deadlines, signals, and the bounds of the queue. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { RedisClient, RedisError, type RedisOptions } from "../../index.js";
import { useClients } from "../support/clients.js";
import { useServer } from "../support/redis.js";
import { thrownBy } from "../support/thrown.js";
import { GREETING } from "../support/transports.js";
import { untyped } from "../support/untyped.js";

const run = promisify(execFile);
const entry = new URL("../../index.js", import.meta.url).pathname;

const server = useServer();
const { keep, script } = useClients();
const connect = (options: RedisOptions = {}, url = server.url) => keep(new RedisClient(url, options));

/** A server that holds back its answers to GET until `release` is called, and echoes their order. */
async function slowServer() {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let gets = 0;
  const peer = await script(async (command) => {
    if (command === "HELLO") return GREETING;
    if (command !== "GET") return "+PONG\r\n";
    await released;
    return `:${++gets}\r\n`;
  });
  return { url: `redis://localhost:${peer.port}`, release, received: peer.received };
}

describe("commandTimeout", () => {
  it("rejects what is not answered in time, and never gives a late reply to another command", async () => {
    const { url, release } = await slowServer();
    const client = connect({ commandTimeout: 30 }, url);
    const late = await Promise.allSettled([client.get("a"), client.get("b"), client.ping()]);
    for (const result of late) {
      expect(result).toMatchObject({
        status: "rejected",
        reason: { name: "RedisError", code: "ERR_REDIS_COMMAND_TIMEOUT", message: "Command timed out after 30ms" },
      });
    }
    const next = client.with({ timeout: 0 });
    const answers = Promise.all([next.get("c"), next.ping()]);
    release();
    expect(await answers).toEqual([3, "PONG"]);
  });

  it("a subscription that comes too late is ended again", async () => {
    const peer = await script((command) => {
      if (command === "HELLO") return GREETING;
      return command === "SUBSCRIBE" ? "" : ">3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n";
    });
    const client = connect({ commandTimeout: 20 }, `redis://localhost:${peer.port}`);
    await expect(client.subscribe("c", () => {})).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
    while (!peer.received().includes("UNSUBSCRIBE\r\n$1\r\nc\r\n")) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  });

  it("a subscription whose end is confirmed too late has ended all the same", async () => {
    const confirmation = (kind: string, count: number) => `>3\r\n+${kind}\r\n+c\r\n:${count}\r\n`;
    const peer = await script((command) => {
      if (command === "HELLO") return GREETING;
      if (command === "SUBSCRIBE") return confirmation("subscribe", 1);
      return command === "UNSUBSCRIBE" ? "" : `${confirmation("unsubscribe", 0)}+value\r\n`;
    });
    // Long enough for what is answered at once.
    const client = connect({ commandTimeout: 500 }, `redis://localhost:${peer.port}`);
    await client.connect();
    await client.subscribe("c", () => {});
    expect(() => client.get("k")).toThrow(expect.objectContaining({ code: "ERR_REDIS_INVALID_STATE" }));
    await expect(client.unsubscribe("c")).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
    expect(await client.get("k")).toBe("value");
  });

  it("includes the wait for a connection", async () => {
    const peer = await script(() => "");
    const client = connect({ commandTimeout: 20 }, `redis://localhost:${peer.port}`);
    await expect(client.get("k")).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
  });

  it("spares commands that wait on the server, unless the call says otherwise", async () => {
    const client = connect({ commandTimeout: 40 });
    expect(await client.blpop("nothing", 0.2)).toBeNull();
    expect(await client.send("BLPOP", ["nothing", "0.2"])).toBeNull();
    expect(await client.xread("BLOCK", 200, "STREAMS", "no-stream", "0")).toBeNull();
    const hurried = client.with({ timeout: 30 });
    await expect(hurried.blpop("nothing", 0.3)).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
    expect(await client.with({ timeout: 0 }).ping()).toBe("PONG");
  });

  it("a busy event loop does not time out what has been answered", async () => {
    const client = connect({ commandTimeout: 50 });
    await client.connect();
    const answer = client.ping();
    await new Promise<void>((resolve) => setImmediate(resolve));
    const end = Date.now() + 150;
    while (Date.now() < end);
    expect(await answer).toBe("PONG");
  });

  it("lets the process exit when the server never answers", async () => {
    const { url } = await slowServer();
    const source = `const { RedisClient } = require(${JSON.stringify(entry)});
      const client = new RedisClient(${JSON.stringify(url)}, { commandTimeout: 20 });
      client.get("k").catch((error) => console.log(error.code));`;
    const { stdout } = await run(process.execPath, ["-e", source], { timeout: 15_000 });
    expect(stdout).toBe("ERR_REDIS_COMMAND_TIMEOUT\n");
  });

  it.each([
    [{ commandTimeout: "1" }, TypeError, "ERR_INVALID_ARG_TYPE"],
    [{ commandTimeout: 1.5 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ commandTimeout: -1 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ maxQueueBytes: 0 }, RangeError, "ERR_OUT_OF_RANGE"],
    [{ maxQueueCommands: true }, TypeError, "ERR_INVALID_ARG_TYPE"],
  ])("%j is refused", (options, Class, code) => {
    const thrown = thrownBy(() => new RedisClient(server.url, untyped(options)));
    expect(thrown).toBeInstanceOf(Class);
    expect(thrown).toMatchObject({ code });
  });
});

describe("signal", () => {
  it("rejects with its reason at once, and the late reply is dropped", async () => {
    const { url, release } = await slowServer();
    const client = connect({}, url);
    await client.connect();
    const controller = new AbortController();
    const view = client.with({ signal: controller.signal });
    const aborted = Promise.allSettled([view.get("a"), view.get("b")]);
    const kept = client.get("c");
    await new Promise<void>((resolve) => setImmediate(resolve));
    const reason = new Error("changed my mind");
    controller.abort(reason);
    expect(await aborted).toEqual([
      { status: "rejected", reason },
      { status: "rejected", reason },
    ]);
    release();
    expect(await kept).toBe(3);
    expect(await client.get("d")).toBe(4);
  });

  it("that is aborted already sends nothing", async () => {
    const client = connect();
    await client.del("counter");
    const view = client.with({ signal: AbortSignal.abort("too late") });
    await expect(view.incr("counter")).rejects.toBe("too late");
    expect(await client.get("counter")).toBeNull();
  });

  it("has one listener while commands wait, and none behind them", async () => {
    const client = connect();
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const view = client.with({ signal });
    const pending = [view.get("a"), view.send("NOSUCHCOMMAND", [])];
    expect(listeners).toBe(1);
    await Promise.allSettled(pending);
    expect(listeners).toBe(0);
  });

  it("and other options of a view are checked", () => {
    const client = connect() as any;
    expect(() => client.with()).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }));
    expect(() => client.with({ signal: {} })).toThrow('The "signal" property must be an AbortSignal. Received object');
    expect(() => client.with({ timeout: "1" })).toThrow('The "timeout" property must be of type number. Received string');
    expect(() => client.with({ timeout: 2 ** 31 })).toThrow(RangeError);
  });
});

describe("the queue", () => {
  /** A client without a server: everything waits. */
  async function offline(options: RedisOptions) {
    const peer = await script(() => "");
    return connect(options, `redis://localhost:${peer.port}`);
  }

  it("is bounded by the number of commands", async () => {
    const client = await offline({ maxQueueCommands: 2 });
    const waiting = [client.get("a"), client.get("b")].map((promise) => promise.catch((error) => error.code));
    await expect(client.get("c")).rejects.toMatchObject({
      name: "RedisError",
      code: "ERR_REDIS_QUEUE_FULL",
      message: "The queue of commands is full: maxQueueCommands is 2",
    });
    await new Promise<void>((resolve) => setImmediate(resolve));
    await expect(client.get("d")).rejects.toBeInstanceOf(RedisError);
    client.close();
    expect(await Promise.all(waiting)).toEqual(["ERR_REDIS_CONNECTION_CLOSED", "ERR_REDIS_CONNECTION_CLOSED"]);
  });

  it("is bounded by bytes, of binary arguments too", async () => {
    const client = await offline({ maxQueueBytes: 10_000 });
    const waiting = client.set("k", Buffer.alloc(8000)).catch((error) => error.code);
    await expect(client.set("k", "ü".repeat(1500))).rejects.toMatchObject({ code: "ERR_REDIS_QUEUE_FULL" });
    const small = client.set("k", "x".repeat(1500)).catch((error) => error.code);
    client.close();
    expect(await Promise.all([waiting, small])).toEqual(["ERR_REDIS_CONNECTION_CLOSED", "ERR_REDIS_CONNECTION_CLOSED"]);
  });

  it("does not count what the socket has taken", async () => {
    const client = connect({ maxQueueCommands: 10, maxQueueBytes: 1000 });
    await client.connect();
    const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => client.echo(`${index}`)));
    expect(answers).toEqual(Array.from({ length: 500 }, (_, index) => `${index}`));
  });

  it("drain waits for every command, whichever way it ends", async () => {
    const { url, release } = await slowServer();
    const client = connect({}, url);
    const order: string[] = [];
    void client.get("a").then(() => order.push("a"));
    const late = client.with({ timeout: 20 }).get("b");
    void late.catch(() => {
      order.push("b");
      release();
    });
    await client.drain();
    order.push("drained");
    expect(order).toEqual(["b", "a", "drained"]);
    await client.drain();
  });

  it("drain of a client that does nothing resolves without a connection", async () => {
    const client = await offline({});
    await client.drain();
    expect(client.connected).toBe(false);
  });

  it("disposing of a client drains and closes it", async () => {
    let client: RedisClient;
    let answer: Promise<string | null>;
    {
      await using scoped = connect();
      client = scoped;
      answer = scoped.set("disposed", "1");
    }
    expect(await answer).toBe("OK");
    expect(client.connected).toBe(false);
    await expect(client.get("k")).rejects.toMatchObject({ message: "Connection has failed" });
  });
});

describe("nothing is mixed up", () => {
  it("by deadlines and signals while connections are lost", async () => {
    const client = connect();
    const killer = connect();
    let kills = 0;
    const rounds = Array.from({ length: 40 }, async (_, round) => {
      await new Promise<void>((resolve) => setTimeout(resolve, round * 3));
      if (round % 10 === 5) {
        kills++;
        void killer.send("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]);
      }
      const controller = new AbortController();
      const views = [client, client.with({ timeout: 1 + (round % 4) }), client.with({ signal: controller.signal })];
      const calls = Array.from({ length: 60 }, (_, index) => {
        const token = `${round}:${index}`;
        const settled: string[] = [];
        const call = views[index % 3]!.echo(token).then(
          (answer) => settled.push(answer === token ? "own" : `${answer} for ${token}`),
          (error) => settled.push(error instanceof RedisError ? error.code : error.name),
        );
        return call.then(() => settled);
      });
      if (round % 2 === 0) controller.abort();
      else queueMicrotask(() => controller.abort());
      return Promise.all(calls);
    });
    const outcomes = (await Promise.all(rounds)).flat();
    expect(kills).toBe(4);
    expect(outcomes.every((settled) => settled.length === 1)).toBe(true);
    const known = ["own", "AbortError", "ERR_REDIS_CONNECTION_CLOSED", "ERR_REDIS_COMMAND_TIMEOUT"];
    expect(outcomes.flat().filter((outcome) => !known.includes(outcome))).toEqual([]);
    expect(outcomes.flat()).toContain("own");
    expect(await client.echo("end")).toBe("end");
  });
});
