/** What must never happen to stored bytes, each tried on a store. */
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import type { S3Data } from "../../../index.js";
import { untyped } from "../../support/untyped.js";
import { fresh, MIB, needs, useStore } from "./store.js";

const store = useStore();

/** The object at a key, as text; undefined when there is none. */
async function stored(key: string): Promise<string | undefined> {
  const client = store.client();
  return (await client.exists(key)) ? client.file(key).text() : undefined;
}

describe("write stores what it was given:", () => {
  it.each<[string, () => S3Data, string]>([
    ["a slice of a Blob", () => new Blob(["0123456789"]).slice(2, 5), "234"],
    ["a slice of a slice", () => new Blob(["0123456789"]).slice(2, 8).slice(1, 3), "34"],
    ["an empty slice", () => new Blob(["0123456789"]).slice(4, 4), ""],
    ["a slice in a Response", () => new Response(new Blob(["0123456789"]).slice(-3)), "789"],
    ["a view into a larger buffer", () => new Uint8Array(Buffer.from("0123456789").buffer.slice(0)).subarray(0, 0), ""],
    ["part of a Buffer", () => Buffer.from("0123456789").subarray(3, 6), "345"],
    ["words", () => new Uint16Array([0x3130, 0x3332]).subarray(1), "23"],
    ["an array", () => ["a", Buffer.from("b"), new Blob(["c"])], "abc"],
    ["parameters of a URL", () => new URLSearchParams({ a: "1 2" }), "a=1+2"],
    ["a generator", () => (async function* () { yield "a"; yield Buffer.from("b"); })(), "ab"],
    ["a Node stream", () => Readable.from([Buffer.from("a"), Buffer.from("b")]), "ab"],
  ])("%s", async (_, data, expected) => {
    const key = fresh("given");
    expect(await store.client().write(key, data())).toBe(expected.length);
    expect(await stored(key)).toBe(expected);
  });

  it("a form, with the type by which it is read", async () => {
    const key = fresh("form");
    const form = new FormData();
    form.set("a", "1");
    form.set("f", new File(["content"], "name.txt"));
    await store.client().write(key, form);
    const read = await store.client().file(key).formData();
    expect(read.get("a")).toBe("1");
    const file = read.get("f");
    expect(file instanceof File && (await file.text())).toBe("content");
  });

  it("an object of the store, or a part of it", async () => {
    const client = store.client();
    const [source, target] = [fresh("source"), fresh("target")];
    await client.write(source, "0123456789");
    await client.write(target, client.file(source).slice(3, 6));
    expect(await stored(target)).toBe("345");
    await client.write(target, client.file(source).slice(4, 4));
    expect(await stored(target)).toBe("");
    await client.write(target, client.file(source));
    expect(await stored(target)).toBe("0123456789");
  });

  it.each<[string, unknown]>([
    ["a plain object", { a: 1 }],
    ["a number", 5],
    ["a boolean", true],
    ["a function", () => "data"],
    ["a symbol", Symbol("data")],
    ["null", null],
    ["undefined", undefined],
    ["an array with a number", ["a", 5]],
    ["an array with an object", [{}]],
  ])("and refuses %s", async (_, data) => {
    const key = fresh("refused");
    const write = async () => store.client().write(key, untyped(data));
    await expect(write()).rejects.toThrow(TypeError);
    expect(await stored(key)).toBeUndefined();
  });

  it("and never an object in S3 that a Blob would hold as text", () => {
    expect(() => new Blob([store.client().file("key")])).toThrow(TypeError);
  });
});

describe("a writer", () => {
  it.each([3, 12 * MIB])("that ends with an error after %i bytes stores nothing", async (length) => {
    const key = fresh("failed");
    const writer = store.client().file(key).writer({ partSize: 5 * MIB });
    await writer.write(new Uint8Array(length));
    const error = new Error("no more");
    await expect(writer.end(error)).rejects.toBe(error);
    // And stays ended: nothing that follows completes it.
    await expect(writer.end()).rejects.toBe(error);
    writer.close();
    expect(await stored(key)).toBeUndefined();
  });

  needs("listUploads")("that ends with an error leaves no parts", async () => {
    const key = fresh("parts-left");
    const writer = store.client().file(key).writer({ partSize: 5 * MIB });
    await writer.write(new Uint8Array(12 * MIB));
    await writer.flush();
    await expect(writer.end(new Error("no more"))).rejects.toThrow("no more");
    const query = { uploads: "", prefix: key };
    const xml = await (await store.fetch({ path: `/${store.bucket}`, query })).text();
    expect(xml).not.toContain("<Key>");
  });

  it("stores the object when it is closed", async () => {
    const key = fresh("closed");
    const writer = store.client().file(key).writer();
    writer.write("data");
    writer.close();
    await writer.end();
    expect(await stored(key)).toBe("data");
  });

  it.each<[string, object, string, string | RegExp]>([
    ["without credentials", { accessKeyId: "", secretAccessKey: "" }, "key", "ERR_S3_MISSING_CREDENTIALS"],
    ["without a key", {}, "", "ERR_S3_INVALID_PATH"],
    ["with a wrong secret", { secretAccessKey: "wrong" }, "key", /^(SignatureDoesNotMatch|AccessDenied)$/],
  ])("%s rejects, again and again", async (_, options, key, code) => {
    const writer = store.client({ ...options, retry: 0 }).file(key).writer({ partSize: 5 * MIB });
    writer.write("data");
    const error = await Promise.resolve(writer.end()).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: expect.stringMatching(code) });
    await expect(writer.end()).rejects.toBe(error);
    await expect(writer.flush()).rejects.toBe(error);
  });

  it("keeps telling of a part that failed", async () => {
    const writer = store.client({ secretAccessKey: "wrong", retry: 0 }).file(fresh("part")).writer({ partSize: 5 * MIB });
    const error = await Promise.resolve(writer.write(new Uint8Array(6 * MIB))).catch((error: unknown) => error);
    expect(error).toMatchObject({ statusCode: 403 });
    await expect(writer.flush()).rejects.toBe(error);
    await expect(writer.end()).rejects.toBe(error);
    await expect(writer.end()).rejects.toBe(error);
  });
});

describe("a slice", () => {
  it.each<[string, [number?, number?], string]>([
    ["of nothing", [5, 5], ""],
    ["of less than nothing", [7, 3], ""],
    ["at the beginning of nothing", [0, 0], ""],
    ["from the end", [-3, undefined], "789"],
    ["up to the end", [0, -5], "01234"],
    ["between two places counted from the end", [-5, -2], "567"],
    ["further back than there is anything", [-50, 2], "01"],
    ["beyond the end", [8, 50], "89"],
  ])("%s is what a Blob would give", async (_, [begin, end], expected) => {
    const key = fresh("slice");
    await store.client().write(key, "0123456789");
    expect(await new Blob(["0123456789"]).slice(begin, end).text()).toBe(expected);
    const slice = store.client().file(key).slice(begin, end);
    expect(await slice.text()).toBe(expected);
    expect(await new Response(slice.stream()).text()).toBe(expected);
  });
});
