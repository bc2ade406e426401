import { describe, expect, it } from "vitest";
import { fresh, needs, useStore } from "./store.js";

const store = useStore();

/** The query of a presigned URL after a change. */
function changed(url: string, change: (query: URLSearchParams) => void) {
  const result = new URL(url);
  change(result.searchParams);
  return result.href;
}

describe("credentials", () => {
  it("are refused with a wrong secret", async () => {
    const client = store.client({ secretAccessKey: "wrong" });
    // The more a store tells, the more it tells to those who guess.
    const refused = { name: "S3Error", statusCode: 403, code: expect.stringMatching(/^(SignatureDoesNotMatch|AccessDenied)$/) };
    await expect(client.write("key", "data")).rejects.toMatchObject(refused);
    await expect(client.file("key").text()).rejects.toMatchObject(refused);
    await expect(client.list()).rejects.toMatchObject(refused);
    await expect(client.file("key").writer().end()).rejects.toMatchObject(refused);
  });

  it("are refused with an unknown id", async () => {
    const client = store.client({ accessKeyId: "GK0123456789abcdef01234567" });
    await expect(client.write("key", "data")).rejects.toMatchObject({ name: "S3Error", statusCode: 403 });
  });

  it("are asked for", async () => {
    const key = fresh("anonymous");
    await store.client().write(key, "data");
    expect((await fetch(`${store.endpoint}/${store.bucket}/${key}`)).status).toBe(403);
  });
});

describe("presigned URLs", () => {
  it.each([
    ["another key", (url: string) => url.replace("/mine", "/other")],
    ["another signature", (url: string) => url.replace(/(X-Amz-Signature=)(.)/, (_, name, digit) => name + (digit === "0" ? "1" : "0"))],
    ["a longer time", (url: string) => changed(url, (query) => query.set("X-Amz-Expires", "7200"))],
    ["one more parameter", (url: string) => changed(url, (query) => query.set("response-content-type", "text/html"))],
  ])("are refused with %s", async (_, change) => {
    const client = store.client();
    await Promise.all([client.write("mine", "mine"), client.write("other", "other")]);
    const url = client.presign("mine", { expiresIn: 3600 });
    expect(await (await fetch(url)).text()).toBe("mine");
    expect((await fetch(change(url))).status).toBe(403);
  });

  it("are refused with another method", async () => {
    const key = fresh("method");
    const url = store.client().presign(key, { method: "GET" });
    expect((await fetch(url, { method: "PUT", body: "data" })).status).toBe(403);
    expect(await store.client().exists(key)).toBe(false);
  });
});

describe("session tokens", () => {
  needs("sessionTokens")("come from the token service and are needed in every operation", async () => {
    const credentials = await store.temporaryCredentials();
    const client = store.client(credentials);
    const key = fresh("session");
    await client.write(key, "data");
    expect(await client.file(key).text()).toBe("data");
    expect(await client.stat(key)).toMatchObject({ size: 4 });
    expect((await client.list({ prefix: key })).contents).toHaveLength(1);
    const writer = client.file(key).writer({ partSize: 5 * 1024 * 1024 });
    await writer.write(new Uint8Array(6 * 1024 * 1024));
    expect(await writer.end()).toBe(6 * 1024 * 1024);
    expect(await (await fetch(client.presign(key, { method: "PUT" }), { method: "PUT", body: "more" })).text()).toBe("");
    expect(await (await fetch(client.presign(key))).text()).toBe("more");
    expect(await client.delete(key)).toBe(true);
    expect(await store.client().exists(key)).toBe(false);
  });

  needs("sessionTokens")("are refused when they are absent or changed", async () => {
    const credentials = await store.temporaryCredentials();
    const token = credentials.sessionToken!;
    const middle = token.length >> 1;
    const tampered = token.slice(0, middle) + (token[middle] === "a" ? "b" : "a") + token.slice(middle + 1);
    for (const sessionToken of [undefined, tampered]) {
      const client = store.client({ ...credentials, sessionToken });
      const error = await client.write("key", "data").catch((error: unknown) => error);
      expect(error).toMatchObject({ name: "S3Error", statusCode: expect.toBeOneOf([400, 403]) });
      expect([400, 403]).toContain((await fetch(client.presign("key"))).status);
    }
  });
});

describe("regions", () => {
  needs("regionErrors")("that are wrong are refused, and the right one is told", async () => {
    const client = store.client({ region: "eu-central-1" });
    const refused = { code: "AuthorizationHeaderMalformed", statusCode: 400, message: expect.stringContaining(store.region) };
    await expect(client.write("key", "data")).rejects.toMatchObject(refused);
    await expect(client.file("key").text()).rejects.toMatchObject(refused);
    await expect(client.list()).rejects.toMatchObject(refused);
  });

  needs("regionHeader")("that are wrong are put right when the store names the right one in a header", async () => {
    const client = store.client({ region: "eu-central-1", retry: 0 });
    const key = fresh("region");
    expect(await client.write(key, "data")).toBe(4);
    expect(await client.file(key).text()).toBe("data");
    expect((await client.list({ prefix: key })).contents).toHaveLength(1);
  });
});
