/** Buffers whose memory goes away while they are uploaded: never a silent success, never a crash of the process. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { makeCertificates } from "../../support/certificates.js";
import { listen, shutDown } from "../../support/listen.js";
import { type MemoryStore, refuse, useMemoryStore } from "../../support/memory-store.js";

const entry = createRequire(import.meta.url).resolve("../../../index.js");
const MIB = 1024 * 1024;
const DETACHED = { name: "S3Error", code: "ERR_S3_BODY_DETACHED", path: "key" };
let store: MemoryStore;
useMemoryStore((fresh) => (store = fresh));

const make = (length: number) => new Uint8Array(randomBytes(length));
/** Takes the memory of a buffer away; it is kept by what is returned. */
const detach = ({ buffer }: Uint8Array<ArrayBuffer>) => structuredClone(buffer, { transfer: [buffer] });

describe("a buffer", () => {
  it("is an error that is detached before the store has answered", async () => {
    const bytes = make(8 * MIB);
    let kept: ArrayBuffer | undefined;
    store.fault = async ({ body }) => {
      await body();
      kept = detach(bytes);
      return false;
    };
    await expect(store.client().write("key", bytes)).rejects.toMatchObject(DETACHED);
    expect(kept!.byteLength).toBe(8 * MIB);
  });

  it("is not sent once more after it was detached", async () => {
    const bytes = make(8 * MIB);
    store.fault = async ({ response, body }) => {
      await body();
      detach(bytes);
      return Boolean(refuse(response, 503, "SlowDown", { "retry-after": "0" }));
    };
    await expect(store.client({ retry: 3 }).write("key", bytes)).rejects.toMatchObject(DETACHED);
    expect(store.kinds).toEqual(["PUT"]);
    expect(store.objects.size).toBe(0);
  });

  it("is an error when its memory is freed while it is sent", async () => {
    // The memory of a large buffer is given back to the system with it.
    const bytes = make(64 * MIB);
    store.fault = ({ request }) =>
      new Promise((done) =>
        request.once("data", () => {
          request.pause();
          new MessageChannel().port1.postMessage(null, [bytes.buffer]);
          global.gc!();
          request.resume();
          done(false);
        }),
      );
    await expect(store.client().write("key", bytes)).rejects.toMatchObject(DETACHED);
  });

  it("of a worker is not read any more when the worker has been terminated", async () => {
    const folder = mkdtempSync(join(tmpdir(), "s3-valkey-"));
    makeCertificates(folder);
    const [key, cert] = ["server.key", "server.crt"].map((name) => readFileSync(join(folder, name)));
    const server = createServer({ key, cert });
    try {
      const worker = new Worker(
        `const { S3Client } = require(${JSON.stringify(entry)});
        new S3Client(require("node:worker_threads").workerData).write("key", new Uint8Array(64 << 20).fill(7)).catch(() => {});`,
        {
          eval: true,
          workerData: {
            endpoint: `https://127.0.0.1:${await listen(server)}`,
            bucket: "b",
            accessKeyId: "id",
            secretAccessKey: "secret",
            tls: { rejectUnauthorized: false },
          },
        },
      );
      const [request] = (await once(server, "request")) as [IncomingMessage];
      request.on("error", () => {});
      const [first] = (await once(request, "data")) as [Buffer];
      request.pause();
      await worker.terminate();
      let length = first.length;
      request.on("data", (chunk: Buffer) => (length += chunk.length)).resume();
      await new Promise((done) => request.once("close", done));
      expect(length).toBeLessThan(64 * MIB);
    } finally {
      shutDown(server);
      rmSync(folder, { recursive: true });
    }
  });

  it("may be transferred by who has aborted the call", async () => {
    const bytes = make(8 * MIB);
    const controller = new AbortController();
    const reason = new Error("enough");
    store.fault = () => {
      controller.abort(reason);
      detach(bytes);
      return true;
    };
    await expect(store.client().write("key", bytes, { signal: controller.signal })).rejects.toBe(reason);
  });

  it("may be detached when the call has settled, and before, if it is short", async () => {
    const bytes = make(MIB);
    const copy = Buffer.from(bytes);
    await store.client().write("key", bytes);
    detach(bytes);
    expect(store.objects.get("/b/key")!.equals(copy)).toBe(true);
    const short = make(64 * 1024);
    const shortCopy = Buffer.from(short);
    const writing = store.client().write("key", short);
    detach(short);
    expect(await writing).toBe(64 * 1024);
    expect(store.objects.get("/b/key")!.equals(shortCopy)).toBe(true);
  });
});

describe("a source", () => {
  async function* source(pieces: Uint8Array<ArrayBuffer>[]) {
    yield* pieces;
  }

  it("stores nothing whose piece was detached before its part was stored", async () => {
    const pieces = Array.from({ length: 12 }, () => make(MIB));
    store.fault = async ({ kind, body }) => {
      if (kind !== "part") return false;
      await body();
      if (pieces[0]!.byteLength > 0) detach(pieces[0]!);
      return false;
    };
    await expect(store.client().write("key", source(pieces))).rejects.toMatchObject(DETACHED);
    expect(store.objects.size).toBe(0);
    expect(store.uploads.size).toBe(0);
    expect(store.kinds.at(-1)).toBe("abort");
  });

  it("is an error whose piece was detached while it waited for its turn", async () => {
    for (const [count, size] of [
      [8, 100 * 1024],
      [24, MIB - 1],
    ] as const) {
      const pieces = Array.from({ length: count }, () => make(size));
      let at = 0;
      const detaching = async function* () {
        for (const piece of pieces) {
          if (at++ === 2) detach(pieces[1]!);
          yield piece;
        }
      };
      await expect(store.client().write("key", detaching())).rejects.toMatchObject(DETACHED);
      expect(store.objects.size).toBe(0);
      expect(store.uploads.size).toBe(0);
    }
  });

  it("is an error that was stored by one request", async () => {
    const pieces = [make(MIB)];
    store.fault = async ({ body }) => {
      await body();
      detach(pieces[0]!);
      return false;
    };
    await expect(store.client().write("key", source(pieces))).rejects.toMatchObject(DETACHED);
  });

  it("is stored whose pieces stay where they are", async () => {
    const pieces = Array.from({ length: 12 }, () => make(MIB));
    expect(await store.client().write("key", source(pieces))).toBe(12 * MIB);
    expect(store.objects.get("/b/key")!.equals(Buffer.concat(pieces))).toBe(true);
  });

  it("may detach what a writer has taken", async () => {
    const bytes = make(6 * MIB);
    const copy = Buffer.from(bytes);
    const writer = store.client().file("key").writer();
    await writer.write(bytes);
    detach(bytes);
    expect(await writer.end()).toBe(6 * MIB);
    expect(store.objects.get("/b/key")!.equals(copy)).toBe(true);
  });
});
