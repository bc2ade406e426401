/** Scripts that are called by their digest, and functions of libraries. */
import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { RedisClient, RedisPool, type RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { startScripted } from "../support/scripted.js";

const ADD = "return redis.call('INCRBY', KEYS[1], ARGV[1])";
const ECHO = "return {KEYS, ARGV}";
const MISSING = "-NOSCRIPT No matching script. Please use EVAL.\r\n";
const LIBRARY = `#!lua name=counters
redis.register_function("bump", function(keys, args) return redis.call("INCRBY", keys[1], args[1]) end)
redis.register_function{ function_name = "peek", callback = function(keys) return redis.call("GET", keys[1]) end, flags = { "no-writes" } }
`;
const invalidType = expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" });
const invalidValue = expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" });

let server: Awaited<ReturnType<typeof startRedis>>;
const clients: RedisClient[] = [];

beforeAll(async () => {
  server = await startRedis();
});

afterEach(async () => {
  const client = new RedisClient(server.url);
  await Promise.all([client.flushall(), client.scriptFlush(), client.functionFlush()]);
  for (const used of [client, ...clients.splice(0)]) used.close();
});

afterAll(async () => {
  await server?.stop();
});

function connect(options?: RedisOptions, url = server.url) {
  const client = new RedisClient(url, options);
  clients.push(client);
  return client;
}

/** How often the server has run commands since its statistics were reset. */
async function calls(client: RedisClient) {
  const stats = `${await client.info("commandstats")}`;
  return Object.fromEntries([...stats.matchAll(/cmdstat_(eval|fcall)(\w*):calls=(\d+)/g)].map(([, a, b, n]) => [`${a}${b}`, Number(n)]));
}

describe("scripts", () => {
  it("are sent whole once, and called by their digest from then on", async () => {
    const client = connect();
    await client.configResetstat();
    const add = client.defineScript<number>(ADD, { keys: 1 });
    expect(await add.run(["n"], [2])).toBe(2);
    expect(await add.run(["n"], ["3"])).toBe(5);
    expect(await calls(client)).toEqual({ evalsha: 2, eval: 1 });
    expect(add.sha1).toBe(createHash("sha1").update(ADD).digest("hex"));
    expect(add.lua).toBe(ADD);
  });

  it("are sent again when the server has forgotten them", async () => {
    const client = connect();
    const add = client.defineScript(ADD);
    await add.run(["n"], [1]);
    await client.scriptFlush();
    expect(await add.run(["n"], [1])).toBe(2);
    expect(await add.run(["n"], [1])).toBe(3);
  });

  it("run once each in a burst, whoever brings the text", async () => {
    const client = connect();
    const add = client.defineScript<number>(ADD);
    const replies = await Promise.all(Array.from({ length: 100 }, () => add.run(["n"], [1])));
    expect(replies.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  it("can be loaded beforehand", async () => {
    const client = connect();
    const add = client.defineScript(ADD);
    expect(await add.load()).toBe(add.sha1);
    await client.configResetstat();
    await add.run(["n"], [1]);
    expect(await calls(client)).toEqual({ evalsha: 1 });
  });

  it("take text, numbers and bytes, and answer as any command", async () => {
    const client = connect();
    const echo = client.defineScript(ECHO);
    const binary = Buffer.from([0, 0xff, 0x0d, 0x0a]);
    expect(await echo.run(["a"], [1.5, "é"])).toEqual([["a"], ["1.5", "é"]]);
    expect(await echo.run()).toEqual([[], []]);
    expect(await echo.on(client.buffers).run([binary], [new Uint8Array([1])])).toEqual([[binary], [Buffer.from([1])]]);
    expect(await client.defineScript("return redis.status_reply('FINE')").run()).toBe("FINE");
    expect(await client.defineScript("return false").run()).toBeNull();
  });

  it("run on several clients", async () => {
    const [one, other] = [connect(), connect({ db: 1 })];
    const add = one.defineScript(ADD);
    const there = add.on(other);
    expect([await add.run(["n"], [1]), await there.run(["n"], [5])]).toEqual([1, 5]);
    expect(await other.get("n")).toBe("5");
    expect(there.sha1).toBe(add.sha1);
    expect(() => add.on({} as any).run()).toThrow(expect.objectContaining({ code: "ERR_INVALID_THIS" }));
  });

  it("run on the connections of a pool, and on a leased one", async () => {
    const pool = new RedisPool(server.url, { max: 4 });
    clients.push(pool);
    const add = connect().defineScript<number>(ADD);
    const replies = await Promise.all(Array.from({ length: 20 }, () => add.on(pool).run(["n"], [1])));
    expect(new Set(replies).size).toBe(20);
    const lease = await pool.acquire();
    expect(await add.on(lease).run(["n"], [1])).toBe(21);
    lease.release();
  });

  it("have the client's key prefix", async () => {
    const client = connect({ keyPrefix: "p:" });
    await client.defineScript(ADD).run(["n"], [4]);
    expect(await connect().get("p:n")).toBe("4");
  });

  it("that only read may not write", async () => {
    const client = connect();
    await client.set("k", "v");
    await client.configResetstat();
    const peek = client.defineScript("return redis.call('GET', KEYS[1])", { readOnly: true });
    expect([await peek.run(["k"]), await peek.run(["k"])]).toEqual(["v", "v"]);
    expect(await calls(client)).toEqual({ evalsha_ro: 2, eval_ro: 1 });
    await expect(client.defineScript(ADD, { readOnly: true }).run(["n"], [1])).rejects.toThrow(/read-only|Write commands/);
  });

  it("reject with the error of a script, which is not run a second time", async () => {
    const client = connect();
    const failing = client.defineScript("redis.call('INCR', 'runs') return redis.error_reply('NOSCRIPT of its own')");
    await failing.load();
    await expect(failing.run()).rejects.toMatchObject({ code: "ERR_REDIS_SERVER_ERROR" });
    expect(await client.get("runs")).toBe("1");
    await expect(client.defineScript("this is no Lua").run()).rejects.toThrow(/compil/);
  });

  it("are tried as a whole once only", async () => {
    const forgetful = await startScripted((command) => (command === "HELLO" ? "%0\r\n" : MISSING));
    const client = connect({}, `redis://localhost:${forgetful.port}`);
    await expect(client.defineScript(ADD).run(["n"], [1])).rejects.toThrow(/^NOSCRIPT/);
    expect(forgetful.received().match(/EVAL(SHA)?\r\n/g)).toEqual(["EVALSHA\r\n", "EVAL\r\n"]);
    client.close();
    await forgetful.stop();
  });

  it("are commands of transactions and pipelines, sent whole", async () => {
    const client = connect();
    const add = client.defineScript<number>(ADD, { keys: 1 });
    const executed = add.on(client.multi().set("n", 1)).run(["n"], [2]).incr("n").exec();
    expect(await executed).toEqual(["OK", 3, 4]);
    await client.scriptFlush();
    const pipeline = client.buffers.pipeline();
    add.on(pipeline).run(["n"], [1]).get("n");
    expect(await pipeline.exec()).toEqual([5, Buffer.from("5")]);
    expect(() => add.on(client.multi()).run([])).toThrow(invalidValue);
  });

  it("end with the signal of a view", async () => {
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    const client = connect();
    await expect(client.with({ signal: controller.signal }).defineScript(ADD).run(["n"], [1])).rejects.toThrow("enough");
  });

  it("refuse what cannot be sent, at once", () => {
    const client = connect();
    expect(() => client.defineScript(1 as any)).toThrow(invalidType);
    expect(() => client.defineScript("")).toThrow(invalidValue);
    expect(() => client.defineScript(ADD, 1 as any)).toThrow(invalidType);
    expect(() => client.defineScript(ADD, { keys: "1" as any })).toThrow(invalidType);
    expect(() => client.defineScript(ADD, { keys: -1 })).toThrow(expect.objectContaining({ code: "ERR_OUT_OF_RANGE" }));
    const add = client.defineScript(ADD, { keys: 1 });
    expect(() => add.run([], [1])).toThrow(invalidValue);
    expect(() => add.run(["a", "b"], [1])).toThrow(invalidValue);
    expect(() => add.run("n" as any, [1])).toThrow(invalidType);
    expect(() => add.run(["n"], [undefined as any])).toThrow(invalidType);
    expect(client.connected).toBe(false);
  });
});

describe("functions", () => {
  it("bring their library when it is missing", async () => {
    const client = connect();
    await client.configResetstat();
    const library = client.defineLibrary(LIBRARY);
    const bump = library.function<number>("bump", { keys: 1 });
    expect(library.name).toBe("counters");
    expect([await bump.run(["n"], [2]), await bump.run(["n"], [3])]).toEqual([2, 5]);
    expect(await calls(client)).toEqual({ fcall: 3 });
    await client.functionFlush();
    expect(await Promise.all([bump.run(["n"], [1]), bump.run(["n"], [1])])).toEqual([6, 7]);
  });

  it("are commands of transactions as well, once their library is there", async () => {
    const client = connect();
    const library = client.defineLibrary(LIBRARY);
    const bump = library.function<number>("bump");
    await expect(bump.on(client.multi()).run(["n"], [1]).exec({ throwOnError: true })).rejects.toThrow(/not found/);
    await library.load();
    expect(await bump.on(client.multi()).run(["n"], [1]).exec()).toEqual([1]);
  });

  it("that only read are called as such", async () => {
    const client = connect();
    await client.set("k", "v");
    const library = client.defineLibrary(LIBRARY);
    expect(await library.function("peek", { readOnly: true }).run(["k"])).toBe("v");
    expect(await library.function("peek", { readOnly: true }).on(client.buffers).run(["k"])).toEqual(Buffer.from("v"));
    await expect(library.function("bump", { readOnly: true }).run(["n"], [1])).rejects.toThrow(/write flag/);
  });

  it("leave a library that is there as it is, until it is loaded", async () => {
    const client = connect();
    await client.functionLoad(LIBRARY.replace("INCRBY", "DECRBY"));
    const library = client.defineLibrary(LIBRARY);
    expect(await library.function("bump").run(["n"], [1])).toBe(-1);
    await expect(library.function("none").run()).rejects.toThrow(/Function not found/);
    expect(await library.function("bump").run(["n"], [1])).toBe(-2);
    await expect(library.load({ replace: false })).rejects.toThrow(/already exists/);
    expect(await library.load()).toBe("counters");
    expect(await library.function("bump").run(["n"], [1])).toBe(-1);
  });

  it("of a library that does not compile reject with the reason", async () => {
    const library = connect().defineLibrary("#!lua name=broken\nthis is no Lua");
    await expect(library.function("any").run()).rejects.toThrow(/compil/);
  });

  it("refuse what cannot be sent, at once", async () => {
    const client = connect();
    expect(() => client.defineLibrary(1 as any)).toThrow(invalidType);
    for (const code of ["", "return 1", "#!lua\n", "-- #!lua name=late"]) {
      expect(() => client.defineLibrary(code)).toThrow(invalidValue);
    }
    const library = client.defineLibrary(LIBRARY);
    expect(() => library.function(1 as any)).toThrow(invalidType);
    expect(() => library.function("bump", { keys: 1 }).run([])).toThrow(invalidValue);
    await expect(library.load(null as any)).rejects.toThrow(invalidType);
  });
});
