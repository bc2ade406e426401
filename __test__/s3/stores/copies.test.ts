import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { write } from "../../../index.js";
import { fresh, MIB, useStore } from "./store.js";

const store = useStore();

describe("a copy from object to object", () => {
  it.each([
    ["nothing", 0],
    ["one byte", 1],
    ["several parts", 12 * MIB + 1],
  ])("of %s has the same bytes", async (_, length) => {
    const client = store.client();
    const bytes = randomBytes(length);
    const [from, to] = [fresh("from"), fresh("to")];
    await client.write(from, bytes);
    expect(await client.write(to, client.file(from), { partSize: 5 * MIB })).toBe(length);
    expect(Buffer.compare(await client.file(to).bytes(), bytes)).toBe(0);
    expect(Buffer.compare(await client.file(from).bytes(), bytes)).toBe(0);
  });

  it("of a slice has the bytes of the slice", async () => {
    const client = store.client();
    const [from, to] = [fresh("from"), fresh("to")];
    await client.write(from, "0123456789");
    for (const [range, expected] of [[[2, 5], "234"], [[7], "789"], [[-3], "789"], [[4, 4], ""], [[0, 100], "0123456789"]] as const) {
      expect(await client.write(to, client.file(from).slice(...range))).toBe(expected.length);
      expect(await client.file(to).text()).toBe(expected);
    }
  });

  it("by the functions and by the file is the same", async () => {
    const client = store.client();
    const [from, to, third] = [fresh("from"), fresh("to"), fresh("third")];
    await client.write(from, "data");
    expect(await client.file(to).write(client.file(from))).toBe(4);
    expect(await write(client.file(third), client.file(to))).toBe(4);
    expect(await client.file(third).text()).toBe("data");
  });

  it("has the type that is asked for", async () => {
    const client = store.client();
    const [from, to] = [fresh("from"), fresh("to")];
    await client.write(from, "data", { type: "text/x-before" });
    await client.write(to, client.file(from), { type: "text/x-after" });
    expect((await client.stat(to)).type).toBe("text/x-after");
  });

  it("onto itself changes nothing", async () => {
    const client = store.client();
    const key = fresh("itself");
    await client.write(key, "data");
    await client.write(key, client.file(key), { type: "text/x-after" });
    expect(await client.file(key).text()).toBe("data");
    expect((await client.stat(key)).type).toBe("text/x-after");
  });

  it("of an absent object is an error, and the target stays", async () => {
    const client = store.client();
    const key = fresh("stays");
    await client.write(key, "before");
    await expect(client.write(key, client.file("absent"))).rejects.toMatchObject({ code: "NoSuchKey", statusCode: 404 });
    expect(await client.file(key).text()).toBe("before");
  });

  it("with other credentials reads with the one and writes with the other", async () => {
    const [from, to] = [fresh("from"), fresh("to")];
    await store.client().write(from, "data");
    const stranger = store.client({ secretAccessKey: "wrong" });
    await expect(store.client().write(to, stranger.file(from))).rejects.toMatchObject({ statusCode: 403 });
    expect(await store.client().exists(to)).toBe(false);
  });
});
