import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, it } from "vitest";
import { S3Client } from "../../lib/s3/index.js";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A client of a server that answers with `answer`, and the requests that it saw. */
async function scripted(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume().on("end", () => answer(request, response));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  stops.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "AKID", secretAccessKey: "SECRET", bucket: "bucket", region: "auto", retry: 0 };
  return { client: new S3Client({ endpoint, ...credentials }) as any, requests };
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

it("returns bytes as they are stored", async () => {
  const stored = gzipSync("data");
  const { client } = await scripted((_, response) => response.setHeader("content-encoding", "gzip").end(stored));
  expect(Buffer.from(await client.file("key").bytes()).equals(stored)).toBe(true);
});

it("follows no redirect", async () => {
  const { client, requests } = await scripted((_, response) => {
    response.writeHead(303, { location: "/elsewhere" }).end();
  });
  await expect(client.write("key", "data")).rejects.toMatchObject({ name: "S3Error", statusCode: 303 });
  expect(requests).toHaveLength(1);
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
