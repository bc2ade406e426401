/** The order of replies and invalidations, as no real server lets a test choose it. */
import { afterEach, describe, expect, it } from "vitest";
import { RedisClient } from "../../index.js";
import { startScripted, type Answer, type Scripted } from "../support/scripted.js";

const changed = (...keys: string[]) =>
  `>2\r\n$10\r\ninvalidate\r\n*${keys.length}\r\n${keys.map((key) => `$${key.length}\r\n${key}\r\n`).join("")}`;
const ALL_CHANGED = ">2\r\n$10\r\ninvalidate\r\n_\r\n";
const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

let server: Scripted;
let client: RedisClient;

async function start(reply: (command: string, args: string[]) => Answer | Promise<Answer>) {
  server = await startScripted((command, args) => {
    if (command === "HELLO") return "%0\r\n";
    return command === "CLIENT" ? "+OK\r\n" : reply(command, args);
  });
  client = new RedisClient(`redis://localhost:${server.port}`, { clientCache: true });
}

afterEach(async () => {
  client.close();
  await server.stop();
});

/** How often a command has arrived. */
const count = (command: string) => server.received().split(`\r\n${command}\r\n`).length - 1;

/** Replies one after the other. */
function inTurn(...answers: Answer[]) {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)]!;
}

describe("a reply", () => {
  it("that was overtaken by its invalidation is not kept", async () => {
    await start(inTurn(changed("k") + bulk("old"), bulk("new")));
    expect(await client.get("k")).toBe("old");
    expect(client.cache!.stats).toMatchObject({ entries: 0, bytes: 0 });
    expect(await client.get("k")).toBe("new");
    expect(await client.get("k")).toBe("new");
    expect(count("GET")).toBe(2);
  });

  it("that was overtaken is everybody's own as well", async () => {
    await start(inTurn(`${changed("l")}*1\r\n${bulk("old")}`));
    const mine = client.lrange("l", 0, -1).then((list: string[]) => list.concat(list.splice(0)));
    expect(await client.lrange("l", 0, -1)).toEqual(["old"]);
    expect(await mine).toEqual(["old"]);
    expect(count("LRANGE")).toBe(1);
  });

  it("whose invalidation follows at once is not kept", async () => {
    await start(inTurn(bulk("old") + changed("k"), bulk("new")));
    expect([await client.get("k"), await client.get("k")]).toEqual(["old", "new"]);
  });

  it("is kept when others are invalidated", async () => {
    await start(inTurn(changed("other") + bulk("same") + changed("another", "third"), null));
    expect([await client.get("k"), await client.get("k")]).toEqual(["same", "same"]);
  });

  it("is not kept when everything is invalidated", async () => {
    await start(inTurn(ALL_CHANGED + bulk("old"), bulk("new")));
    expect([await client.get("k"), await client.get("k")]).toEqual(["old", "new"]);
  });

  it("depends on each of its keys", async () => {
    await start((command, [key]) => {
      if (command === "MGET") return `${changed("c")}*2\r\n${bulk("1")}${bulk("2")}`;
      return bulk(key!);
    });
    await client.mget("a", "b");
    await client.mget("a", "b");
    expect(count("MGET")).toBe(1);
    await client.mget("b", "c");
    await client.mget("b", "c");
    expect(count("MGET")).toBe(3);
  });

  it("that is on its way is not given to whoever asks behind its invalidation, or behind a write", async () => {
    let release = (_: Answer) => {};
    const answers = [
      new Promise<Answer>((resolve) => {
        release = resolve;
      }),
      "+OK\r\n",
      bulk("new"),
    ];
    await start(() => answers.shift()!);
    await client.connect();
    const before = client.get("k");
    const together = client.get("k");
    client.set("k", "new");
    const after = client.get("k");
    release(bulk("old"));
    expect(await Promise.all([before, together, after])).toEqual(["old", "old", "new"]);
    expect(await client.get("k")).toBe("new");
    expect(count("GET")).toBe(2);
  });

  it("is not kept behind a command that has waited elsewhere", async () => {
    let release = (_: Answer) => {};
    const popped = new Promise<Answer>((resolve) => {
      release = resolve;
    });
    await start((command) => (command === "BLPOP" ? popped : command === "LLEN" ? ":1\r\n" : "+OK\r\n"));
    const waiting = client.blpop("l", 0);
    await client.llen("l");
    await client.llen("l");
    expect(count("LLEN")).toBe(1);
    release(`*2\r\n${bulk("l")}${bulk("v")}`);
    expect(await waiting).toEqual(["l", "v"]);
    await client.llen("l");
    expect(count("LLEN")).toBe(2);
  });

  it("that fails is no reply for those who come later", async () => {
    await start(inTurn("-ERR busy\r\n", bulk("there")));
    const failed = await Promise.allSettled([client.get("k"), client.get("k")]);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect([await client.get("k"), await client.get("k")]).toEqual(["there", "there"]);
    expect(count("GET")).toBe(2);
  });

  it("that nobody waits for any more is no reply either", async () => {
    await start(inTurn("", changed("none") + bulk("late") + bulk("there"), bulk("again")));
    await expect(client.with({ timeout: 1 }).get("k")).rejects.toMatchObject({ code: "ERR_REDIS_COMMAND_TIMEOUT" });
    expect(await client.get("k")).toBe("there");
    expect(await client.get("k")).toBe("there");
  });

  it("of a lost connection is not kept", async () => {
    await start(inTurn({ bytes: bulk("old"), leave: "close" }, bulk("new")));
    expect(await client.get("k")).toBe("old");
    await client.ping().catch(() => {});
    expect(await client.get("k")).toBe("new");
    expect(server.received().match(/TRACKING\r\n\$2\r\nON/g)?.length).toBe(2);
  });

  it("that is rejected and that nobody handles is an unhandled rejection, as without a cache", async () => {
    await start(inTurn("-ERR no\r\n"));
    const unhandled = new Promise((resolve) => process.once("unhandledRejection", resolve));
    const listeners = process.listeners("unhandledRejection").slice(0, -1);
    for (const listener of listeners) process.off("unhandledRejection", listener);
    void client.get("k");
    expect(await unhandled).toMatchObject({ code: "ERR_REDIS_SERVER_ERROR" });
    for (const listener of listeners) process.on("unhandledRejection", listener);
  });
});

describe("tracking", () => {
  it("is asked for before anything else, and refused servers are not used", async () => {
    server = await startScripted((command, args) => {
      if (command === "HELLO") return "%0\r\n";
      return args[0] === "TRACKING" ? "-ERR unknown subcommand\r\n" : "+OK\r\n";
    });
    client = new RedisClient(`redis://localhost:${server.port}`, { clientCache: { broadcast: ["a:"] }, db: 3 });
    await expect(client.get("a:b")).rejects.toMatchObject({
      code: "ERR_REDIS_TRACKING_UNSUPPORTED",
      message: expect.stringContaining("ERR unknown subcommand"),
    });
    expect(server.received().replaceAll(/[$*]\d+\r\n/g, "").replaceAll("\r\n", " ")).toBe(
      "HELLO 3 SELECT 3 CLIENT TRACKING ON BCAST PREFIX a: ",
    );
  });
});
