import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startProxy } from "../../dev/servers.mjs";
import { S3Client } from "../../index.js";
import { listen, shutDown } from "../support/listen.js";
import { type MemoryStore, startMemoryStore } from "../support/memory-store.js";

const root = resolve(import.meta.dirname, "../..");
const credentials = { accessKeyId: "AKID", secretAccessKey: "SECRET", bucket: "b", retry: 0 };

let folder: string;
let store: MemoryStore;
let encrypted: Server;
let encryptedPort: number;
let open: Awaited<ReturnType<typeof startProxy>>;
let guarded: Awaited<ReturnType<typeof startProxy>>;
let withUser: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "s3-valkey-tls-"));
  const newKey = ["-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"];
  const certificate = ["-x509", "-days", "2", "-subj", "/CN=localhost", "-out", "cert.pem"];
  execFileSync("openssl", ["req", ...newKey, ...certificate], { cwd: folder, stdio: "pipe" });
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => readFileSync(join(folder, name)));
  encrypted = createServer({ key, cert }, (request, response) => response.end(`encrypted ${request.url}`));
  encryptedPort = await listen(encrypted);
  store = await startMemoryStore();
  store.objects.set("/b/key", Buffer.from("plain"));
  open = await startProxy();
  guarded = await startProxy({ user: "someone", password: "password" });
  withUser = guarded.url.replace("://", "://some%6fne:p%61ssword@");
}, 120_000);

afterAll(async () => {
  shutDown(encrypted);
  store?.stop();
  await open?.stop();
  await guarded?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const plain = (proxy: string) => store.client({ proxy, retry: 0 }).file("key").text();
const tls = (proxy: string) => {
  const endpoint = `https://localhost:${encryptedPort}`;
  return new S3Client({ ...credentials, endpoint, proxy, tls: { rejectUnauthorized: false } }).file("key").text();
};

describe.each([
  ["plain", plain, "plain"],
  ["encrypted", tls, "encrypted /b/key"],
] as const)("a store with %s connections", (name, read, expected) => {
  it("is reached through a proxy", async () => {
    const before = open.log().length;
    expect(await read(open.url)).toBe(expected);
    await expect.poll(() => open.log().slice(before)).toMatch(name === "plain" ? /GET http:\/\// : /CONNECT localhost:/);
  });

  it("is reached through a proxy that wants a user", async () => {
    expect(await read(withUser)).toBe(expected);
  });

  it("tells of a proxy that refuses, without its password", async () => {
    const error = await read(withUser.replace("word@", "x@")).then(expect.unreachable, (error: Error) => error);
    expect(error).toMatchObject({ name: "S3Error" });
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain("pass");
  });

  it("tells of a proxy that is not there", async () => {
    await expect(read("http://127.0.0.1:1")).rejects.toMatchObject({ code: "ConnectionRefused" });
  });
});

it.each(["socks5://127.0.0.1", "http://", "https://", "a b"])("refuses %s as a proxy", (proxy) => {
  expect(() => new S3Client({ ...credentials, proxy })).toThrow(/proxy must be/);
});

it.each([
  [{ HTTP_PROXY: "http://127.0.0.1:1" }, "ConnectionRefused"],
  [{ http_proxy: "http://127.0.0.1:1", HTTP_PROXY: "http://127.0.0.1:2" }, "ConnectionRefused"],
  [{ HTTPS_PROXY: "http://127.0.0.1:1" }, "plain"],
  [{ HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "example.com,127.0.0.1" }, "plain"],
  [{ HTTP_PROXY: "http://127.0.0.1:1", NO_PROXY: "*" }, "plain"],
])("does what the environment says: %j", async (variables, expected) => {
  const script = `
    const { S3Client } = require(${JSON.stringify(root)});
    const client = new S3Client(${JSON.stringify({ ...credentials, endpoint: store.endpoint })});
    client.file("key").text().then(console.log, ({ code }) => console.log(code));`;
  const env = { PATH: process.env["PATH"], ...variables };
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", script], { env });
  expect(stdout.trim()).toBe(expected);
});
