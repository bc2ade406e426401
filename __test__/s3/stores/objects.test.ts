import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { S3Client, S3Error } from "../../../index.js";
import { MIB, useStore } from "./store.js";

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const store = useStore();
let client: S3Client;
beforeAll(() => {
  client = store.client();
});

async function* pieces() {
  yield "hé";
  yield new TextEncoder().encode("llo");
}

describe("writing and reading", () => {
  const text = "héllo";
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array([0, ...bytes, 0]);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const form = new FormData();
  form.set("field", "value");

  it.each([
    ["a string", () => text],
    ["a Uint8Array", () => bytes],
    ["a part of a buffer", () => padded.subarray(1, -1)],
    ["a DataView", () => new DataView(padded.buffer, 1, bytes.length)],
    ["an ArrayBuffer", () => bytes.buffer],
    ["a SharedArrayBuffer", () => shared.buffer],
    ["a Blob", () => new Blob([text])],
    ["a slice of a Blob", () => new Blob(["xx", text, "yy"]).slice(2, 2 + bytes.length)],
    ["a File", () => new File([text], "name")],
    ["a Response", () => new Response(text)],
    ["a Request", () => new Request("http://localhost/", { method: "POST", body: text })],
    ["a ReadableStream", () => new Blob([text]).stream()],
    ["a Node stream", () => Readable.from([Buffer.from(text)])],
    ["an async generator", pieces],
  ])("takes %s", async (_, make) => {
    const object = client.file("types/key.txt");
    expect(await object.write(make())).toBe(bytes.length);
    expect(await object.text()).toBe(text);
    expect(await object.bytes()).toEqual(bytes);
  });

  it("reads in every form", async () => {
    const object = client.file("forms.json");
    await object.write('\ufeff{"a":[1]}');
    expect(await object.json()).toEqual({ a: [1] });
    expect(await object.text()).toBe('{"a":[1]}');
    expect((await object.arrayBuffer()).byteLength).toBe(12);
    expect(await new Response(object.stream()).json()).toEqual({ a: [1] });
    await client.write("form", form);
    expect((await client.file("form").formData()).get("field")).toBe("value");
    await object.write("");
    expect(await object.text()).toBe("");
    await expect(object.json()).rejects.toThrow(SyntaxError);
  });

  it("knows what is stored", async () => {
    await client.write("known.txt", "12345");
    const stat = await client.stat("known.txt");
    expect(stat).toMatchObject({ size: 5, etag: expect.stringMatching(/^".+"$/), lastModified: expect.any(Date) });
    expect(await client.size("known.txt")).toBe(5);
    expect(await S3Client.size(client.file("known.txt"), undefined)).toBe(5);
    expect(await client.exists("known.txt")).toBe(true);
    expect(await client.delete("known.txt")).toBe(true);
    expect(await client.exists("known.txt")).toBe(false);
    await client.write("known.txt", "1");
    expect(await client.file("known.txt").unlink()).toBe(true);
  });
});

describe("large objects", () => {
  it("are written by a writer", async () => {
    const data = randomBytes(12 * MIB);
    const writer = client.file("large").writer();
    for (let at = 0; at < data.length; at += 100_000) await writer.write(data.subarray(at, at + 100_000));
    expect(await writer.end()).toBe(data.length);
    expect(hash(await client.file("large").bytes())).toBe(hash(data));
    const streamed = createHash("sha256");
    for await (const chunk of client.file("large").stream()) streamed.update(chunk);
    expect(streamed.digest("hex")).toBe(hash(data));
  }, 60_000);

  it("push back when the upload is behind", async () => {
    const writer = client.file("behind").writer({ highWaterMark: 64 * 1024 });
    expect(writer.write("abc")).toBe(3);
    const room = writer.write(new Uint8Array(MIB));
    expect(room).toBeInstanceOf(Promise);
    expect(await room).toBe(MIB);
    expect(await writer.end()).toBe(MIB + 3);
  });
});

describe("errors", () => {
  it("carry the server's code", async () => {
    const error = await client.file("absent").text().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(S3Error);
    expect(error).toMatchObject({ name: "S3Error", code: "NoSuchKey", path: "absent", statusCode: 404 });
    await expect(client.stat("absent")).rejects.toMatchObject({ code: "NoSuchKey" });
  });

  it("tell what is missing", async () => {
    const bare = new S3Client({ endpoint: store.endpoint, bucket: "b" });
    await expect(bare.file("key").text()).rejects.toMatchObject({ code: "ERR_S3_MISSING_CREDENTIALS" });
    const writer = bare.file("key").writer();
    writer.write("data");
    await expect(writer.end()).rejects.toMatchObject({ code: "ERR_S3_MISSING_CREDENTIALS" });
    await expect(client.write("", "data")).rejects.toMatchObject({ code: "ERR_S3_INVALID_PATH" });
    expect(() => bare.presign("key")).toThrow(expect.objectContaining({ code: "ERR_S3_MISSING_CREDENTIALS", name: "Error" }));
    const closed = store.client({ endpoint: "http://127.0.0.1:1", retry: 0 });
    await expect(closed.file("key").text()).rejects.toMatchObject({ code: "ConnectionRefused" });
  });
});
