/** What transfers and calls need and leave behind. `S3_MEMORY_MIB` is the object's size: 4096 is what has to hold. */
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { fresh, MIB, useStore } from "./stores/store.js";

const store = useStore();
const SIZE_MIB = Number(process.env.S3_MEMORY_MIB ?? 256);
const PART = 8 * MIB;
const QUEUE = 4;
const ALLOWANCE = 64 * MIB;
const CALLS = 10_000;
const TIMEOUT_MS = 60_000 + SIZE_MIB * 1000;

/** Runs `work` and tells by how many bytes the process was larger meanwhile than before. */
async function growth(work: () => Promise<void>) {
  global.gc!();
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 10);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return Math.max(most, process.memoryUsage.rss()) - before;
}

function expectWithin(grown: number) {
  if (process.env.S3_MEMORY_MIB !== undefined) console.log(`The process has grown by ${Math.round(grown / MIB)} MiB`);
  expect(grown / MIB).toBeLessThan((PART * QUEUE + ALLOWANCE) / MIB);
}

/** Distinct pieces of 1 MiB, so that a lost or swapped one is noticed. */
function* pieces() {
  for (let index = 0; index < SIZE_MIB; index++) {
    const piece = Buffer.alloc(MIB, index & 255);
    piece.writeUInt32BE(index);
    yield piece;
  }
}

const expected = createHash("sha256");
for (const piece of pieces()) expected.update(piece);
const digest = expected.digest("hex");

describe(`an object of ${SIZE_MIB} MiB`, () => {
  const key = fresh("memory");
  const client = () => store.client({ partSize: PART, queueSize: QUEUE });

  it("is streamed up within the parts in flight and 64 MiB", async () => {
    // What is loaded once does not count.
    await client().write(key, new Blob([new Uint8Array(2 * PART)]).stream());
    const grown = await growth(async () => {
      async function* source() {
        yield* pieces();
      }
      expect(await client().write(key, source())).toBe(SIZE_MIB * MIB);
    });
    expectWithin(grown);
  }, TIMEOUT_MS);

  it("is written by a writer within the parts in flight and 64 MiB", async () => {
    const grown = await growth(async () => {
      const writer = client().file(key).writer();
      for (const piece of pieces()) await writer.write(piece);
      expect(await writer.end()).toBe(SIZE_MIB * MIB);
    });
    expectWithin(grown);
  }, TIMEOUT_MS);

  it("is streamed down within the same, and is the same", async () => {
    const sum = createHash("sha256");
    const grown = await growth(async () => {
      for await (const chunk of client().file(key).stream()) sum.update(chunk);
    });
    expect(sum.digest("hex")).toBe(digest);
    expectWithin(grown);
  }, TIMEOUT_MS);

  it("gives the event loop a turn every 4 MiB although its reader is slower than the store", async () => {
    let got = 0;
    let atTurn = 0;
    let longest = 0;
    let next = setImmediate(function turn() {
      longest = Math.max(longest, got - atTurn);
      atTurn = got;
      next = setImmediate(turn);
    });
    const sums = Array.from({ length: 8 }, () => createHash("sha256"));
    for await (const chunk of client().file(key).stream()) {
      got += chunk.length;
      for (const sum of sums) sum.update(chunk);
    }
    clearImmediate(next);
    // In a turn the memory of what was read is given back.
    expect(Math.max(longest, got - atTurn)).toBeLessThanOrEqual(4 * MIB);
    await client().delete(key);
  }, TIMEOUT_MS);
});

describe(`${CALLS} calls at once`, () => {
  it("all settle, and leave nothing on the heap", async () => {
    const client = store.client();
    const key = fresh("small");
    await client.write(key, "small");
    const round = async () => {
      const calls = Array.from({ length: CALLS }, (_, index) => (index % 2 ? client.file(key).text() : client.size(key)));
      const results = await Promise.all(calls);
      expect(new Set(results)).toEqual(new Set(["small", 5]));
    };
    const heap = () => {
      global.gc!();
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      return heapUsed + external + arrayBuffers;
    };
    // Tables that have grown once stay as they are.
    await round();
    const before = heap();
    await round();
    await round();
    // 100 bytes for each call would be a leak of 2 MB.
    expect(heap() - before).toBeLessThan(MIB);
  }, 180_000);
});
