import { createHash } from "node:crypto";
import { expectEqual, expectSameList, wrong } from "../check.mjs";
import { verifyPresigned } from "../presigned.mjs";
import { CHECK_PREFIX, LARGE_KEY, LIST_KEYS, LIST_PREFIX, PREFIX, SMALL, SMALL_KEY, largeBytes } from "./s3-data.mjs";

const MIB = 1024 * 1024;
const LARGE_SIZE = 64 * MIB;
const PART_SIZE = 8 * MIB;
const QUEUE_SIZE = 4;
const PRESIGNS = 100;
const EXPIRES = 3600;
// A measured download has its length and one byte of every 64 KiB compared: that finds lost, doubled and
// misplaced pieces and costs nothing. Before each slice one download is hashed as a whole.
const SAMPLE_EVERY = 64 * 1024;

const presignKeys = Array.from({ length: 1000 }, (_, i) => `${PREFIX}folder ${i % 10}/photo-${i}.jpg`);
const putKeys = Array.from({ length: 100 }, (_, i) => `${PREFIX}put/${i}`);
const largePutKey = `${PREFIX}put-64m`;

async function presign(client, i) {
  for (let j = 0; j < PRESIGNS; j++) {
    const key = presignKeys[(i * PRESIGNS + j) % presignKeys.length];
    const signed = client.presign(key, EXPIRES);
    const url = typeof signed === "string" ? signed : await signed;
    if (!url.includes(`photo-${(i * PRESIGNS + j) % presignKeys.length}.jpg?`) || !url.includes("X-Amz-Signature=")) {
      throw wrong("presigned URL", key, url);
    }
  }
}

async function get(client) {
  const bytes = await client.get(SMALL_KEY);
  if (!SMALL.equals(bytes)) throw wrong("GET of 1 KiB", "the object's bytes", `${bytes?.length} other bytes`);
}

class Download {
  #length = 0;

  add(chunk) {
    const expected = largeBytes();
    const first = Math.ceil(this.#length / SAMPLE_EVERY) * SAMPLE_EVERY;
    for (let at = first; at < this.#length + chunk.length; at += SAMPLE_EVERY) {
      if (chunk[at - this.#length] !== expected[at]) throw wrong(`byte ${at}`, expected[at], chunk[at - this.#length]);
    }
    this.#length += chunk.length;
  }

  end() {
    expectEqual("length of the download", LARGE_SIZE, this.#length);
  }
}

async function getLarge(client) {
  const download = new Download();
  download.add(await client.get(LARGE_KEY));
  download.end();
}

async function streamLarge(client) {
  const download = new Download();
  for await (const chunk of await client.stream(LARGE_KEY)) download.add(chunk);
  download.end();
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
let largeHash;

async function checkGet(client) {
  largeHash ??= sha256(largeBytes());
  expectEqual("SHA-256 of the download", largeHash, sha256(await client.get(LARGE_KEY)));
}

async function checkStream(client) {
  largeHash ??= sha256(largeBytes());
  const hash = createHash("sha256");
  for await (const chunk of await client.stream(LARGE_KEY)) hash.update(chunk);
  expectEqual("SHA-256 of the stream", largeHash, hash.digest("hex"));
}

/** One upload the same way to a place that keeps it, and back. */
function checkUpload(upload, bytes) {
  return async (client) => {
    const key = `${CHECK_PREFIX}object`;
    const expected = bytes();
    await upload(client, key, expected);
    expectEqual("SHA-256 of the upload", sha256(expected), sha256(await client.get(key)));
  };
}

const put = (client, key, bytes) => client.put(key, bytes);
const multipart = (client, key, bytes) => client.multipart(key, bytes, PART_SIZE, QUEUE_SIZE);

export const CASES = [
  {
    name: "presign",
    title: "presign a GET",
    offline: true,
    opsPerCall: PRESIGNS,
    before: async (client, store) =>
      verifyPresigned(await client.presign(presignKeys[1], EXPIRES), store.secretAccessKey),
    once: presign,
  },
  { name: "get-1k", title: "GET of 1 KiB, 32 in flight", width: 32, once: get },
  {
    name: "put-1k",
    title: "PUT of 1 KiB, 32 in flight",
    width: 32,
    before: checkUpload(put, () => SMALL),
    once: (client, i) => put(client, putKeys[i % putKeys.length], SMALL),
  },
  {
    name: "head-1k",
    title: "HEAD, 32 in flight",
    width: 32,
    once: async (client) => expectEqual("size of HEAD", SMALL.length, await client.head(SMALL_KEY)),
  },
  {
    name: "list-1000",
    title: "list of 1,000 keys",
    once: async (client) => expectSameList("keys", LIST_KEYS, await client.list(LIST_PREFIX)),
  },
  {
    name: "get-64m",
    title: "GET of 64 MiB into memory",
    bytesPerOp: LARGE_SIZE,
    warmUpCalls: 1,
    before: checkGet,
    once: getLarge,
  },
  {
    name: "stream-64m",
    title: "stream of 64 MiB down",
    bytesPerOp: LARGE_SIZE,
    warmUpCalls: 1,
    before: checkStream,
    once: streamLarge,
  },
  {
    name: "put-64m",
    title: "PUT of 64 MiB",
    bytesPerOp: LARGE_SIZE,
    warmUpCalls: 1,
    before: checkUpload(put, largeBytes),
    once: (client) => put(client, largePutKey, largeBytes()),
  },
  {
    name: "multipart-64m",
    title: "multipart upload of 64 MiB (parts of 8 MiB, 4 in flight)",
    bytesPerOp: LARGE_SIZE,
    warmUpCalls: 1,
    before: checkUpload(multipart, largeBytes),
    once: (client) => multipart(client, largePutKey, largeBytes()),
  },
];
