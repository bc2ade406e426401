/** What a real server does to its clients: stops, dies, kills connections, pauses; and refuses them at the door. */
import { readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { GREETING, TRANSPORTS, outcome, useTransport } from "../../support/transports.js";

const CLOSED = { code: "ERR_REDIS_CONNECTION_CLOSED" };

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);
  const server = lab.useServer();

  it("a server that is killed and started again", async () => {
    const [mortal, heir] = [await lab.redis(), await lab.redis()];
    const proxy = await lab.proxy(mortal.port);
    const client = lab.connect(proxy.port, { maxRetries: 100 });
    await client.set("where", "old");
    await lab.connect(heir.port).set("where", "new");
    const waiting = ["1", "2", "3"].map((key) => outcome(client.send("BLPOP", [key, "0"])));
    await expect.poll(() => lab.connect(mortal.port).info("clients")).toContain("blocked_clients:3");
    process.kill(mortal.pid, "SIGKILL");
    for (const answer of await Promise.all(waiting)) expect(answer).toMatchObject({ error: CLOSED });
    // Those waited on connections of their own; what is sent before the shared one is known to be lost is lost with it.
    await expect.poll(() => client.connected).toBe(false);
    const later = client.get("where");
    proxy.target = heir.port;
    expect(await later).toBe("new");
  });

  it("a server that is stopped and goes on", async () => {
    const stopped = await lab.redis();
    const client = lab.connect(stopped.port);
    await client.ping();
    process.kill(stopped.pid, "SIGSTOP");
    // More than the socket takes, so that much of it waits here.
    const text = "x".repeat(1_000_000);
    const answers = Array.from({ length: 20 }, (_, index) => client.send("ECHO", [`${index}${text}`]));
    await expect.poll(() => client.bufferedAmount).toBeGreaterThan(0);
    process.kill(stopped.pid, "SIGCONT");
    for (const [index, answer] of (await Promise.all(answers)).entries()) expect(answer === `${index}${text}`).toBe(true);
    expect(client.bufferedAmount).toBe(0);
  });

  it("CLIENT KILL, again and again, while commands are on their way", async () => {
    const [client, killer] = [lab.connect(server.port, { maxRetries: 100 }), lab.connect(server.port)];
    const counter = `killed:${transport}`;
    let [acknowledged, unknown] = [0, 0];
    for (let round = 0; round < 15; round++) {
      const id = await client.send("CLIENT", ["ID"]);
      const counts = Array.from({ length: 200 }, () => outcome(client.incr(counter)));
      const kill = killer.send("CLIENT", ["KILL", "ID", `${id}`]);
      counts.push(...Array.from({ length: 200 }, () => outcome(client.incr(counter))));
      for (const count of await Promise.all(counts)) {
        if ("value" in count) acknowledged++;
        else unknown++;
        if ("error" in count) expect(count.error).toMatchObject(CLOSED);
      }
      expect(await kill).toBe(1);
      // The end of the killed connection may come later than all answers.
      await outcome(client.ping());
      await expect.poll(async () => outcome(client.send("CLIENT", ["ID"]))).not.toEqual({ value: id });
    }
    const value = Number(await killer.get(counter));
    expect(value).toBeGreaterThanOrEqual(acknowledged);
    expect(value).toBeLessThanOrEqual(acknowledged + unknown);
  });

  it("CLIENT PAUSE and DEBUG SLEEP only delay", async () => {
    const [client, other] = [lab.connect(server.port), lab.connect(server.port)];
    const id = await client.send("CLIENT", ["ID"]);
    await other.send("CLIENT", ["PAUSE", "300", "ALL"]);
    expect(await Promise.all([client.incr("paused"), client.incr("paused")])).toEqual([1, 2]);
    const sleep = other.send("DEBUG", ["SLEEP", "0.3"]);
    expect(await Promise.all([client.incr("paused"), client.incr("paused")])).toEqual([3, 4]);
    expect(await sleep).toBe("OK");
    expect(await client.send("CLIENT", ["ID"])).toBe(id);
  });

  it("silence without an end is noticed, and what was not sent goes to the next connection", async () => {
    const proxy = await lab.proxy(server.port);
    const client = lab.connect(proxy.port, { deadPeerTimeout: 100, maxRetries: 100 });
    await client.set("hole", "found");
    for (const link of proxy.links) link.end("blackHole");
    expect(await outcome(client.get("hole"))).toMatchObject({ error: CLOSED });
    expect(await client.get("hole")).toBe("found");
  });

  it("silence before HELLO ends with the connection timeout", async () => {
    const proxy = await lab.proxy(server.port);
    proxy.plan = (connection) => (connection < 2 ? { ending: { kind: "blackHole", towards: "server", after: 1 } } : {});
    const client = lab.connect(proxy.port, { connectionTimeout: 100 });
    expect(await client.ping()).toBe("PONG");
  });

  it.each([
    ["HELLO", "-ERR unknown user\r\n", "ERR unknown user"],
    ["HELLO", "-WRONGPASS invalid username-password pair\r\n", "WRONGPASS invalid username-password pair"],
    ["SELECT", "-ERR DB index is out of range\r\n", "ERR DB index is out of range"],
    ["SELECT", "-NOPERM no permission\r\n", "NOPERM no permission"],
  ])("a refused %s is final: %j", async (command, refusal, message) => {
    const peer = await lab.script((name) => {
      if (name === command) return refusal;
      return name === "HELLO" ? GREETING : "+OK\r\n";
    });
    const client = lab.connect(peer.port, { database: 3 });
    const answers = await Promise.all([outcome(client.get("a")), outcome(client.get("b"))]);
    for (const answer of answers) expect(answer).toMatchObject({ error: { message: expect.stringContaining(message) } });
    expect(await outcome(client.get("c"))).toMatchObject({ error: { message: "Connection has failed" } });
    expect(peer.connections()).toBe(1);
  });

  it("closing and connecting again at once leaves no connection and no answer behind", async () => {
    const [client, other] = [lab.connect(server.port), lab.connect(server.port)];
    const own = async () => (await other.send("CLIENT", ["LIST"])).trim().split("\n").length;
    await client.ping();
    const before = await own();
    for (let round = 0; round < 60; round++) {
      const lost = Array.from({ length: 50 }, (_, index) => outcome(client.send("ECHO", [`old ${round} ${index}`])));
      // Sent, or not even that.
      if (round % 2 === 0) await turn();
      client.close();
      const connecting = client.connect();
      const kept = Array.from({ length: 50 }, (_, index) => client.send("ECHO", [`new ${round} ${index}`]));
      expect(await Promise.all(kept)).toEqual(kept.map((_, index) => `new ${round} ${index}`));
      await connecting;
      for (const [index, answer] of (await Promise.all(lost)).entries()) {
        if ("value" in answer) expect(answer.value).toBe(`old ${round} ${index}`);
        else expect(answer.error).toMatchObject(CLOSED);
      }
      expect(client.connected).toBe(true);
    }
    await expect.poll(own).toBe(before);
  });

  it("20 failed connects leave no descriptor open and are no more than 20", async () => {
    const peer = await lab.script(() => null);
    await outcome(lab.connect(peer.port, { maxRetries: 0 }).connect());
    const before = peer.connections();
    const open = descriptors();
    for (let attempt = 0; attempt < 20; attempt++) {
      const client = lab.connect(peer.port, { maxRetries: 0 });
      expect(await outcome(client.connect())).toMatchObject({ error: CLOSED });
    }
    expect(peer.connections() - before).toBe(20);
    await expect.poll(descriptors).toBeLessThanOrEqual(open);
  });

  it("one connect that fails is one attempt and its retries", async () => {
    const peer = await lab.script(() => null);
    const client = lab.connect(peer.port, { maxRetries: 3 });
    expect(await outcome(client.connect())).toMatchObject({ error: { cause: { message: "Max reconnection attempts reached" } } });
    expect(peer.connections()).toBe(4);
  });
});

/** Descriptors of sockets that this process has open. */
function descriptors() {
  return readdirSync("/proc/self/fd").length;
}
