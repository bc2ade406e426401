/** Versions of objects, in a bucket that keeps them. */
import { describe, expect } from "vitest";
import { fresh, MIB, needs, useStore } from "./store.js";

const store = useStore();
const kept = needs("versions");
let bucket: Promise<string> | undefined;

/** A bucket that keeps versions, made by the first test that wants one. */
function versioned(): Promise<string> {
  bucket ??= (async () => {
    const name = `versions-${process.pid}`;
    await store.fetch({ method: "PUT", path: `/${name}` });
    const body = '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';
    await store.fetch({ method: "PUT", path: `/${name}`, query: { versioning: "" }, body });
    return name;
  })();
  return bucket;
}

const client = async () => store.client({ bucket: await versioned() });

/** An object of these contents, the last one current; the ids of its versions, the first one first. */
async function written(...contents: (string | Uint8Array)[]) {
  const bucket = await client();
  const key = fresh("object");
  const ids: string[] = [];
  for (const content of contents) {
    await bucket.write(key, content);
    ids.push((await bucket.stat(key)).versionId!);
  }
  expect(new Set(ids).size).toBe(contents.length);
  return { bucket, key, ids: ids as [string, ...string[]] };
}

describe("an old version", () => {
  kept("is read, as a whole, in parts and as a stream", async () => {
    const { bucket, key, ids } = await written("first one", "second");
    const old = bucket.file(key, { versionId: ids[0] });
    expect(await old.text()).toBe("first one");
    expect(await old.slice(-3).text()).toBe("one");
    expect(await old.slice(6).slice(0, 2).text()).toBe("on");
    expect(await new Response(old.stream()).text()).toBe("first one");
    expect(await bucket.file(key).text()).toBe("second");
    expect(await bucket.file(key).text({ versionId: ids[0] })).toBe("first one");
  });

  kept("is read in several ranges at once", async () => {
    const large = Buffer.alloc(40 * MIB, "first");
    const { bucket, key, ids } = await written(large, "second");
    expect(Buffer.compare(await bucket.file(key, { versionId: ids[0] }).bytes(), large)).toBe(0);
  });

  kept("is looked at", async () => {
    const { bucket, key, ids } = await written("first one", "second");
    expect(await bucket.stat(key, { versionId: ids[0] })).toMatchObject({ size: 9, versionId: ids[0] });
    expect(await bucket.size(key, { versionId: ids[0] })).toBe(9);
    expect(await bucket.exists(key, { versionId: ids[0] })).toBe(true);
    expect(await bucket.stat(key)).toMatchObject({ size: 6, versionId: ids[1] });
  });

  kept("is presigned", async () => {
    const { bucket, key, ids } = await written("first one", "second");
    const response = await fetch(bucket.presign(key, { versionId: ids[0] }));
    expect(await response.text()).toBe("first one");
  });

  kept("is copied, also over the current one", async () => {
    const { bucket, key, ids } = await written("first one", "second");
    const target = fresh("copy");
    await bucket.write(target, bucket.file(key, { versionId: ids[0] }));
    expect(await bucket.file(target).text()).toBe("first one");
    await bucket.write(key, bucket.file(key, { versionId: ids[0] }));
    expect(await bucket.file(key).text()).toBe("first one");
    expect((await bucket.listVersions({ prefix: key })).versions).toHaveLength(3);
  });

  kept("comes back when what deleted it is deleted", async () => {
    const { bucket, key, ids } = await written("first one", "second");
    await bucket.delete(key);
    expect(await bucket.exists(key)).toBe(false);
    expect(await bucket.file(key).text({ versionId: ids[0] })).toBe("first one");
    const { deleteMarkers } = await bucket.listVersions({ prefix: key });
    expect(deleteMarkers).toMatchObject([{ key, isLatest: true }]);
    await bucket.delete(key, { versionId: deleteMarkers[0]!.versionId! });
    expect(await bucket.file(key).text()).toBe("second");
    await bucket.delete(key, { versionId: ids[1] });
    expect(await bucket.file(key).text()).toBe("first one");
    await bucket.delete(key, { versionId: ids[0] });
    expect(await bucket.listVersions({ prefix: key })).toMatchObject({ versions: [], deleteMarkers: [] });
  });

  kept("that there is not is an error", async () => {
    const { bucket, key, ids } = await written("first one", "second");
    await bucket.delete(key, { versionId: ids[0] });
    await expect(bucket.file(key, { versionId: ids[0] }).text()).rejects.toMatchObject({ statusCode: 404 });
    await expect(bucket.stat(key, { versionId: "a&b=c#?" })).rejects.toMatchObject({ name: "S3Error" });
  });
});

describe("a list of versions", () => {
  kept("has everything that belongs to a version", async () => {
    const { bucket, key, ids } = await written("first one", "second");
    const page = await bucket.listVersions({ prefix: key });
    expect(page).toMatchObject({ prefix: key, isTruncated: false, deleteMarkers: [], commonPrefixes: [] });
    expect(page.versions).toMatchObject([
      { key, versionId: ids[1], isLatest: true, size: 6 },
      { key, versionId: ids[0], isLatest: false, size: 9 },
    ]);
    expect(page.versions[0]!.eTag).toBe((await bucket.stat(key)).etag);
    expect(Math.abs(Date.parse(page.versions[1]!.lastModified!) - Date.now())).toBeLessThan(600_000);
  });

  kept.each([1, 2, 3, 10])("comes in pages of %i", async (maxKeys) => {
    const { bucket, key, ids } = await written("1", "2", "3", "4", "5");
    const found: (string | undefined)[] = [];
    let markers = {};
    for (let more: boolean | undefined = true; more; ) {
      const page = await bucket.listVersions({ prefix: key, maxKeys, ...markers });
      expect(page.versions.length).toBeLessThanOrEqual(maxKeys);
      found.push(...page.versions.map(({ versionId }) => versionId));
      expect(found.length).toBeLessThanOrEqual(ids.length);
      markers = { keyMarker: page.nextKeyMarker, versionIdMarker: page.nextVersionIdMarker };
      more = page.isTruncated;
    }
    expect(found).toEqual(ids.reverse());
  });

  kept("puts keys together", async () => {
    const bucket = await client();
    const prefix = `${fresh("group")}/`;
    for (const key of ["a/1", "a/2", "b/1", "c d"]) await bucket.write(prefix + key, key);
    const page = await bucket.listVersions({ prefix, delimiter: "/" });
    expect(page.commonPrefixes).toEqual([{ prefix: `${prefix}a/` }, { prefix: `${prefix}b/` }]);
    expect(page.versions).toMatchObject([{ key: `${prefix}c d` }]);
  });
});
