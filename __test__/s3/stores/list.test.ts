import { beforeAll, describe, expect, it } from "vitest";
import type { S3Client, S3ListObjectsOptions, S3ListObjectsResponse } from "../../../index.js";
import { needs, useStore } from "./store.js";

const store = useStore();
const COUNT = 25;
const key = (index: number) => `listing/numbers/${String(index).padStart(3, "0")}`;
const keys = Array.from({ length: COUNT }, (_, index) => key(index));
const keysOf = (page: S3ListObjectsResponse) => (page.contents ?? []).map((entry) => entry.key);
let client: S3Client;

beforeAll(async () => {
  client = store.client();
  const others = ["listing/a/1", "listing/a/2", "listing/b/c/3", "listing/d", "listing/e|f", "listing/g h/i+j", "listing/g h/k%l"];
  await Promise.all([...keys, ...others].map((key) => client.write(key, key)));
});

/** All pages, one after the other. */
async function pages(input: S3ListObjectsOptions) {
  const all: S3ListObjectsResponse[] = [];
  let continuationToken: string | undefined;
  do {
    const page: S3ListObjectsResponse = await client.list({ ...input, continuationToken });
    all.push(page);
    expect(all.length).toBeLessThan(100);
    continuationToken = page.nextContinuationToken;
    expect(page.isTruncated).toBe(continuationToken !== undefined);
  } while (continuationToken !== undefined);
  return all;
}

describe("a list", () => {
  it("has everything that belongs to an object", async () => {
    const page = await client.list({ prefix: "listing/numbers/" });
    expect(keysOf(page)).toEqual(keys);
    expect(page).toMatchObject({ name: store.bucket, prefix: "listing/numbers/", isTruncated: false, keyCount: COUNT });
    const first = page.contents![0]!;
    expect(first).toMatchObject({ key: key(0), size: key(0).length });
    expect(Math.abs(Date.parse(first.lastModified!) - Date.now())).toBeLessThan(600_000);
  });

  needs("listEtags")("has the ETags", async () => {
    const { contents } = await client.list({ prefix: key(0) });
    expect(contents![0]!.eTag).toBe((await client.stat(key(0))).etag);
  });

  it.each([1, 7, 24, 25, 26, 1000])("comes in pages of %i", async (maxKeys) => {
    const all = await pages({ prefix: "listing/numbers/", maxKeys });
    expect(all.flatMap(keysOf)).toEqual(keys);
    for (const page of all) expect(keysOf(page).length).toBeLessThanOrEqual(maxKeys);
    // Some stores learn from an empty page that there are no more.
    expect(all.length - Math.ceil(COUNT / maxKeys)).toBeOneOf([0, 1]);
  });

  it("groups by a delimiter", async () => {
    const page = await client.list({ prefix: "listing/", delimiter: "/" });
    expect(keysOf(page)).toEqual(["listing/d", "listing/e|f"]);
    const groups = ["listing/a/", "listing/b/", "listing/g h/", "listing/numbers/"];
    expect(page.commonPrefixes).toEqual(groups.map((prefix) => ({ prefix })));
    expect(page.delimiter).toBe("/");
  });

  needs("pagedGroups")("groups page by page", async () => {
    const all = await pages({ prefix: "listing/", delimiter: "/", maxKeys: 2 });
    expect(all.flatMap(keysOf)).toEqual(["listing/d", "listing/e|f"]);
    const groups = all.flatMap((page) => page.commonPrefixes ?? []).map(({ prefix }) => prefix);
    expect(groups).toEqual(["listing/a/", "listing/b/", "listing/g h/", "listing/numbers/"]);
  });

  it("groups by any text", async () => {
    const page = await client.list({ prefix: "listing/e", delimiter: "|" });
    expect(page.commonPrefixes).toEqual([{ prefix: "listing/e|" }]);
    expect(page.contents).toBeUndefined();
  });

  it("starts behind a key, whether or not it is there", async () => {
    const prefix = "listing/numbers/";
    expect(keysOf(await client.list({ prefix, startAfter: key(20) }))).toEqual(keys.slice(21));
    expect(keysOf(await client.list({ prefix, startAfter: `${key(20)}a` }))).toEqual(keys.slice(21));
    expect((await client.list({ prefix, startAfter: "zzz" })).contents).toBeUndefined();
  });

  it("can be empty", async () => {
    const page = await client.list({ prefix: "listing/absent/" });
    expect(page.contents).toBeUndefined();
    expect(page.commonPrefixes).toBeUndefined();
    expect(page).toMatchObject({ isTruncated: false });
  });

  needs("listEncoding")("is percent-encoded on request", async () => {
    const page = await client.list({ prefix: "listing/g h/", encodingType: "url" });
    expect(page.encodingType).toBe("url");
    const decoded = keysOf(page).map((text) => decodeURIComponent(text.replaceAll("+", " ")));
    expect(decoded).toEqual(["listing/g h/i+j", "listing/g h/k%l"]);
  });

  needs("listOwner")("has owners on request", async () => {
    const without = await client.list({ prefix: "listing/d" });
    expect(without.contents![0]!.owner).toBeUndefined();
    const { contents } = await client.list({ prefix: "listing/d", fetchOwner: true });
    expect(contents![0]!.owner).toMatchObject({ id: expect.stringMatching(/.+/) });
  });

  it("of an absent bucket says so", async () => {
    await expect(store.client({ bucket: "no-such-bucket" }).list()).rejects.toMatchObject({
      code: expect.stringMatching(/^(NoSuchBucket|AccessDenied)$/),
    });
  });
});
