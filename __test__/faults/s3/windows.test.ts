/** Streams of large objects from a store that gives a connection little: several ranges at once, in order and bounded. */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { etag, type Exchange, type MemoryStore, rangeOf, useMemoryStore } from "../../support/memory-store.js";
import { drained } from "../../support/readers.js";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
const LENGTH = 40 * MIB + 5;
/** What the first connection brings before it becomes slow. */
const FAST = 9 * MIB;
/** How it goes on: so much in each pause is far less than 200 MiB in a second, whatever else the machine does. */
const PIECE = MIB / 2;
const PAUSE_MS = 50;
/** Pauses after which anybody has seen that it is slow. */
const ENOUGH = 20;

let large: Buffer;
let store: MemoryStore;
beforeAll(() => {
  large = randomBytes(LENGTH);
});
useMemoryStore((fresh) => {
  store = fresh;
  store.objects.set("/b/large", large);
  store.fault = slow();
});

/** Answers requests without a range slowly, until ranges are asked for, and those for ranges as `ranges` says. */
function slow(
  ranges: (exchange: Exchange) => boolean | Promise<boolean> = () => false,
  headers: Record<string, string> = {},
  pauses = Infinity,
) {
  return async (exchange: Exchange) => {
    const { number, request, response } = exchange;
    if (request.headers.range !== undefined) return ranges(exchange);
    response.writeHead(200, { ...rangeOf(request, large).headers, etag: etag(large), ...headers });
    response.write(large.subarray(0, FAST));
    let at = FAST;
    const goesOn = () => at < large.length && store.kinds.length === number + 1 && !request.socket.destroyed;
    for (let pause = 0; pause < pauses && goesOn(); pause++) {
      await sleep(PAUSE_MS);
      response.write(large.subarray(at, at + PIECE));
      at += PIECE;
    }
    response.end(large.subarray(at));
    return true;
  };
}

const open = (options = {}) => store.client({ partSize: PART, queueSize: 3, ...options }).file("large").stream();

/** Not the bytes: a message about them would be large. */
const lengthOf = async (stream: AsyncIterable<Uint8Array>) => (await drained(stream)).length;

/** Reads on while `goesOn` says so of how much the reader has got. */
async function readWhile(reader: ReadableStreamDefaultReader<Uint8Array>, goesOn: (got: number) => boolean) {
  const chunks: Uint8Array[] = [];
  for (let got = 0; goesOn(got); ) {
    const { value } = await reader.read();
    chunks.push(value!);
    got += value!.length;
  }
  return Buffer.concat(chunks);
}

/** Reads until ranges are asked for, then waits for the requests of a full window. */
async function readToWindow(reader: ReadableStreamDefaultReader<Uint8Array>) {
  const head = await readWhile(reader, () => store.kinds.length < 2);
  await expect.poll(() => store.kinds.length).toBe(3);
  return head;
}

const ranges = () => store.requests.slice(1).map(({ headers }) => headers.range);

it("is whole, of ranges that follow each other, each of the same object", async () => {
  let now = 0;
  let most = 0;
  store.fault = slow(({ response }) => {
    most = Math.max(most, ++now);
    response.on("close", () => now--);
    return false;
  });
  expect((await drained(open())).equals(large)).toBe(true);
  expect(store.requests.slice(1).every(({ headers }) => headers["if-match"] === etag(large))).toBe(true);
  expect(most).toBeLessThanOrEqual(2);
  const asked = ranges().map((range) => /^bytes=(\d+)-(\d+)$/.exec(range!)!.slice(1).map(Number) as [number, number]);
  // Those that are asked for together may arrive in any order.
  asked.sort(([one], [other]) => one - other);
  asked.forEach(([start], index) => index > 0 && expect(start).toBe(asked[index - 1]![1] + 1));
  expect(asked.slice(0, -1).every(([start, end]) => end - start + 1 === PART)).toBe(true);
  expect(asked.at(-1)![1]).toBe(large.length - 1);
  expect(asked.length).toBeGreaterThan(2);
});

it("asks for nothing more while nobody reads", async () => {
  const reader = open().getReader();
  const head = await readToWindow(reader);
  // Both ranges have come whole, and the window is full.
  await expect.poll(() => store.requests.slice(1).every(({ socket }) => socket.bytesWritten >= PART)).toBe(true);
  expect(store.kinds).toHaveLength(3);
  const rest = await readWhile(reader, (got) => got < large.length - head.length);
  expect(Buffer.concat([head, rest]).equals(large)).toBe(true);
  expect(store.kinds.length).toBeGreaterThan(3);
});

it("frees its connections when it is cancelled", async () => {
  // No range is ever answered.
  store.fault = slow(() => true);
  const reader = open().getReader();
  await readToWindow(reader);
  await reader.cancel();
  await store.idle();
});

it("ends with the reason of its signal", async () => {
  store.fault = slow(() => true);
  const controller = new AbortController();
  const reader = open({ signal: controller.signal }).getReader();
  await readToWindow(reader);
  controller.abort(new Error("enough"));
  await expect(lengthOf((async function* () {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value!;
  })())).rejects.toThrow("enough");
  await store.idle();
});

it("goes on where a range breaks off", async () => {
  let broken = 0;
  store.fault = slow(async ({ request, response }) => {
    if (broken++ > 2) return false;
    const { status, headers, bytes } = rangeOf(request, large);
    response.writeHead(status, { ...headers, etag: etag(large) });
    await new Promise((written) => response.write(bytes.subarray(0, MIB + 1), written));
    request.socket.destroySoon();
    return true;
  });
  expect((await drained(open())).equals(large)).toBe(true);
  expect(broken).toBeGreaterThan(3);
});

it("ends when a range cannot be had, after what came before it", async () => {
  store.fault = slow(({ request, response }) => {
    if (store.kinds.length < 3) return false;
    request.socket.destroy();
    response.destroy();
    return true;
  });
  const chunks: Uint8Array[] = [];
  const reading = (async () => {
    await drained(
      (async function* () {
        for await (const chunk of open({ retry: 0 })) {
          chunks.push(chunk);
          yield chunk;
        }
      })(),
    );
  })();
  await expect(reading).rejects.toMatchObject({ code: "ConnectionClosed" });
  const got = Buffer.concat(chunks);
  expect(got.equals(large.subarray(0, got.length))).toBe(true);
});

it("is not mixed with what the object is meanwhile", async () => {
  store.fault = slow(() => {
    store.objects.set("/b/large", Buffer.alloc(large.length));
    return false;
  });
  await expect(lengthOf(open())).rejects.toMatchObject({ code: "PreconditionFailed", statusCode: 412 });
});

it("is compared with its checksum as a whole", async () => {
  const sum = createHash("sha256").update(large).digest("base64");
  const read = () => drained(open({ checksumAlgorithm: "SHA256" }));
  store.fault = slow(undefined, { "x-amz-checksum-sha256": sum });
  expect((await read()).equals(large)).toBe(true);
  expect(store.kinds.length).toBeGreaterThan(3);
  store.fault = slow(undefined, { "x-amz-checksum-sha256": sum.replace(/^./, (digit) => (digit === "A" ? "B" : "A")) });
  await expect(lengthOf(open({ checksumAlgorithm: "SHA256" }))).rejects.toMatchObject({ code: "ERR_S3_CHECKSUM_MISMATCH" });
});

it.each<[string, object, number]>([
  ["one at a time is asked for", { queueSize: 1 }, LENGTH],
  // With what is read ahead it is less than what a reader has to get before ranges are asked for.
  ["only the beginning is read", {}, 6 * MIB],
  ["less than two parts are left", { partSize: 20 * MIB }, LENGTH],
])("costs one request where %s", async (_, options, length) => {
  store.fault = slow(undefined, {}, ENOUGH);
  const reader = open(options).getReader();
  const got = await readWhile(reader, (got) => got < length);
  expect(got.equals(large.subarray(0, got.length))).toBe(true);
  await reader.cancel();
  expect(store.kinds).toEqual(["GET"]);
});
