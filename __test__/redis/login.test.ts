/** What a connection introduces itself with: credentials on demand, a name, the library. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { RedisOptions } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { useClients } from "../support/clients.js";

const run = promisify(execFile);
const entry = new URL("../../index.js", import.meta.url).pathname;

let server: Awaited<ReturnType<typeof startRedis>>;

beforeAll(async () => {
  server = await startRedis({ config: ["user app on >first >second ~* &* +@all", "user default off"] });
});

afterAll(() => server?.stop());

const { connect: connectTo, script } = useClients();
const connect = (options: RedisOptions, port = server.port) =>
  connectTo(`redis://nobody:nothing@localhost:${port}`, options);

describe("credentials", () => {
  it("are asked for on each connection", async () => {
    const passwords = ["first", "second"];
    const asked: string[] = [];
    const client = connect({
      credentials: async () => {
        const password = passwords.shift() as string;
        asked.push(password);
        return { username: "app", password };
      },
    });
    expect(await client.send("ACL", ["WHOAMI"])).toBe("app");
    const id = await client.send("CLIENT", ["ID"]);
    await expect(client.send("CLIENT", ["KILL", "ID", id, "SKIPME", "no"])).resolves.toBe(1);
    // The server drops the connection behind its answer.
    await expect.poll(() => asked).toEqual(["first", "second"]);
    expect(await client.send("ACL", ["WHOAMI"])).toBe("app");
  });

  it("may be given at once", async () => {
    const client = connect({ credentials: () => ({ username: "app", password: "first" }) });
    expect(await client.ping()).toBe("PONG");
  });

  it("that are wrong are final", async () => {
    let asked = 0;
    const client = connect({ credentials: () => (asked++, { username: "app", password: "wrong" }) });
    await expect(client.ping()).rejects.toMatchObject({ code: "ERR_REDIS_AUTHENTICATION_FAILED" });
    expect(asked).toBe(1);
  });

  it("a provider that fails is asked again, and at the end its error is the cause", async () => {
    let asked = 0;
    const client = connect({
      maxRetries: 1,
      credentials: async () => {
        asked++;
        throw Object.assign(new Error("no token"), { code: "ETOKEN" });
      },
    });
    const error = await client.ping().catch((error) => error);
    expect(error).toMatchObject({
      code: "ERR_REDIS_AUTHENTICATION_FAILED",
      message: "The credentials provider failed",
      cause: { code: "ETOKEN", message: "no token" },
    });
    expect(asked).toBe(2);
  });

  it.each([
    [undefined, "neither a username nor a password"],
    [{ username: 1, password: "p" }, "an object with the strings username and password"],
    [{}, "neither a username nor a password"],
  ])("%j is no answer", async (answer, message) => {
    const client = connect({ maxRetries: 0, credentials: (() => answer) as any });
    await expect(client.ping()).rejects.toMatchObject({ cause: { message: expect.stringContaining(message) } });
  });

  it.each([[() => Promise.reject("a text"), "a text"], [() => Promise.reject(), "undefined"]])(
    "whatever is thrown is told",
    async (credentials, message) => {
      const client = connect({ maxRetries: 0, credentials: credentials as any });
      await expect(client.ping()).rejects.toMatchObject({ cause: { message } });
    },
  );

  it.each([
    ["has no text", Object.create(null)],
    ["cannot be looked at", { get message() { throw new Error("never"); } }],
  ])("a provider may throw what %s", async (_, thrown) => {
    const client = connect({ maxRetries: 0, credentials: () => Promise.reject(thrown) });
    await expect(client.ping()).rejects.toMatchObject({
      code: "ERR_REDIS_AUTHENTICATION_FAILED",
      cause: { message: "what was thrown has no text" },
    });
  });

  it("that never come run into the connection timeout", async () => {
    const client = connect({ maxRetries: 0, connectionTimeout: 50, credentials: () => new Promise(() => {}) });
    await expect(client.ping()).rejects.toMatchObject({ code: "ERR_REDIS_CONNECTION_TIMEOUT" });
  });

  it("that come too late are not used for another attempt", async () => {
    const answers: ((found: { username: string; password: string }) => void)[] = [];
    const client = connect({
      connectionTimeout: 50,
      credentials: () =>
        new Promise((resolve) => {
          if (answers.push(resolve) < 2) return;
          answers[0]!({ username: "app", password: "wrong" });
          resolve({ username: "app", password: "first" });
        }),
    });
    expect(await client.ping()).toBe("PONG");
  });

  it("are not waited for when the client is closed", async () => {
    const client = connect({ credentials: () => new Promise(() => {}) });
    const waiting = client.ping();
    setImmediate(() => client.close());
    await expect(waiting).rejects.toMatchObject({ message: "Connection closed" });
  });

  it("must come from a function", () => {
    expect(() => connect({ credentials: {} as any })).toThrow(
      expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }),
    );
  });

  it("keep the process alive while they are looked for", async () => {
    const source = `const { RedisClient } = require(${JSON.stringify(entry)});
      const client = new RedisClient("redis://localhost:${server.port}", {
        credentials: () => new Promise((resolve) => {
          setTimeout(() => resolve({ username: "app", password: "first" }), 50).unref();
        }),
      });
      client.ping().then(console.log);`;
    const { stdout } = await run(process.execPath, ["-e", source], { timeout: 20_000 });
    expect(stdout).toBe("PONG\n");
  });
});

describe("name and library", () => {
  const login = { credentials: () => ({ username: "app", password: "first" }) };
  const packets = async (options: RedisOptions) => {
    const peer = await script(() => "+OK\r\n");
    await connect(options, peer.port).ping();
    return peer.received().replace(/\*\d+\r\n/g, "\n").replace(/\$\d+\r\n(.*?)\r\n/g, "$1 ").trim().split(/ ?\n/);
  };

  it("are set on each connection", async () => {
    const client = connect({ ...login, name: "worker-1", library: true });
    const info = await client.send("CLIENT", ["INFO"]);
    expect(info).toContain(" name=worker-1 ");
  });

  it("are not sent unless they are asked for", async () => {
    expect(await packets({})).toEqual(["HELLO 3 AUTH nobody nothing", "PING"]);
  });

  it("travel with HELLO", async () => {
    const { version } = JSON.parse(await import("node:fs").then((fs) => fs.readFileSync("package.json", "utf8")));
    expect(await packets({ name: "n", library: true })).toEqual([
      "HELLO 3 AUTH nobody nothing SETNAME n",
      "CLIENT SETINFO LIB-NAME s3-valkey",
      `CLIENT SETINFO LIB-VER ${version}`,
      "PING",
    ]);
    expect(await packets({ library: { name: "mine", version: "9" } })).toEqual([
      "HELLO 3 AUTH nobody nothing",
      "CLIENT SETINFO LIB-NAME mine",
      "CLIENT SETINFO LIB-VER 9",
      "PING",
    ]);
  });

  it.each([
    [{ name: "two words" }, "ERR_INVALID_ARG_VALUE"],
    [{ library: { name: "a\nb" } }, "ERR_INVALID_ARG_VALUE"],
    [{ name: 1 }, "ERR_INVALID_ARG_TYPE"],
    [{ library: 1 }, "ERR_INVALID_ARG_TYPE"],
    [{ library: { version: 1 } }, "ERR_INVALID_ARG_TYPE"],
    [{ keepAlive: "1" }, "ERR_INVALID_ARG_TYPE"],
    [{ deadPeerTimeout: -1 }, "ERR_OUT_OF_RANGE"],
  ])("%j throws", (options, code) => {
    expect(() => connect(options as any)).toThrow(expect.objectContaining({ code }));
  });
});

describe("NODE_DEBUG=s3-valkey", () => {
  it("shows the life cycle on stderr, without secrets", async () => {
    const debug = (value: string, options = "{}") => {
      const source = `const { RedisClient } = require(${JSON.stringify(entry)});
        const client = new RedisClient("redis://app:first@localhost:${server.port}", ${options});
        client.set("secret-key", "secret-value").then(() => client.close());`;
      return run(process.execPath, ["-e", source], { timeout: 20_000, env: { ...process.env, NODE_DEBUG: value } });
    };
    const { stderr } = await debug("s3-valkey");
    expect((await debug("", "{ debug: true }")).stderr).toBe(stderr);
    expect(stderr.trim().split("\n")).toEqual([
      `s3-valkey redis localhost:${server.port}: connecting, 0 attempts failed before`,
      `s3-valkey redis localhost:${server.port}: logged in, RESP3`,
      `s3-valkey redis localhost:${server.port}: ended: Connection closed`,
    ]);
    expect((await debug("http")).stderr).not.toContain("s3-valkey");
  });
});
