import { describe, expect, it } from "vitest";
import type { Capability } from "../../../dev/stores/capabilities.mjs";
import { needs, useStore } from "./store.js";

const store = useStore();

const KEYS: [name: string, key: string, ...needed: Capability[]][] = [
  ["spaces", "keys/with  two spaces "],
  ["plus signs", "keys/a+b c"],
  ["percent signs", "keys/100%/%20/%zz"],
  ["what URLs reserve", "keys/?query=1&more#fragment:;@$,=[]"],
  ["what signatures encode", "keys/!'()*~-_."],
  ["XML marks", "keys/<a>&amp;\"'"],
  ["other letters", "keys/ünïcödé/日本語/עברית"],
  ["letters that can be written in two ways", "keys/e\u0301-\u00e9"],
  ["emoji", "keys/😀/👩‍👩‍👧"],
  ["control characters", "keys/\u0001\t\u007f"],
  ["a dot as segment", "keys/./a/.", "dotSegments"],
  ["two dots as segment", "keys/../a/..", "dotSegments"],
  ["empty segments", "keys//a///b", "emptySegments"],
  ["1,024 bytes in segments", `keys/${"abcdefghi/".repeat(101)}`.slice(0, 1023) + "z", "longKeys"],
  ["1,024 bytes in one piece", "k".repeat(1024), "longKeys", "longSegments"],
  ["1,024 bytes of emoji", "😀".repeat(256), "longKeys", "longSegments"],
];

describe.each(KEYS)("keys with %s", (_, key, ...needed) => {
  const bytes = new TextEncoder().encode(key);

  needs(...needed)("are written, read, told about, signed, copied and removed", async () => {
    const client = store.client();
    const object = client.file(key);
    expect(await client.write(key, bytes)).toBe(bytes.length);
    expect(await object.bytes()).toEqual(bytes);
    expect(await client.size(key)).toBe(bytes.length);
    const page = await client.list({ prefix: key });
    expect(page.contents?.map((entry) => entry.key)).toEqual([key]);
    // `fetch` would resolve the dots.
    if (!needed.includes("dotSegments")) expect(await (await fetch(object.presign())).text()).toBe(key);
    expect(await client.write("keys-copy", object)).toBe(bytes.length);
    expect(await client.file("keys-copy").bytes()).toEqual(bytes);
    expect(await object.delete()).toBe(true);
    expect(await object.exists()).toBe(false);
    expect((await client.list({ prefix: key })).contents).toBeUndefined();
  });
});

describe("keys that look alike", () => {
  needs("dotSegments", "emptySegments")("are different objects", async () => {
    const client = store.client();
    const keys = ["alike/a/b", "alike//a/b", "alike/./a/b", "alike/a/../a/b", "alike/a%2Fb", "alike/a/b ", "alike/a+b", "alike/a b"];
    for (const key of keys) await client.write(key, key);
    for (const key of keys) expect(await client.file(key).text()).toBe(key);
    const page = await client.list({ prefix: "alike/" });
    expect(page.contents?.map((entry) => entry.key).sort()).toEqual([...keys].sort());
  });

  it("of more than 1,024 bytes are refused and nothing is stored", async () => {
    const client = store.client();
    const key = `long/${"abcdefghi/".repeat(103)}`;
    await expect(client.write(key, "data")).rejects.toMatchObject({ name: "S3Error" });
  });
});
