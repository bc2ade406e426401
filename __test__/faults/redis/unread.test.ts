/**
 * Replies that have arrived but were not read when the connection breaks. The server is in a thread of its own, so
 * that everything happens while this one is held up.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { TRANSPORTS, outcome, useTransport } from "../../support/transports.js";

/** Answers the first command on the first connection, then resets it; tells by `flag` when it has. */
const SERVER = `
  const { parentPort, workerData: { flag, tls } } = require("node:worker_threads");
  const { createServer } = require("node:net");
  const { TLSSocket } = require("node:tls");
  let connections = 0;
  const server = createServer((raw) => {
    const first = connections++ === 0;
    const socket = tls === null ? raw : new TLSSocket(raw, { isServer: true, ...tls });
    for (const each of new Set([raw, socket])) each.on("error", () => {});
    socket.on("data", (data) => {
      if (data.includes("HELLO")) return socket.write("%1\\r\\n$5\\r\\nproto\\r\\n:3\\r\\n");
      if (!first) return socket.write("+later\\r\\n");
      socket.write("+first\\r\\n", () => {
        raw.resetAndDestroy();
        Atomics.store(flag, 0, 1);
        Atomics.notify(flag, 0);
      });
    });
  });
  server.listen(0, "localhost", () => parentPort.postMessage(server.address().port));
`;

const workers: Worker[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

describe.each(TRANSPORTS)("%s", (transport) => {
  const lab = useTransport(transport);

  async function start() {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const pem = (name: string) => readFileSync(lab.path(name), "utf8");
    const tls = transport === "plain" ? null : { cert: pem("server.crt"), key: pem("server.key") };
    const worker = new Worker(SERVER, { eval: true, workerData: { flag, tls } });
    workers.push(worker);
    const [port] = await once(worker, "message");
    const client = lab.connect(port);
    await client.connect();
    return { client, untilReset: () => Atomics.wait(flag, 0, 0) };
  }

  it("are delivered, and what has none is lost", async () => {
    const { client, untilReset } = await start();
    const answers = [outcome(client.send("X", [])), outcome(client.send("Y", []))];
    // The commands are written behind this turn's microtasks, and then nothing is read for a while.
    process.nextTick(untilReset);
    expect(await Promise.all(answers)).toMatchObject([
      { value: "first" },
      { error: { message: "Connection closed" } },
    ]);
    expect(await client.send("Z", [])).toBe("later");
  });

  it("are delivered although the next command cannot be written any more", async () => {
    const { client, untilReset } = await start();
    const first = outcome(client.send("X", []));
    let second: Promise<unknown> | undefined;
    process.nextTick(() => {
      untilReset();
      second = client.send("Y", []);
      // Time for the driver to meet the failure, while this thread cannot read yet.
      process.nextTick(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50));
    });
    expect(await first).toEqual({ value: "first" });
    // Nothing of it was written, so it goes out on the next connection.
    expect(await second).toBe("later");
  });
});
