import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { StoreName } from "../../../dev/stores/capabilities.mjs";
import type { S3Acl, S3StorageClass } from "../../../index.js";
import { fresh, MIB, needs, storeName, useStore } from "./store.js";

const store = useStore();

/** What the store says about an object beside the client. */
async function head(key: string) {
  const response = await fetch(store.client().presign(key, { method: "HEAD" }), { method: "HEAD" });
  expect(response.status).toBe(200);
  return response.headers;
}

describe("an object has", () => {
  it.each([
    ["a string's type by the key", "page.html", "data", {}, /^text\/html(; ?charset=utf-8)?$/i],
    ["the type that was given", "page.html", "data", { type: "application/x-own" }, /^application\/x-own$/],
    ["a type with parameters", "page", "data", { type: "text/plain; charset=iso-8859-1" }, /^text\/plain; ?charset=iso-8859-1$/],
  ])("%s", async (_, name, data, options, type) => {
    const client = store.client();
    const key = `${fresh("type")}/${name}`;
    await client.write(key, data, options);
    expect((await client.stat(key)).type).toMatch(type);
    const writer = client.file(key).writer(options);
    await writer.write(data);
    await writer.end();
    expect((await client.stat(key)).type).toMatch(type);
  });

  it("its length, time and the ETag of its bytes", async () => {
    const client = store.client();
    const key = fresh("stat");
    await client.write(key, "12345");
    const { size, etag, lastModified } = await client.stat(key);
    expect(size).toBe(5);
    expect(Math.abs(lastModified.getTime() - Date.now())).toBeLessThan(600_000);
    expect(etag).toBe(`"${createHash("md5").update("12345").digest("hex")}"`);
    await client.write(key, "another");
    expect((await client.stat(key)).etag).not.toBe(etag);
  });

  needs("contentHeaders")("the disposition and encoding that were given, in one piece or in parts", async () => {
    const client = store.client();
    const options = { contentDisposition: 'attachment; filename="a b.txt"', contentEncoding: "br", type: "image/x-own" };
    const kept = { "content-disposition": options.contentDisposition, "content-encoding": "br", "content-type": "image/x-own" };
    for (const length of [3, 6 * MIB]) {
      const key = fresh("headers");
      const writer = client.file(key, options).writer({ partSize: 5 * MIB });
      await writer.write(new Uint8Array(length));
      await writer.end();
      expect(Object.fromEntries(await head(key))).toMatchObject(kept);
      // No byte is decoded, whatever the encoding is called.
      expect((await client.file(key).bytes()).length).toBe(length);
    }
  });
});

describe("metadata", () => {
  const metadata = { author: "Zoë ☃", Camera: "X100", empty: "", blanks: "a  b", lines: "a\r\nb: c" };
  const told = { author: metadata.author, camera: "X100", empty: "", blanks: metadata.blanks, lines: metadata.lines };

  it.each([
    ["in one piece", 3],
    ["in parts", 6 * MIB],
  ])("of an object written %s is told by stat", async (_, length) => {
    const client = store.client();
    const file = client.file(fresh("metadata"), { metadata });
    const writer = file.writer({ partSize: 5 * MIB });
    await writer.write(new Uint8Array(length));
    await writer.end();
    expect((await file.stat()).metadata).toEqual(told);
  });

  it("belongs to one version of the object: a write or copy has its own", async () => {
    const client = store.client();
    const [source, target] = [fresh("noted"), fresh("copied")];
    await client.write(source, "data", { metadata: { a: "1" } });
    await client.write(target, client.file(source), { metadata: { b: "2" } });
    expect((await client.stat(target)).metadata).toEqual({ b: "2" });
    await client.write(source, "data");
    expect((await client.stat(source)).metadata).toEqual({});
  });
});

describe("access control lists", () => {
  const anonymously = (key: string, init?: RequestInit) => fetch(`${store.endpoint}/${store.bucket}/${key}`, init);

  needs("acl")("let everyone read, or nobody", async () => {
    const client = store.client();
    const key = fresh("acl");
    await client.write(key, "secret");
    expect((await anonymously(key)).status).toBe(403);
    await client.write(key, "public", { acl: "public-read" });
    expect(await (await anonymously(key)).text()).toBe("public");
    await client.write(key, "secret", { acl: "private" });
    expect((await anonymously(key)).status).toBe(403);
    const writer = client.file(key).writer({ acl: "public-read", partSize: 5 * MIB });
    await writer.write(new Uint8Array(6 * MIB));
    await writer.end();
    expect((await (await anonymously(key)).arrayBuffer()).byteLength).toBe(6 * MIB);
  });

  needs("aclGrants").each<[S3Acl, string[]]>([
    ["private", []],
    ["bucket-owner-read", []],
    ["bucket-owner-full-control", []],
  ])("of the name %s grant the owner all", grantsOf);

  needs("aclGrants", "acl").each<[S3Acl, string[]]>([
    ["public-read", ["AllUsers READ"]],
    ["public-read-write", ["AllUsers READ", "AllUsers WRITE"]],
    ["authenticated-read", ["AuthenticatedUsers READ"]],
  ])("of the name %s grant others what it says", grantsOf);

  async function grantsOf(acl: S3Acl, expected: string[]) {
    const key = fresh("grants");
    await store.client().write(key, "data", { acl });
    const xml = await (await store.fetch({ path: `/${store.bucket}/${key}`, query: { acl: "" } })).text();
    const grants = [...xml.matchAll(/<Grant>(.*?)<\/Grant>/gs)].map(([, grant]) => grant!);
    const groups = grants
      .filter((grant) => grant.includes("/groups/"))
      .map((grant) => `${/\/groups\/global\/(\w+)/.exec(grant)![1]} ${/<Permission>(\w+)/.exec(grant)![1]}`);
    expect(groups.sort()).toEqual(expected);
    expect(grants.some((grant) => grant.includes("FULL_CONTROL"))).toBe(true);
  }
});

describe("storage classes", () => {
  const classes: Partial<Record<StoreName, S3StorageClass[]>> = { ceph: ["STANDARD", "STANDARD_IA", "GLACIER"], minio: ["STANDARD", "REDUCED_REDUNDANCY"] };
  const names: S3StorageClass[] = classes[storeName] ?? ["STANDARD"];

  needs("storageClass").each(names.map((name) => [name]))("%s is kept", async (storageClass) => {
    const client = store.client();
    for (const length of [3, 6 * MIB]) {
      const key = fresh("class");
      const writer = client.file(key).writer({ storageClass, partSize: 5 * MIB });
      await writer.write(new Uint8Array(length));
      await writer.end();
      expect((await head(key)).get("x-amz-storage-class") ?? "STANDARD").toBe(storageClass);
      expect((await client.list({ prefix: key })).contents![0]!.storageClass).toBe(storageClass);
    }
  });

  needs("unknownClasses")("that the store has not are its error", async () => {
    const error = await store.client().write(fresh("class"), "data", { storageClass: "SNOW" }).catch((error: unknown) => error);
    expect(error).toMatchObject({ name: "S3Error", statusCode: 400 });
  });
});
