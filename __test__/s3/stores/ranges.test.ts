import { createHash, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { S3Client } from "../../../index.js";
import { fresh, MIB, needs, useStore } from "./store.js";

const store = useStore();
let client: S3Client;
const digits = "0123456789";
const large = randomBytes(40 * MIB + 1);

beforeAll(async () => {
  client = store.client();
  await Promise.all([client.write("digits", digits), client.write("empty", ""), client.write("large", large)]);
}, 60_000);

describe("slices", () => {
  it.each<[...number[]]>([
    [0], [0, 0], [0, 1], [2, 5], [7], [9], [9, 10], [-3], [-10], [0, -5], [-5, -2], [-3, 2], [5, 2], [8, 100],
  ])("from %i to %s are those of a string", async (...range) => {
    const expected = digits.slice(...range);
    const slice = client.file("digits").slice(...range);
    expect(await slice.text()).toBe(expected);
    expect(await new Response(slice.stream()).text()).toBe(expected);
    expect(Buffer.from(await slice.arrayBuffer()).toString()).toBe(expected);
  });

  needs("longSuffixes")("from the end may be longer than the object", async () => {
    expect(await client.file("digits").slice(-11).text()).toBe(digits);
    const outcome = await client.file("empty").slice(-3).text().catch((error: unknown) => error);
    if (outcome !== "") expect(outcome).toMatchObject({ code: "InvalidRange", statusCode: 416 });
  });

  it("can be sliced again", async () => {
    const file = client.file("digits");
    expect(await file.slice(2, 8).slice(1, 3).text()).toBe("34");
    expect(await file.slice(-6).slice(1, 3).text()).toBe("56");
    expect(await file.slice(2, 8).slice(-2).text()).toBe("67");
  });

  it("that hold nothing are empty, whatever the object", async () => {
    for (const range of [[0, 0], [5, 5], [5, 2]]) {
      expect(await client.file("empty").slice(...range).text()).toBe("");
      expect(await new Response(client.file("digits").slice(...range).stream()).text()).toBe("");
    }
    expect(await client.file("empty").slice(0).text()).toBe("");
    expect(await client.file("empty").text()).toBe("");
  });

  it.each<[key: string, begin: number, end?: number]>([["digits", 10], ["digits", 11, 12], ["empty", 0, 5], ["empty", 3]])(
    "of %s that begin behind the end are the store's error: %i",
    async (key, ...range) => {
      const refused = { code: "InvalidRange", statusCode: 416 };
      await expect(client.file(key).slice(...range).text()).rejects.toMatchObject(refused);
      await expect(new Response(client.file(key).slice(...range).stream()).text()).rejects.toMatchObject(refused);
    },
  );

  it("of an absent object are errors", async () => {
    await expect(client.file("absent").slice(0, 5).text()).rejects.toMatchObject({ code: "NoSuchKey" });
    await expect(client.file("absent").slice(-5).text()).rejects.toMatchObject({ code: "NoSuchKey" });
  });

  it("of a large object are right at their borders", async () => {
    for (const [start, end] of [[0, 1], [8 * MIB - 1, 8 * MIB + 1], [16 * MIB, 33 * MIB + 7], [40 * MIB, 40 * MIB + 1]] as const) {
      const bytes = await client.file("large").slice(start, end).bytes();
      expect(Buffer.compare(bytes, large.subarray(start, end))).toBe(0);
    }
  });
});

describe("a large object", () => {
  it("comes whole", async () => {
    expect(Buffer.compare(await client.file("large").bytes(), large)).toBe(0);
  });

  it("comes whole as a stream", async () => {
    const sum = createHash("sha256");
    for await (const chunk of client.file("large").stream()) sum.update(chunk);
    expect(sum.digest("hex")).toBe(createHash("sha256").update(large).digest("hex"));
  });

  it("can be left in the middle, and the next call works", async () => {
    const reader = client.file("large").stream().getReader();
    const { value = new Uint8Array() } = await reader.read();
    expect(value.length).toBeGreaterThan(0);
    expect(Buffer.compare(value, large.subarray(0, value.length))).toBe(0);
    await reader.cancel();
    expect(await client.file("digits").text()).toBe(digits);
  });

  it("that is replaced while it is read is not mixed", async () => {
    const key = fresh("replaced");
    await client.write(key, large);
    const reader = client.file(key).stream().getReader();
    const first = await reader.read();
    // Not awaited yet: a store may let it wait until the object has been read.
    const replaced = client.write(key, Buffer.alloc(large.length, 1));
    const chunks = [first.value!];
    let outcome: unknown;
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
      outcome = Buffer.compare(Buffer.concat(chunks), large);
    } catch (error) {
      outcome = error;
    }
    // Whole, as it was at the start, or an error; never a part of each.
    if (outcome !== 0) expect(outcome).toMatchObject({ name: "S3Error" });
    expect(await replaced).toBe(large.length);
  });
});
