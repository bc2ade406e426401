import { randomBytes } from "node:crypto";
import { PassThrough, Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { type Exchange, type MemoryStore, refuse, useMemoryStore } from "../../support/memory-store.js";

const MIB = 1024 * 1024;
const PART = 5 * MIB;
let data: Buffer;
let store: MemoryStore;

beforeAll(() => {
  data = randomBytes(3 * PART + 1000);
});
useMemoryStore((fresh) => (store = fresh));

async function* pieces(length = data.length) {
  for (let at = 0; at < length; at += MIB) yield data.subarray(at, Math.min(at + MIB, length));
}

const upload = (options: object = {}, client = store.client()) => client.write("key", pieces(), options);

/** The object is whole or not there, and nothing else is left. */
function expectAbsent() {
  expect(store.objects.has("/b/key")).toBe(false);
  expect(store.uploads.size).toBe(0);
}

function expectWhole() {
  expect(store.objects.get("/b/key")!.equals(data)).toBe(true);
  expect(store.uploads.size).toBe(0);
}

/** Plays a fault at the first request of a kind. */
function once(kind: Exchange["kind"], fault: (exchange: Exchange) => unknown) {
  let played = false;
  store.fault = async (exchange) => {
    if (played || exchange.kind !== kind) return false;
    played = true;
    return (await fault(exchange)) !== false;
  };
}

describe.each(["create", "part", "complete"] as const)("%s", (kind) => {
  it("is repeated after 503", async () => {
    once(kind, ({ response }) => refuse(response, 503, "SlowDown", { "retry-after": "0" }));
    expect(await upload()).toBe(data.length);
    expectWhole();
  });

  it("is repeated after a reset before the request was read", async () => {
    once(kind, ({ request }) => request.socket.resetAndDestroy());
    expect(await upload()).toBe(data.length);
    expectWhole();
  });

  it("ends the upload when it is refused", async () => {
    store.fault = (exchange) => exchange.kind === kind && Boolean(refuse(exchange.response, 403, "AccessDenied"));
    await expect(upload()).rejects.toMatchObject({ name: "S3Error", code: "AccessDenied", path: "key" });
    expectAbsent();
  });
});

it("repeats a part that was reset in the middle", async () => {
  once("part", ({ request }) => request.once("data", () => request.socket.resetAndDestroy()));
  await upload();
  expectWhole();
});

it("counts an error behind 200 as 503", async () => {
  once("complete", ({ response }) => response.end("<Error><Code>InternalError</Code><Message>late</Message></Error>"));
  await upload();
  expectWhole();
  store.objects.clear();
  store.fault = ({ kind, response }) =>
    kind === "complete" && Boolean(response.end("<Error><Code>InternalError</Code><Message>late</Message></Error>"));
  await expect(upload({ retry: 1 })).rejects.toMatchObject({ code: "InternalError", statusCode: 503 });
  expectAbsent();
});

it("knows its object when the answer to the completion was lost", async () => {
  let lost = false;
  store.fault = async ({ kind, request, body }) => {
    if (kind !== "complete" || lost) return false;
    lost = true;
    const [id] = store.uploads.keys();
    const parts = store.uploads.get(id!)!;
    await body();
    store.objects.set("/b/key", Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part)));
    store.uploads.clear();
    request.socket.resetAndDestroy();
    return true;
  };
  expect(await upload()).toBe(data.length);
  expectWhole();
  expect(store.kinds.filter((kind) => kind === "complete")).toHaveLength(2);
});

it("does not take a missing upload for a completed one", async () => {
  store.objects.set("/b/key", data);
  once("complete", () => {
    store.uploads.clear();
    return false;
  });
  await expect(upload()).rejects.toMatchObject({ code: "NoSuchUpload" });
});

it("names an upload that it could not abort", async () => {
  store.fault = ({ kind, response }) =>
    (kind === "part" || kind === "abort") && Boolean(refuse(response, 403, "AccessDenied"));
  await expect(upload()).rejects.toThrow(/upload-\d+ could not be aborted/);
  const writer = store.client().file("key").writer();
  await writer.write(data);
  await expect(writer.end(new Error("mine"))).rejects.toThrow(/upload-\d+ could not be aborted/);
});

it("aborts behind its stragglers", async () => {
  // The second part is answered only after the first one was refused.
  let release!: () => void;
  const refused = new Promise<void>((done) => (release = done));
  let parts = 0;
  store.fault = async ({ kind, response, body }) => {
    if (kind !== "part") return false;
    await body();
    if (++parts < 2) {
      await refused;
      return false;
    }
    refuse(response, 403, "AccessDenied");
    setImmediate(release);
    return true;
  };
  await expect(upload({ queueSize: 2 })).rejects.toMatchObject({ code: "AccessDenied" });
  expectAbsent();
  expect(store.kinds.at(-1)).toBe("abort");
});

it("keeps at most queueSize parts in flight", async () => {
  let now = 0;
  let most = 0;
  store.fault = async ({ kind, body, response }) => {
    if (kind !== "part") return false;
    most = Math.max(most, ++now);
    await body();
    response.on("finish", () => now--);
    return false;
  };
  await upload({ queueSize: 2 });
  expect(most).toBeLessThanOrEqual(2);
  expectWhole();
});

it.each([
  ["an async iterable", pieces],
  ["a ReadableStream", () => ReadableStream.from(pieces())],
  ["a Node stream", () => Readable.from(pieces())],
])("stores nothing of %s that dies", async (_, make) => {
  async function* dying() {
    yield* make();
    throw new Error("the source died");
  }
  await expect(store.client().write("key", dying())).rejects.toThrow("the source died");
  expectAbsent();
  expect(store.kinds).toContain("abort");
});

it.each([
  ["an async iterable", async function* () {
    yield data;
    await new Promise(() => {});
  }],
  ["a ReadableStream", () => new ReadableStream({ start: (controller) => controller.enqueue(data) })],
  ["a Node stream", () => {
    const stream = new PassThrough({ highWaterMark: 100 * MIB });
    stream.write(data);
    return stream;
  }],
])("is aborted by its signal while %s has nothing more to give", async (_, make) => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const aborted = new Promise<void>((done) => {
    store.fault = ({ kind, response }) => {
      if (kind === "part") controller.abort(reason);
      if (kind === "abort") response.on("finish", done);
      return false;
    };
  });
  await expect(store.client().write("key", make(), { signal: controller.signal })).rejects.toBe(reason);
  await aborted;
  expectAbsent();
});

it("a writer is aborted by its signal", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  const stalled = new Promise<void>((begun) => {
    store.fault = ({ kind }) => {
      if (kind !== "part") return false;
      begun();
      return new Promise<boolean>(() => {});
    };
  });
  const writer = store.client().file("key").writer({ signal: controller.signal, queueSize: 1 });
  writer.write(data);
  const room = writer.write(data);
  await stalled;
  const ended = writer.end();
  controller.abort(reason);
  await expect(room).rejects.toBe(reason);
  await expect(ended).rejects.toBe(reason);
  expect(store.objects.size).toBe(0);
});

it("what waits for a writer that is dropped is told so", async () => {
  const stalled = new Promise<void>((begun) => {
    store.fault = ({ kind }) => {
      if (kind !== "part") return false;
      begun();
      return new Promise<boolean>(() => {});
    };
  });
  const writer = store.client().file("key").writer();
  await writer.write(data);
  const flushed = writer.flush();
  await stalled;
  const reason = new Error("enough");
  const told = expect(flushed).rejects.toMatchObject({ name: "S3Error", code: "ERR_S3_UPLOAD_ENDED", path: "key" });
  await expect(writer.end(reason)).rejects.toBe(reason);
  await told;
  expectAbsent();
});

it("an empty stream makes an empty object, a short one needs no parts", async () => {
  expect(await store.client().write("empty", pieces(0))).toBe(0);
  expect(store.objects.get("/b/empty")).toHaveLength(0);
  expect(await store.client().write("short", pieces(PART - 1))).toBe(PART - 1);
  expect(store.kinds).toEqual(["PUT", "PUT"]);
});

it("makes its parts larger when the length needs more than 10,000", async () => {
  // Says its length, gives less: only the size of the parts is of interest.
  const long = Object.defineProperty(new Blob([data]), "size", { value: 10_000 * PART + 1 });
  expect(await store.client().write("key", long)).toBe(data.length);
  const lengths = store.requests.map(({ headers }) => Number(headers["content-length"]));
  expect(store.kinds).toEqual(["create", "part", "part", "part", "complete"]);
  // They are under way at once, and arrive in any order.
  expect(lengths.filter((length) => length === 6 * MIB)).toHaveLength(2);
});

it("sends what a buffer was that is made shorter meanwhile", async () => {
  const bytes = randomBytes(8 * MIB);
  // TypeScript's library does not know them yet.
  const buffer = Reflect.construct(ArrayBuffer, [bytes.length, { maxByteLength: bytes.length }]);
  new Uint8Array(buffer).set(bytes);
  const writing = store.client({ checksumAlgorithm: "SHA256" }).write("key", buffer);
  buffer.resize(0);
  await writing;
  expect(store.objects.get("/b/key")!.equals(bytes)).toBe(true);
});
