// Large values, for which one connection might be too little.
import { expectEqual } from "../check.mjs";
import { CASES as ALL } from "./redis.mjs";

const SIZE = 64 * 1024;
const KEYS = 50;
const keys = Array.from({ length: KEYS }, (_, i) => `bench:64k:${i}`);
const values = keys.map((key) => key.padEnd(SIZE, "abcdefghijklmnop"));

/** Writes what the reads find. */
export async function seedLarge(client) {
  await Promise.all(keys.map((key, i) => client.set(key, values[i])));
}

export const CASES = [
  {
    name: "set-64k",
    title: "SET of 64 KiB, 50 in flight",
    width: 50,
    once: async (client, i) => expectEqual("SET of 64 KiB", "OK", await client.set(keys[i % KEYS], values[i % KEYS])),
    after: async (client) => expectEqual("64 KiB written", values[0], await client.get(keys[0])),
  },
  {
    name: "get-64k",
    title: "GET of 64 KiB, 50 in flight",
    width: 50,
    once: async (client, i) => expectEqual("64 KiB value", values[i % KEYS], await client.get(keys[i % KEYS])),
  },
  ...ALL.filter(({ name }) => name === "get-50" || name === "get-1000"),
];
