import { describe, expect, it } from "vitest";
import { fresh, needs, useStore } from "./store.js";

const store = useStore();

/** A key that holds this text. */
async function stored(text: string) {
  const key = fresh("presigned");
  await store.client().write(key, text);
  return key;
}

describe("a presigned URL", () => {
  it("reads", async () => {
    const key = await stored("data");
    const response = await fetch(store.client().presign(key));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("data");
    expect(await (await fetch(store.client().file(key).presign({ method: "GET", expiresIn: 60 }))).text()).toBe("data");
  });

  it("reads a range", async () => {
    const key = await stored("0123456789");
    const response = await fetch(store.client().presign(key), { headers: { range: "bytes=2-4" } });
    expect(response.status).toBe(206);
    expect(await response.text()).toBe("234");
  });

  it("writes", async () => {
    const key = fresh("written");
    const url = store.client().presign(key, { method: "PUT", expiresIn: 60 });
    const headers = { "content-type": "text/x-test" };
    expect((await fetch(url, { method: "PUT", body: "by fetch", headers })).status).toBe(200);
    expect(await store.client().file(key).text()).toBe("by fetch");
    expect(await store.client().stat(key)).toMatchObject({ size: 8, type: "text/x-test" });
  });

  it("asks", async () => {
    const key = await stored("12345");
    const response = await fetch(store.client().presign(key, { method: "HEAD" }), { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("5");
    const absent = await fetch(store.client().presign("absent", { method: "HEAD" }), { method: "HEAD" });
    expect(absent.status).toBe(404);
  });

  it("removes", async () => {
    const key = await stored("data");
    const response = await fetch(store.client().presign(key, { method: "DELETE" }), { method: "DELETE" });
    expect(response.status).toBe(204);
    expect(await store.client().exists(key)).toBe(false);
  });

  needs("responseHeaders")("says how the answer is to be saved", async () => {
    const key = await stored("data");
    const url = store.client().presign(key, { type: "text/csv", contentDisposition: 'attachment; filename="a b+ü.csv"' });
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/csv");
    expect(Buffer.from(response.headers.get("content-disposition")!, "latin1").toString()).toContain('attachment; filename="a b+');
  });

  needs("acl", "aclInQuery")("sets who may read", async () => {
    const key = fresh("acl");
    const url = store.client().presign(key, { method: "PUT", acl: "public-read" });
    expect((await fetch(url, { method: "PUT", body: "for all" })).status).toBe(200);
    expect(await (await fetch(`${store.endpoint}/${store.bucket}/${key}`)).text()).toBe("for all");
  });

  needs("otherClasses", "classInQuery")("sets how it is kept", async () => {
    const key = fresh("class");
    const storageClass = store.name === "minio" ? "REDUCED_REDUNDANCY" : "STANDARD_IA";
    const url = store.client().presign(key, { method: "PUT", storageClass });
    expect((await fetch(url, { method: "PUT", body: "cold" })).status).toBe(200);
    expect(await store.client().file(key).text()).toBe("cold");
    const head = await fetch(store.client().presign(key, { method: "HEAD" }), { method: "HEAD" });
    expect(head.headers.get("x-amz-storage-class")).toBe(storageClass);
  });

  it("carries the requester's promise to pay", async () => {
    const key = await stored("data");
    const url = store.client({ requestPayer: true }).presign(key);
    expect(await (await fetch(url)).text()).toBe("data");
  });

  it("takes times from a second to a week", async () => {
    const key = await stored("data");
    for (const expiresIn of [60, 3600, 604_800]) {
      const url = new URL(store.client().presign(key, { expiresIn }));
      expect(url.searchParams.get("X-Amz-Expires")).toBe(String(expiresIn));
      expect((await fetch(url)).status).toBe(200);
    }
  });

  needs("expiryLimit")("of more than a week is refused by the store", async () => {
    const key = await stored("data");
    const response = await fetch(store.client().presign(key, { expiresIn: 604_801 }));
    expect([400, 403]).toContain(response.status);
  });

  it("needs no network to be made", () => {
    const url = store.client({ endpoint: "http://127.0.0.1:1" }).presign("key");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:1\/test-bucket\/key\?/);
  });
});
