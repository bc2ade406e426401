/** Servers that do not take HELLO: they are logged in to with AUTH and speak RESP2. */
import { describe, expect, it } from "vitest";
import { useClients } from "../support/clients.js";
import { useServer } from "../support/redis.js";
import { startScripted } from "../support/scripted.js";

const { connect } = useClients();

describe.each([
  ["renamed away", 2, ['rename-command HELLO ""', "requirepass secret"], ":secret@"],
  ["gone, for a user", 2, ['rename-command HELLO ""', "user app on >secret ~* &* +@all"], "app:secret@"],
  ["gone, without a password", 2, ['rename-command HELLO ""'], ""],
  // Redis 7 does not hold a client to this prohibition; whatever it does, the client must work.
  ["forbidden by ACL", 3, ["user default on >secret ~* &* +@all -hello"], ":secret@"],
])("HELLO %s", (_, proto, config, login) => {
  const server = useServer({ config });
  const url = () => `redis://${login}127.0.0.1:${server.port}`;

  it("logs in, selects the database and sets the name", async () => {
    const client = connect(`${url()}/3`, { name: "worker", library: { name: "lib", version: "1" } });
    const seen: unknown[] = [];
    client.onconnect = (_, hello) => void seen.push(hello);
    const hello = await client.connect();
    expect(hello.proto).toBe(proto);
    expect(seen).toEqual([hello]);
    const info = await client.send("CLIENT", ["INFO"]);
    expect(info).toContain(" db=3 ");
    expect(info).toContain(" name=worker ");
    await client.hset("h", { a: "1" });
    expect(await client.send("HGETALL", ["h"])).toEqual(proto === 2 ? ["a", "1"] : { a: "1" });
    expect(await client.get("missing")).toBeNull();
    expect(await client.exists("h")).toBe(true);
    const replies = await Promise.all([client.incr("n"), client.send("NOSUCH", []).catch((error) => error.code)]);
    expect(replies).toEqual([1, "ERR_REDIS_SERVER_ERROR"]);
  });

  it("receives messages", async () => {
    const [subscriber, publisher] = [connect(url()), connect(url())];
    const messages: unknown[] = [];
    let wake = () => {};
    const all = new Promise<void>((resolve) => (wake = resolve));
    const listener = (message: string, channel: string) => {
      messages.push([channel, message]);
      if (messages.length === 2) wake();
    };
    expect(await subscriber.subscribe(["a", "b"], listener)).toBe(2);
    expect([await subscriber.ping(), await subscriber.ping("there?")]).toEqual(["PONG", "there?"]);
    expect(await publisher.publish("a", "1")).toBe(1);
    expect(await publisher.publish("b", "2")).toBe(1);
    await all;
    expect(messages).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
    await subscriber.unsubscribe();
    // The answer looks like a message and is none.
    await publisher.send("RPUSH", ["list", "message", "a", "3"]);
    expect(await subscriber.send("LRANGE", ["list", "0", "-1"])).toEqual(["message", "a", "3"]);
    await publisher.send("DEL", ["list"]);
    expect(messages).toHaveLength(2);
  });

  it("does the same after a reconnect", async () => {
    const [client, other] = [connect(`${url()}/3`), connect(url())];
    await client.connect();
    const id = await client.send("CLIENT", ["ID"]);
    const again = new Promise<any>((resolve) => (client.onconnect = (_, hello) => resolve(hello)));
    await other.send("CLIENT", ["KILL", "ID", id]);
    expect(await again).toMatchObject({ proto });
    expect(await client.send("CLIENT", ["INFO"])).toContain(" db=3 ");
  });
});

describe("HELLO forbidden by a server that holds to it", () => {
  const answers: Record<string, string> = {
    HELLO: "-NOPERM User app has no permissions to run the 'hello' command\r\n",
    AUTH: "+OK\r\n",
    SELECT: "+OK\r\n",
    GET: "$5\r\nvalue\r\n",
  };

  it("logs in with AUTH", async () => {
    const seen: string[] = [];
    const server = await startScripted((command, args) => {
      seen.push([command, ...args].join(" "));
      return answers[command] ?? "-ERR unknown command\r\n";
    });
    try {
      const client = connect(`redis://app:secret@127.0.0.1:${server.port}/2`);
      expect(await client.get("k")).toBe("value");
      expect(seen).toEqual(["HELLO 3 AUTH app secret", "SELECT 2", "AUTH app secret", "SELECT 2", "GET k"]);
    } finally {
      await server.stop();
    }
  });

  it("gives up when AUTH is forbidden as well", async () => {
    const server = await startScripted(() => "-NOPERM no permissions\r\n");
    try {
      const client = connect(`redis://app:secret@127.0.0.1:${server.port}`);
      await expect(client.get("k")).rejects.toMatchObject({ message: expect.stringMatching(/^NOPERM/) });
      expect(server.connections()).toBe(1);
    } finally {
      await server.stop();
    }
  });
});

describe("a refused login", () => {
  const server = useServer({ config: ['rename-command HELLO ""', "requirepass secret"] });

  it("is final", async () => {
    const client = connect(`redis://:wrong@127.0.0.1:${server.port}`);
    await expect(client.get("k")).rejects.toMatchObject({
      code: "ERR_REDIS_AUTHENTICATION_FAILED",
      message: expect.stringMatching(/^WRONGPASS/),
    });
  });

  it("shows when a password is missing", async () => {
    const client = connect(`redis://127.0.0.1:${server.port}`);
    await expect(client.get("k")).rejects.toMatchObject({ message: expect.stringMatching(/^NOAUTH/) });
  });
});
