/** Proxies to which the connection is encrypted, before stores with and without TLS of their own. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { S3Client } from "../../index.js";
import { makeCertificates } from "../support/certificates.js";
import { listen, shutDown } from "../support/listen.js";
import { type MemoryStore, startMemoryStore } from "../support/memory-store.js";
import { startTlsProxy, type TlsProxy } from "../support/tls-proxy.js";

const root = resolve(import.meta.dirname, "../..");
const MIB = 1024 * 1024;

let folder: string;
let store: MemoryStore;
let encrypted: Server;
let encryptedPort: number;
let open: TlsProxy;
let guarded: TlsProxy;
let unknown: TlsProxy;
let ca: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "s3-valkey-tls-proxy-"));
  makeCertificates(folder);
  const read = (name: string) => readFileSync(join(folder, name));
  const pem = (name: string) => ({ key: read(`${name}.key`), cert: read(`${name}.crt`), ca: read("ca.crt") });
  ca = read("ca.crt");
  store = await startMemoryStore();
  // The same store with TLS.
  encrypted = createServer(pem("server"), (request, response) => store.handle(request, response));
  encryptedPort = await listen(encrypted, "localhost");
  open = await startTlsProxy(pem("server"));
  guarded = await startTlsProxy(pem("server"), "some one:p@ss:word");
  unknown = await startTlsProxy(pem("self"));
}, 60_000);

afterAll(() => {
  shutDown(encrypted);
  for (const server of [store, open, guarded, unknown]) server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  for (const proxy of [open, guarded, unknown]) {
    proxy.asked.length = 0;
    proxy.shown.length = 0;
  }
});

const endpointOf = (kind: string) => (kind === "plain" ? store.endpoint : `https://localhost:${encryptedPort}`);

describe.each(["plain", "encrypted"])("a store with %s connections", (kind) => {
  const client = (proxy: string, tls: object = { ca }) =>
    new S3Client({
      endpoint: endpointOf(kind),
      accessKeyId: "AKID",
      secretAccessKey: "SECRET",
      bucket: "b",
      retry: 0,
      proxy,
      tls,
    });
  const guardedUrl = (password = "p@ss:word") =>
    guarded.url.replace("://", `://${encodeURIComponent("some one")}:${encodeURIComponent(password)}@`);

  it("is reached, with small and large bodies in both directions", async () => {
    const data = randomBytes(12 * MIB);
    const through = client(open.url);
    await through.write("small", "data");
    expect(await through.file("small").text()).toBe("data");
    expect(await through.write("large", new Blob([data]).stream())).toBe(data.length);
    expect(Buffer.compare(await through.file("large").bytes(), data)).toBe(0);
    const { host } = new URL(endpointOf(kind));
    const each = kind === "plain" ? new RegExp(`^[A-Z]+ http://${host}/b/`) : new RegExp(`^CONNECT ${host}$`);
    expect(open.asked.length).toBeGreaterThan(0);
    expect(open.asked.filter((asked) => !each.test(asked))).toEqual([]);
  });

  it("is reached by a proxy that wants a user", async () => {
    await client(guardedUrl()).write("key", "data");
    expect(store.objects.get("/b/key")?.toString()).toBe("data");
  });

  it("tells of a proxy that refuses, without its password", async () => {
    const error = await client(guardedUrl("not-it")).file("key").text().then(expect.unreachable, (error: Error) => error);
    expect(error).toMatchObject({ name: "S3Error" });
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain("not-it");
  });

  it("is not reached by a proxy whose certificate nobody vouches for", async () => {
    await expect(client(unknown.url).write("other", "data")).rejects.toMatchObject({ code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
    await expect(client(open.url, {}).write("other", "data")).rejects.toMatchObject({ name: "S3Error" });
    expect([...unknown.asked, ...open.asked]).toEqual([]);
    expect(store.objects.has("/b/other")).toBe(false);
    // Unless that was asked for.
    await client(unknown.url, { rejectUnauthorized: false }).write("other", "data");
    expect(unknown.asked).toHaveLength(1);
    store.objects.delete("/b/other");
  });

  it("is not reached by what is no TLS", async () => {
    const proxy = store.endpoint.replace("http:", "https:");
    await expect(client(proxy).file("key").text()).rejects.toMatchObject({ code: "TLSHandshakeFailed" });
  });

  it("does not tell the proxy who its client is", async () => {
    const read = (name: string) => readFileSync(join(folder, name));
    const tls = { ca, cert: read("client.crt"), key: read("client.key"), serverName: "localhost" };
    await client(open.url, tls).write("key", "data");
    expect(open.asked).toHaveLength(1);
    expect(open.shown).toEqual([]);
  });

  it("is reached by what the environment says", async () => {
    const script = `
      const { s3 } = require(${JSON.stringify(root)});
      s3.write("environment", "data").then(console.log, ({ code }) => console.log(code));`;
    const variables = {
      S3_ENDPOINT: endpointOf(kind),
      S3_ACCESS_KEY_ID: "AKID",
      S3_SECRET_ACCESS_KEY: "SECRET",
      S3_BUCKET: "b",
      NODE_EXTRA_CA_CERTS: join(folder, "ca.crt"),
      [kind === "plain" ? "HTTP_PROXY" : "HTTPS_PROXY"]: open.url,
    };
    const env = { PATH: process.env["PATH"], ...variables };
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { env });
    expect(stdout.trim()).toBe("4");
    expect(open.asked).toHaveLength(1);
  });
});
