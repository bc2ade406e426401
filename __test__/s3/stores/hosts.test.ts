import { createServer, request, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { S3Client } from "../../../index.js";
import { listen, shutDown } from "../../support/listen.js";
import { fresh, MIB, needs, useStore } from "./store.js";

const store = useStore();
/** Finds every host at the store: not every system finds names below localhost. */
let proxy: Server;
let client: S3Client;

beforeAll(async () => {
  const { hostname, port } = new URL(store.endpoint);
  proxy = createServer((incoming, outgoing) => {
    const { pathname, search } = new URL(incoming.url!);
    const { method, headers } = incoming;
    const forwarded = request({ hostname, port, method, headers, path: pathname + search }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on("error", () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  client = store.client({
    endpoint: `http://${store.bucket}.localhost:${port}`,
    virtualHostedStyle: true,
    proxy: `http://127.0.0.1:${await listen(proxy)}`,
  });
});

afterAll(() => shutDown(proxy));

describe("a bucket in the host's name", () => {
  it("is no part of a presigned URL's path", () => {
    const url = new URL(client.presign("a/b"));
    expect(url.hostname).toBe(`${store.bucket}.localhost`);
    expect(url.pathname).toBe("/a/b");
  });

  needs("virtualHosts")("is reached by every operation, and is the bucket of the path", async () => {
    const key = `${fresh("hosts")}/a b+ü`;
    expect(await client.write(key, "data")).toBe(4);
    expect(await store.client().file(key).text()).toBe("data");
    expect(await client.file(key).slice(1, 3).text()).toBe("at");
    expect(await client.stat(key)).toMatchObject({ size: 4 });
    const writer = client.file(key).writer({ partSize: 5 * MIB });
    await writer.write(new Uint8Array(6 * MIB));
    expect(await writer.end()).toBe(6 * MIB);
    expect(await client.delete(key)).toBe(true);
    expect(await store.client().exists(key)).toBe(false);
  });

  needs("virtualHosts")("is listed", async () => {
    const key = fresh("hosts");
    await client.write(key, "data");
    expect((await client.list({ prefix: key })).contents).toHaveLength(1);
  });
});
