import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { fresh, MIB, needs, useStore } from "./store.js";

const store = useStore();
const PART = 5 * MIB;
const data = randomBytes(3 * PART + 12_345);
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();

/** The ETag that a store gives to an object of these parts. */
function etagOf(bytes: Uint8Array, partSize: number) {
  const sums = [];
  for (let at = 0; at < bytes.length; at += partSize) sums.push(md5(bytes.subarray(at, at + partSize)));
  return `"${md5(Buffer.concat(sums)).toString("hex")}-${sums.length}"`;
}

/** Keys of the uploads that were begun under a prefix and are still open. */
async function openUploads(prefix: string) {
  const xml = await (await store.fetch({ path: `/${store.bucket}`, query: { uploads: "", prefix } })).text();
  return [...xml.matchAll(/<Upload>.*?<Key>(.*?)<\/Key>/gs)].map(([, key]) => key);
}

describe("an upload in parts", () => {
  it.each([
    ["nothing", 0],
    ["one byte", 1],
    ["one byte less than a part", PART - 1],
    ["exactly a part", PART],
    ["one byte more than a part", PART + 1],
    ["exactly two parts", 2 * PART],
    ["three parts and a bit", data.length],
  ])("of %s is whole", async (_, length) => {
    const client = store.client();
    const key = fresh("parts");
    const bytes = data.subarray(0, length);
    const writer = client.file(key).writer({ partSize: PART });
    for (let at = 0; at < length; at += 333_333) await writer.write(bytes.subarray(at, at + 333_333));
    expect(await writer.end()).toBe(length);
    expect(Buffer.compare(await client.file(key).bytes(), bytes)).toBe(0);
    expect(await client.stat(key)).toMatchObject({ size: length });
  });

  needs("partEtags")("has the ETag of its parts, in their order", async () => {
    const client = store.client();
    for (const partSize of [PART, 7 * MIB]) {
      const key = fresh("etag");
      await client.write(key, Readable.from([data]), { partSize, queueSize: 3 });
      expect((await client.stat(key)).etag).toBe(etagOf(data, partSize));
    }
  });

  it.each([1, 2, 16])("keeps its order with %i at once", async (queueSize) => {
    const client = store.client();
    const key = fresh("queue");
    expect(await client.write(key, new Blob([data]).stream(), { partSize: PART, queueSize })).toBe(data.length);
    expect(Buffer.compare(await client.file(key).bytes(), data)).toBe(0);
  });

  it("takes parts of one's own choice by flush", async () => {
    const client = store.client();
    const key = fresh("flush");
    const writer = client.file(key).writer({ partSize: PART });
    writer.write(data.subarray(0, 6 * MIB));
    await writer.flush();
    writer.write(data.subarray(6 * MIB));
    expect(await writer.end()).toBe(data.length);
    expect(Buffer.compare(await client.file(key).bytes(), data)).toBe(0);
  });

  it("replaces an object only when it is complete", async () => {
    const client = store.client();
    const key = fresh("replaced");
    await client.write(key, "before");
    const writer = client.file(key).writer({ partSize: PART });
    await writer.write(data.subarray(0, 2 * PART));
    await writer.flush();
    expect(await client.file(key).text()).toBe("before");
    await writer.end();
    expect(await client.size(key)).toBe(2 * PART);
  });

  it("keeps what the options say", async () => {
    const client = store.client();
    const key = fresh("typed");
    const writer = client.file(key).writer({ type: "image/png", partSize: PART });
    await writer.write(data);
    await writer.end();
    expect(await client.stat(key)).toMatchObject({ size: data.length, type: "image/png" });
  });
});

describe("an upload that is given up", () => {
  async function giveUp(key: string) {
    async function* dying() {
      yield data.subarray(0, 2 * PART);
      throw new RangeError("the source died");
    }
    await expect(store.client().write(key, dying(), { partSize: PART })).rejects.toThrow(RangeError);
    const reason = new Error("changed my mind");
    const writer = store.client().file(key).writer({ partSize: PART });
    await writer.write(data.subarray(0, 2 * PART));
    await writer.flush();
    await expect(writer.end(reason)).rejects.toBe(reason);
  }

  it("leaves no object", async () => {
    const key = fresh("given-up");
    await giveUp(key);
    expect(await store.client().exists(key)).toBe(false);
  });

  needs("listUploads")("leaves no parts that cost money", async () => {
    const key = fresh("no-parts");
    const writer = store.client().file(key).writer({ partSize: PART });
    await writer.write(data.subarray(0, 2 * PART));
    await writer.flush();
    expect(await openUploads(key)).toEqual([key]);
    await writer.end();
    await giveUp(key);
    expect(await openUploads(key)).toEqual([]);
  });
});
