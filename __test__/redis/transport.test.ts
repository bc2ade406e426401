import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RedisGap } from "../../index.js";
import { startRedis } from "../../dev/servers.mjs";
import { makeCertificates } from "../support/certificates.js";
import { useClients } from "../support/clients.js";

type Server = Awaited<ReturnType<typeof startRedis>>;

const entry = new URL("../../index.js", import.meta.url).pathname;

const { connect } = useClients();

describe("Unix sockets", () => {
  let server: Server;

  beforeAll(async () => {
    server = await startRedis({ unixsocket: true });
  });
  afterAll(() => server?.stop());

  it("carry commands of any size", async () => {
    const client = connect(`redis+unix://${server.socketPath}`);
    const value = "z".repeat(3_000_000);
    expect(await client.set("k", value)).toBe("OK");
    expect((await client.get("k")) === value).toBe(true);
  });
});

describe("TLS", () => {
  let folder: string;
  let server: Server;
  const path = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "s3-valkey-tls-"));
    makeCertificates(folder);
    server = await startRedis({ tls: { cert: path("server.crt"), key: path("server.key"), ca: path("ca.crt") } });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const identity = () => ({
    ca: readFileSync(path("ca.crt"), "utf8"),
    cert: readFileSync(path("client.crt")),
    key: readFileSync(path("client.key")),
  });

  it("verifies the server and shows a certificate", async () => {
    const client = connect(`rediss://localhost:${server.port}`, { tls: identity() });
    const value = "s".repeat(3_000_000);
    await client.set("k", value);
    expect((await client.get("k")) === value).toBe(true);
    const count = 5000;
    const answers = await Promise.all(Array.from({ length: count }, (_, index) => client.send("ECHO", [`${index}`])));
    expect(answers.every((answer, index) => answer === `${index}`)).toBe(true);
  });

  it("a subscription lives on that was confirmed and lost while JavaScript was busy", async () => {
    const url = `rediss://localhost:${server.port}`;
    const client = connect(url, { tls: identity(), name: "busy" });
    await client.ping();
    const gap = new Promise<RedisGap>((resolve) => (client.ongap = resolve));
    const message = new Promise((resolve) => {
      void client.subscribe("news", resolve);
    });
    // Behind the flush: as soon as the server has subscribed it, another process cuts the connection and waits for the next.
    process.nextTick(() => {
      const lines = `import { RedisClient } from ${JSON.stringify(entry)};
        import { readFileSync } from "node:fs";
        const [url, ca, cert, key] = process.argv.slice(1);
        const client = new RedisClient(url, { tls: { caFile: ca, certFile: cert, keyFile: key } });
        const id = async (wanted) => {
          for (;;) {
            const line = (await client.clientList()).split("\\n").find((line) => line.includes(" name=busy ") && wanted(line));
            if (line !== undefined) return /^id=(\\d+)/.exec(line)[1];
          }
        };
        const first = await id((line) => line.includes(" sub=1 "));
        await client.clientKill("ID", first);
        await id((line) => !line.startsWith("id=" + first + " "));
        client.close();`;
      const files = ["ca.crt", "client.crt", "client.key"].map(path);
      execFileSync(process.execPath, ["--input-type=module", "-e", lines, url, ...files]);
    });
    expect(await gap).toMatchObject({ channels: ["news"], error: null });
    const publisher = connect(url, { tls: identity() });
    expect(await publisher.publish("news", "hello")).toBe(1);
    expect(await message).toBe("hello");
  });

  it("is turned on by the option as well as by the scheme", async () => {
    const client = connect(`redis://localhost:${server.port}`, { tls: identity() });
    expect(await client.ping()).toBe("PONG");
  });

  it("reads roots from a file", async () => {
    const { ca: _, ...rest } = identity();
    const client = connect(`rediss://localhost:${server.port}`, { tls: { ...rest, caFile: path("ca.crt") } });
    expect(await client.ping()).toBe("PONG");
  });

  it("refuses a certificate of an unknown issuer, once", async () => {
    const { ca: _, ...rest } = identity();
    const client = connect(`rediss://localhost:${server.port}`, { tls: rest });
    await expect(client.ping()).rejects.toMatchObject({ code: "SELF_SIGNED_CERT_IN_CHAIN" });
    await expect(client.ping()).rejects.toMatchObject({ message: "Connection has failed" });
  });

  it("refuses a certificate for another name", async () => {
    const client = connect(`rediss://localhost:${server.port}`, { tls: { ...identity(), serverName: "other.test" } });
    await expect(client.ping()).rejects.toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  it("accepts anything when verification is off", async () => {
    const { ca: _, ...rest } = identity();
    const client = connect(`rediss://localhost:${server.port}`, { tls: { ...rest, rejectUnauthorized: false } });
    expect(await client.ping()).toBe("PONG");
  });

  it("a server that wants a certificate refuses a client without one", async () => {
    const client = connect(`rediss://localhost:${server.port}`, { tls: { ca: identity().ca }, maxRetries: 0 });
    await expect(client.ping()).rejects.toThrow();
  });

  it.each([
    [1, "Expected tls to be a boolean or object for 'tls'."],
    [{}, "Expected tls to be a object for 'tls'."],
    [[], "TLSOptions must be an object"],
  ])("option %j throws", (tls, message) => {
    expect(() => connect("rediss://localhost", { tls } as any)).toThrow(message);
  });
});
