import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { S3Client } from "../../index.js";
import { listen, shutDown } from "../support/listen.js";

/** A client of a server that answers with `answer`, and the requests that it saw. */
async function scripted(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume().on("end", () => answer(request, response));
  });
  const endpoint = `http://127.0.0.1:${await listen(server)}`;
  onTestFinished(() => shutDown(server));
  const credentials = { accessKeyId: "AKID", secretAccessKey: "SECRET", bucket: "bucket", region: "auto", retry: 0 };
  return { client: new S3Client({ endpoint, ...credentials }), requests, endpoint };
}

it("sends keys as they are", async () => {
  const { client, requests } = await scripted((_, response) => response.end());
  for (const key of ["a//b", "a%20b", "a+b c", "../x/./y", "ü?#&"]) await client.write(key, "data");
  expect(requests.map(({ url }) => url)).toEqual([
    "/bucket/a//b",
    "/bucket/a%2520b",
    "/bucket/a%2Bb%20c",
    "/bucket/../x/./y",
    "/bucket/%C3%BC%3F%23%26",
  ]);
});

it("sends what the options say", async () => {
  const { client, requests } = await scripted((_, response) => response.end());
  await client.write("key.HTML", "data", {
    acl: "public-read",
    storageClass: "STANDARD_IA",
    contentDisposition: "attachment",
    contentEncoding: "br",
  });
  const { method, headers } = requests[0]!;
  expect(method).toBe("PUT");
  expect(headers).toMatchObject({
    "content-length": "4",
    "content-type": "text/html;charset=utf-8",
    "content-disposition": "attachment",
    "content-encoding": "br",
    "x-amz-acl": "public-read",
    "x-amz-storage-class": "STANDARD_IA",
  });
  expect(headers.authorization).toMatch(/SignedHeaders=.*host;.*x-amz-acl;.*x-amz-date/);
});

it("asks for ranges", async () => {
  const { client, requests } = await scripted((_, response) => response.writeHead(206).end("x"));
  await client.file("key").slice(2, 5).text();
  await client.file("key").slice(-3).text();
  await client.file("key").slice(7).text();
  expect(requests.slice(0, 2).map(({ headers }) => headers.range)).toEqual(["bytes=2-4", "bytes=-3"]);
  expect(requests[2]!.headers.range).toMatch(/^bytes=7-/);
});

it.each(["gzip", "deflate", "br", "zstd"])("returns bytes as they are stored, whatever %s would make of them", async (encoding) => {
  const stored = gzipSync("data");
  const { client, requests } = await scripted((_, response) => response.setHeader("content-encoding", encoding).end(stored));
  const file = client.file("key");
  expect(Buffer.from(await file.bytes()).equals(stored)).toBe(true);
  expect(Buffer.from(await new Response(file.stream()).arrayBuffer()).equals(stored)).toBe(true);
  expect(requests.every(({ headers }) => headers["accept-encoding"] === undefined)).toBe(true);
});

it("sends metadata as ASCII, and only once", async () => {
  const { client, requests } = await scripted((_, response) => response.end());
  await client.write("key", "data", { metadata: { Author: "Zoë", plain: "a b", empty: "" } });
  const { headers } = requests[0]!;
  expect(headers).toMatchObject({ "x-amz-meta-author": "=?UTF-8?B?Wm/Dqw==?=", "x-amz-meta-plain": "a b", "x-amz-meta-empty": "" });
  expect(headers.authorization).toMatch(/x-amz-meta-author;x-amz-meta-empty;x-amz-meta-plain/);
});

it("sends no checksum and asks for none, unless it is told to", async () => {
  const { client, requests } = await scripted((_, response) => response.end());
  await client.write("key", "data");
  await client.file("key").text();
  const sums = () => requests.flatMap(({ headers }) => Object.keys(headers).filter((name) => /checksum|md5/.test(name)));
  expect(sums()).toEqual([]);
  await client.write("key", "123456789", { checksumAlgorithm: "CRC32C" });
  await client.file("key", { checksumAlgorithm: "CRC32C" }).text();
  await client.write("key", "123456789", { checksumAlgorithm: "MD5" });
  await client.file("key", { checksumAlgorithm: "MD5" }).text();
  expect(sums()).toEqual(["x-amz-checksum-crc32c", "x-amz-checksum-mode", "content-md5"]);
  expect(requests[2]!.headers["x-amz-checksum-crc32c"]).toBe("4waSgw==");
  expect(requests[4]!.headers["content-md5"]).toBe("JfnnlDI7RTiF9RgfG2JNCw==");
});

describe.each([300, 301, 302, 303, 304, 305, 307, 308])("a redirect with status %i", (statusCode) => {
  it.each<[string, (client: S3Client) => Promise<unknown>]>([
    ["a write", (client) => client.write("key", "data")],
    ["a writer", async (client) => client.file("key").writer().end()],
    ["a read", (client) => client.file("key").text()],
    ["a stream", (client) => client.file("key").stream().getReader().read()],
    ["a stat", (client) => client.stat("key")],
    ["a delete", (client) => client.delete("key")],
    ["a list", (client) => client.list()],
  ])("is an error of %s, and nothing is sent elsewhere", async (_, run) => {
    const elsewhere = await scripted((_, response) => response.end("stolen"));
    const { client, requests } = await scripted((_, response) => {
      response.writeHead(statusCode, { location: `${elsewhere.endpoint}/bucket/key` }).end();
    });
    await expect(run(client)).rejects.toMatchObject({ name: "S3Error", statusCode });
    expect(requests).toHaveLength(1);
    expect(elsewhere.requests).toHaveLength(0);
  });
});

it("closes the connection of a stream that is cancelled while it waits", async () => {
  let closed!: () => void;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const { client } = await scripted((_, response) => {
    response.on("close", closed);
    response.writeHead(200, { "content-length": "1000000000" }).write(Buffer.alloc(300 * 1024));
  });
  const reader = client.file("key").stream().getReader();
  await reader.read();
  await reader.cancel();
  await gone;
});
