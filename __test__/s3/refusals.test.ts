/** What is refused before anything is sent, and what cannot be reached: the codes that docs/errors.md tells. */
import { createServer } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { S3Client, S3Error, S3File, type S3Options } from "../../index.js";
import { listen } from "../support/listen.js";
import { NOWHERE } from "../support/nowhere.js";

const OPTIONS = { accessKeyId: "id", secretAccessKey: "secret", bucket: "b", endpoint: `http://${NOWHERE}`, retry: 0 };

const object = (options: S3Options = {}) => new S3Client({ ...OPTIONS, ...options }).file("k");

async function* nothing() {
  yield null;
}

it.each<[string, () => unknown]>([
  ["ERR_ILLEGAL_CONSTRUCTOR", () => new (S3File as any)()],
  ["ERR_INVALID_URL_SCHEME", () => new S3Client(OPTIONS).file(new URL("http://host/key") as any)],
  ["ERR_STREAM_NULL_VALUES", () => object().write(nothing() as any)],
  ["ERR_INVALID_ARG_VALUE", () => object({ proxy: "ftp://proxy" })],
])("%s is a mistake of the caller", async (code, run) => {
  const error = await caught(run);
  expect(error).toBeInstanceOf(TypeError);
  expect(error.code).toBe(code);
});

it.each<[string, string, () => unknown]>([
  ["ERR_S3_INVALID_SIGNATURE", "a token with a control character", () => object({ sessionToken: "secret\ntoken" }).text()],
  ["ERR_S3_INVALID_SIGNATURE", "a header with one", () => object({ contentDisposition: "a\u0001b" }).write("x")],
  ["ERR_S3_INVALID_SIGNATURE", "a URL that is too long", () => object().presign({ contentDisposition: "a".repeat(9000) })],
  ["ERR_S3_INVALID_SESSION_TOKEN", "a token that is too long for one", () => object({ sessionToken: "t".repeat(5000) }).presign()],
])("%s: %s", async (code, _, run) => {
  const error = await caught(run);
  expect(error.code).toBe(code);
  expect(error.message).not.toMatch(/secret|ttt/);
});

it.each<[string, string, S3Options]>([
  ["ConnectionRefused", "ECONNREFUSED", {}],
  ["DNSResolveFailed", "ENOTFOUND", { endpoint: "http://no-such-host.invalid" }],
])("%s has the system's error as its cause", async (code, cause, options) => {
  const error = await caught(() => object(options).text());
  expect(error).toBeInstanceOf(S3Error);
  expect(error).toMatchObject({ code, path: "k", cause: { code: cause } });
});

it("ProxyConnectFailed tells what the proxy said", async () => {
  const proxy = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"));
  });
  const port = await listen(proxy);
  onTestFinished(() => void proxy.close());
  const error = await caught(() => object({ endpoint: `https://${NOWHERE}`, proxy: `http://127.0.0.1:${port}` }).text());
  expect(error).toMatchObject({ code: "ProxyConnectFailed", message: "the proxy refused to connect: 403" });
});

/** What a call throws or is rejected with. */
async function caught(run: () => unknown): Promise<any> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  expect.unreachable();
}
