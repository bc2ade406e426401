/** Servers that greet in unusual ways, have nothing to say, or are not what they were taken for. */
import { describe, expect, it, onTestFinished } from "vitest";
import { RedisCluster } from "../../../index.js";
import { GREETING, TRANSPORTS, outcome, useTransport } from "../../support/transports.js";

const bulk = (text: string) => `$${text.length}\r\n${text}\r\n`;

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);

  it.each([
    ["says protocol 2", "%1\r\n$5\r\nproto\r\n:2\r\n", 2],
    ["has attributes before it", `|1\r\n+a\r\n+b\r\n${GREETING}`, 3],
    ["comes byte by byte", { trickle: GREETING }, 3],
  ])("a greeting that %s is accepted", async (_, greeting, proto) => {
    const peer = await lab.script((command) => (command === "HELLO" ? greeting : "+PONG\r\n"));
    const client = lab.connect(peer.port, { autoReconnect: false });
    expect(await client.connect()).toEqual({ proto });
    expect(await client.ping()).toBe("PONG");
  });

  it("silence for longer than idleTimeout is the end, until connect() is called", async () => {
    const peer = await lab.script((command) => (command === "HELLO" ? GREETING : ""));
    const client = lab.connect(peer.port, { idleTimeout: 50 });
    const closed = new Promise<unknown>((resolve) => (client.onclose = resolve));
    const silence = { code: "ERR_REDIS_IDLE_TIMEOUT" };
    expect(await outcome(client.ping())).toMatchObject({ error: silence });
    expect(await closed).toMatchObject({ code: "ERR_REDIS_CONNECTION_CLOSED", cause: silence });
    expect(await outcome(client.ping())).toMatchObject({ error: { code: "ERR_REDIS_CONNECTION_CLOSED" } });
    expect(peer.connections()).toBe(1);
    expect(await client.connect()).toEqual({ proto: 3 });
    expect(peer.connections()).toBe(2);
  });
});

describe("a seed of a cluster", () => {
  const lab = useTransport("plain");

  function cluster(port: number) {
    const client = new RedisCluster(`localhost:${port}`, { maxRetries: 1 });
    onTestFinished(() => client.close());
    return client;
  }

  it("that knows of no slots is asked again, and is the cause in the end", async () => {
    const peer = await lab.script((command, [what]) => {
      if (command === "HELLO") return GREETING;
      if (command !== "CLUSTER") return "+OK\r\n";
      return what === "INFO" ? bulk("cluster_state:fail\r\ncluster_current_epoch:0\r\n") : "*0\r\n";
    });
    expect(await outcome(cluster(peer.port).get("k"))).toMatchObject({
      error: {
        message: "Max reconnection attempts reached",
        cause: { code: "ERR_REDIS_CLUSTER_DOWN", message: expect.stringContaining("knows of no node that serves slots") },
      },
    });
    expect(peer.received().split("CLUSTER\r\n$6\r\nSHARDS")).toHaveLength(3);
  });

  it("that is no cluster is not asked again", async () => {
    const refusal = "ERR This instance has cluster support disabled";
    const peer = await lab.script((command) => {
      if (command === "HELLO") return GREETING;
      return command === "CLUSTER" ? `-${refusal}\r\n` : "+OK\r\n";
    });
    expect(await outcome(cluster(peer.port).get("k"))).toMatchObject({
      error: { code: "ERR_REDIS_SERVER_ERROR", message: refusal },
    });
    expect(peer.connections()).toBe(1);
  });
});
