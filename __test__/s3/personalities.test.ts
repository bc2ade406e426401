import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { S3Options } from "../../index.js";
import { etag, rangeOf, type MemoryStore } from "../support/memory-store.js";
import { also, startPersonality, type Personality } from "../support/personalities.js";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
const data = randomBytes(3 * PART + 1000);
const PERSONALITIES: Personality[] = ["r2", "b2", "gcs", "old-minio", "oss", "supabase", "linode"];

let store: MemoryStore;
afterEach(() => store?.stop());

/** What a client of this store needs to be told. */
function settings(name: Personality): Record<string, unknown> {
  if (name === "supabase") return { endpoint: `${store.endpoint}/storage/v1/s3` };
  // Names below localhost are not found everywhere: the proxy, which is the store, finds them.
  if (name === "oss") return { endpoint: "http://b.oss.test", virtualHostedStyle: true, proxy: store.endpoint };
  return {};
}

async function open(name: Personality, options: object = {}) {
  store = await startPersonality(name);
  return store.client({ ...settings(name), retry: 1, ...options });
}

describe.each(PERSONALITIES)("%s", (name) => {
  it("takes every operation of a client without special options", async () => {
    const client = await open(name);
    expect(await client.write("key with space+plus", "data")).toBe(4);
    expect(await client.file("key with space+plus").text()).toBe("data");
    expect(await client.file("key with space+plus").slice(1, 3).text()).toBe("at");
    expect(await client.stat("key with space+plus")).toMatchObject({ size: 4 });
    expect(await client.exists("absent")).toBe(false);
    expect(await client.delete("key with space+plus")).toBe(true);
    expect(store.objects.size).toBe(0);
  });

  it("takes an upload in parts, written in uneven pieces and flushed at will", async () => {
    const client = await open(name);
    const writer = client.file("parts").writer({ partSize: PART });
    for (let at = 0, size = 1; at < data.length; at += size, size = (size * 7) % 1_999_993) {
      await writer.write(data.subarray(at, at + size));
      if (at % 3 === 0) await writer.flush();
    }
    expect(await writer.end()).toBe(data.length);
    expect(store.uploads.size).toBe(0);
    expect(Buffer.compare(await client.file("parts").bytes(), data)).toBe(0);
  });

  it("takes a stream of unknown length, large or small", async () => {
    const client = await open(name);
    for (const length of [0, 10, data.length]) {
      const bytes = data.subarray(0, length);
      expect(await client.write("stream", new Blob([bytes]).stream(), { partSize: PART })).toBe(length);
      expect(Buffer.compare(await client.file("stream").bytes(), bytes)).toBe(0);
    }
  });
});

describe("r2", () => {
  it.each([undefined, "auto", "us-east-1", "weur"])("takes the region %s", async (region) => {
    const client = await open("r2", { region });
    expect(await client.write("key", "data")).toBe(4);
  });

  it("refuses another region", async () => {
    const client = await open("r2", { region: "eu-central-1" });
    await expect(client.write("key", "data")).rejects.toMatchObject({ code: "InvalidRegionName", statusCode: 400 });
  });

  it("is told by its host, whose region is auto", async () => {
    const client = await open("r2");
    const url = client.presign("key", { endpoint: "https://account.r2.cloudflarestorage.com" });
    expect(decodeURIComponent(url)).toMatch(/Credential=AKID\/\d{8}\/auto\/s3\/aws4_request/);
  });

  it.each<S3Options>([{ acl: "public-read" }, { requestPayer: true }])("says that it has no %o, and is not asked again", async (options) => {
    const client = await open("r2", { retry: 3 });
    await expect(client.write("key", "data", options)).rejects.toMatchObject({ code: "NotImplemented", statusCode: 501 });
    expect(store.kinds).toEqual(["PUT"]);
  });

  it("gets parts of one size also where the last is full", async () => {
    const client = await open("r2");
    for (const length of [2 * PART, 2 * PART + 1, 3 * PART - 1]) {
      await client.write("key", new Blob([data.subarray(0, length)]).stream(), { partSize: PART, queueSize: 4 });
      expect(store.objects.get("/b/key")!.length).toBe(length);
    }
  });
});

describe("old-minio", () => {
  it("tells ETags without quotes, which are given as they are", async () => {
    const client = await open("old-minio");
    await client.write("key", "data");
    expect((await client.stat("key")).etag).toBe(etag(Buffer.from("data")).replaceAll('"', ""));
  });

  it("is asked for the rest of a broken download with quotes around the ETag", async () => {
    const client = await open("old-minio", { retry: 3 });
    await client.write("key", data.subarray(0, MIB));
    let broken = false;
    also(store, ({ kind, request, response }) => {
      if (kind !== "GET" || broken) return false;
      broken = true;
      const object = store.objects.get("/b/key")!;
      const { headers, bytes } = rangeOf(request, object);
      response.setHeader("etag", etag(object));
      response.writeHead(200, headers).write(bytes.subarray(0, 1000), () => request.socket.destroy());
      return true;
    });
    expect(Buffer.compare(await client.file("key").bytes(), data.subarray(0, MIB))).toBe(0);
    expect(store.requests.at(-1)!.headers).toMatchObject({ range: expect.stringMatching(/^bytes=\d+-/), "if-match": etag(store.objects.get("/b/key")!) });
  });

  it("gives a large object in ranges", async () => {
    const client = await open("old-minio");
    const large = randomBytes(33 * MIB);
    await client.write("large", large);
    expect(Buffer.compare(await client.file("large").bytes(), large)).toBe(0);
  });
});

describe("gcs", () => {
  it("finds nothing signed that front ends change", async () => {
    const client = await open("gcs");
    await client.write("key", "data", { type: "text/x-own", contentDisposition: "inline" });
    const names = /SignedHeaders=([^,]+)/.exec(store.requests[0]!.headers.authorization!)![1]!.split(";");
    for (const name of names) expect(name).toMatch(/^(host|content-|x-amz-)/);
  });
});

describe("every personality", () => {
  it("gets no checksum that was not asked for, and no chunked body", async () => {
    for (const name of PERSONALITIES) {
      const client = await open(name);
      await client.write("key", "data");
      await client.write("key", new Blob([data]).stream(), { partSize: PART });
      await client.file("key").bytes();
      for (const { headers } of store.requests) {
        expect(Object.keys(headers).filter((header) => /checksum|trailer|transfer-encoding/.test(header))).toEqual([]);
      }
      store.stop();
    }
  });
});
