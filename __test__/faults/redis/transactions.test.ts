/** Connections that end in the middle of a transaction: it is executed as a whole or not at all, and settles once. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { RedisClient } from "../../../index.js";
import { listen } from "../../support/listen.js";
import { GREETING, TRANSPORTS, outcome, useTransport } from "../../support/transports.js";
import type { Ending } from "../../support/proxy.js";

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);
  const server = lab.useServer();
  let direct: RedisClient;

  /** What a client without a connection sends and receives before it is used, in bytes. */
  async function preamble() {
    const proxy = await lab.proxy(server.port);
    const client = lab.connect(proxy.port);
    await client.connect();
    const [link] = proxy.links;
    const before = { ...link!.passed };
    await move(client);
    return { before, after: { ...link!.passed } };
  }

  /** Three commands that belong together. */
  const move = (client: RedisClient) => client.multi().incr("a").incr("b").incr("c").exec();

  it.each<["client" | "server", Ending]>([
    ["server", "reset"],
    ["client", "reset"],
    ["client", "halfClose"],
  ])("towards the %s, by %s, behind every byte", async (towards, kind) => {
    const { before, after } = await preamble();
    direct = lab.connect(server.port);
    await direct.flushall();
    // With TLS the bytes are those of records; some ends fall into the same one.
    const step = transport === "plain" ? 1 : 7;
    for (let end = before[towards]; end <= after[towards]; end += step) {
      const proxy = await lab.proxy(server.port);
      proxy.plan = (connection) => (connection === 0 ? { ending: { kind, towards, after: end } } : {});
      const client = lab.connect(proxy.port);
      await outcome(client.connect());
      const before = await direct.get("a");
      // The connection is made again, and then a transaction gets through.
      let executed: Awaited<ReturnType<typeof attempt>>;
      let attempts = 0;
      do {
        executed = await attempt(client);
        attempts++;
      } while ("error" in executed && attempts < 5);
      const [total] = "value" in executed ? executed.value : [];
      expect(await direct.mget("a", "b", "c"), `end ${end}`).toEqual([`${total}`, `${total}`, `${total}`]);
      const counted = Number(total) - Number(before);
      expect(counted, `end ${end}`).toBeGreaterThanOrEqual(1);
      expect(counted, `end ${end}`).toBeLessThanOrEqual(attempts);
      client.close();
    }
  });

  async function attempt(client: RedisClient) {
    const executed = await outcome(move(client));
    if ("error" in executed) expect(executed.error.code).toBe("ERR_REDIS_CONNECTION_CLOSED");
    return executed;
  }
});

describe("behind a part that the socket took", () => {
  const lab = useTransport("plain");

  it("what is left is not sent on the next connection", async () => {
    const peer = await startDeaf();
    const client = lab.connect(peer.port);
    await client.connect();
    const transaction = client.multi<unknown[]>();
    for (let index = 0; index < 20; index++) transaction.set(`key${index}`, "x".repeat(1024 * 1024));
    const executed = outcome(transaction.exec());
    const whole = outcome(client.multi().set("whole", "1").exec());
    const single = outcome(client.send("ECHO", ["single"]));
    await peer.filled();
    expect(client.bufferedAmount).toBeGreaterThan(0);
    peer.cut();
    expect(await executed).toMatchObject({ error: { code: "ERR_REDIS_CONNECTION_CLOSED" } });
    await Promise.all([whole, single]);
    // What had not begun goes out, whole; nothing of what had begun does.
    expect(peer.commands(1)).toEqual(["MULTI", "SET", "EXEC", "ECHO"]);
    await peer.stop();
  });
});

/** A server that greets, and on its first connection reads nothing more until it is cut. */
async function startDeaf() {
  const sockets: Socket[] = [];
  const received: string[] = [];
  const server = createServer((socket) => {
    const number = sockets.push(socket) - 1;
    received.push("");
    socket.on("error", () => {}).on("data", (data) => {
      const text = data.toString("latin1");
      if (/\r\nHELLO\r\n/.test(text)) {
        socket.write(GREETING);
        if (number === 0) socket.pause();
        return;
      }
      received[number] += text;
      socket.write("+OK\r\n".repeat(text.match(/^\*/gm)!.length));
    });
  });
  return {
    port: await listen(server, "localhost"),
    /** Resolves when the first connection has something to read that nobody reads. */
    async filled() {
      const [socket] = sockets;
      socket!.resume();
      await once(socket!, "data");
      socket!.pause();
    },
    cut: () => sockets[0]!.resetAndDestroy(),
    commands: (number: number) => [...received[number]!.matchAll(/^\*\d+\r\n\$\d+\r\n(\w+)/gm)].map(([, name]) => name),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
