import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { S3Client } from "../../index.js";
import { type MemoryStore, startMemoryStore } from "../support/memory-store.js";

let store: MemoryStore;
let client: S3Client;

beforeAll(async () => {
  store = await startMemoryStore();
  client = store.client({ retry: 0 });
});
afterAll(() => store.stop());

describe("keys", () => {
  it.each([
    ".",
    "..",
    "a/../b",
    "./a",
    "a//b",
    "a b",
    "a+b",
    "100%",
    "%2e%2E",
    "a%00b",
    "?a=b&c",
    "#a",
    "a\tb",
    "a\r\nb",
    "é",
    "e\u0301",
    "\u202e",
    "😀/👩‍👩‍👧",
    "\ufffd",
    "a:b@c;d,e!f$g'h(i)j*k~l",
    "<a>&\"",
    "x".repeat(1024),
  ])("%j is one object", async (key) => {
    const count = store.objects.size;
    await client.write(key, `content of ${key}`);
    expect(store.objects.size).toBe(count + 1);
    const [path] = [...store.objects.keys()].slice(-1);
    expect(path).toMatch(/^\/b\/[\w.~%/-]+$/);
    expect(decodeURIComponent(path!.slice(3))).toBe(key);
    expect(await client.file(key).text()).toBe(`content of ${key}`);
    expect(await client.exists(key)).toBe(true);
    const signed = await fetch(client.presign(key).replace(/\/\.{1,2}\?/, "/x?"));
    expect(signed.status).toBe(/^\.{1,2}$|\/\.{1,2}\/|^\.{1,2}\//.test(key) ? 404 : 200);
    await client.delete(key);
    expect(store.objects.size).toBe(count);
  });

  it.each(["", "/", "x".repeat(1025)])("a key of %#. is refused", async (key) => {
    const before = store.kinds.length;
    await expect(client.file(key).text()).rejects.toMatchObject({ code: "ERR_S3_INVALID_PATH" });
    expect(store.kinds).toHaveLength(before);
  });
});

describe("lists", () => {
  const list = (document: string) => {
    store.fault = ({ response }) => Boolean(response.end(document));
    return client.list();
  };
  const contents = (count: number, key = "k") =>
    `<ListBucketResult>${`<Contents><Key>${key}</Key></Contents>`.repeat(count)}</ListBucketResult>`;

  it.each([
    ["an entity bomb", `<!DOCTYPE a [<!ENTITY b "${"c".repeat(1000)}">]><ListBucketResult><Name>&b;</Name></ListBucketResult>`],
    ["an unknown entity", "<ListBucketResult><Name>&b;</Name></ListBucketResult>"],
    ["depth", `<ListBucketResult>${"<a>".repeat(100_000)}`],
    ["another root", "<html><body>Sign in</body></html>"],
    ["half a document", contents(10).slice(0, -5)],
    ["more elements than any page has", `<ListBucketResult>${"<a/>".repeat(1_000_000)}</ListBucketResult>`],
    ["objects without keys", "<ListBucketResult><Contents/></ListBucketResult>"],
    ["nothing", ""],
  ])("%s is refused", async (_, document) => {
    await expect(list(document)).rejects.toMatchObject({ name: "S3Error", code: "InvalidResponse" });
  });

  it("50 MiB are read", async () => {
    const page = await list(contents(10_000, "k".repeat(5200)));
    expect(page.contents).toHaveLength(10_000);
  });

  it("more than any page has is refused", async () => {
    await expect(list(" ".repeat(65 * 1024 * 1024))).rejects.toMatchObject({ code: "Malformed_HTTP_Response" });
  });
});
