import { describe, expect, it, vi } from "vitest";
import type { S3Client } from "../../../index.js";
import { etag, type Exchange, type MemoryStore, rangeOf, SMALL, useObjects } from "../../support/memory-store.js";
import { READERS } from "../../support/readers.js";

const MIB = 1024 * 1024;
let large: Buffer;
let store: MemoryStore;

useObjects((fresh, bytes) => {
  store = fresh;
  large = bytes;
});

/** Sends a part of what is asked for, then goes away. */
async function breakOff({ request, response }: Exchange, object: Buffer, length: number) {
  const { status, headers, bytes } = rangeOf(request, object);
  response.writeHead(status, { ...headers, etag: etag(object) });
  await new Promise((written) => response.write(bytes.subarray(0, length), written));
  request.socket.destroySoon();
  return true;
}

describe.each(READERS)("read %s", (_, bytesOf) => {
  const read = (client: S3Client, key: string) => bytesOf(client.file(key));

  it("a body that breaks off goes on where it broke", async () => {
    store.fault = (exchange) => exchange.number < 3 && breakOff(exchange, SMALL, 1000);
    expect((await read(store.client(), "small")).equals(SMALL)).toBe(true);
    expect(store.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      "bytes=1000-9999",
      "bytes=2000-9999",
      "bytes=3000-9999",
    ]);
    expect(store.requests.slice(1).every(({ headers }) => headers["if-match"] === etag(SMALL))).toBe(true);
  });

  it("a body that never gets on ends after `retry` attempts", async () => {
    store.fault = (exchange) => breakOff(exchange, SMALL, exchange.number === 0 ? 10 : 0);
    await expect(read(store.client({ retry: 2 }), "small")).rejects.toMatchObject({ code: "ConnectionClosed" });
    expect(store.kinds).toHaveLength(3);
  });

  it("an object that changed meanwhile is not mixed with what it was", async () => {
    store.fault = async (exchange) => {
      if (exchange.number > 0) return false;
      store.objects.set("/b/small", Buffer.from("something else"));
      return breakOff(exchange, SMALL, 1000);
    };
    await expect(read(store.client(), "small")).rejects.toMatchObject({ code: "PreconditionFailed", statusCode: 412 });
  });

  it("other bytes than were asked for are refused", async () => {
    store.fault = (exchange) => {
      if (exchange.number === 0) return breakOff(exchange, SMALL, 1000);
      const headers = { etag: etag(SMALL), "content-range": "bytes 0-8999/10000", "content-length": 9000 };
      exchange.response.writeHead(206, headers).end(SMALL.subarray(0, 9000));
      return true;
    };
    await expect(read(store.client(), "small")).rejects.toMatchObject({ code: "InvalidResponse" });
  });

  it("a part is not taken for the whole", async () => {
    store.fault = ({ response }) => {
      const headers = { etag: etag(SMALL), "content-range": "bytes 0-999/10000", "content-length": 1000 };
      response.writeHead(206, headers).end(SMALL.subarray(0, 1000));
      return true;
    };
    await expect(read(store.client(), "small")).rejects.toMatchObject({ code: "InvalidResponse" });
  });

  it("a body that stops coming goes on over another connection", async () => {
    store.fault = async ({ number, request, response }) => {
      if (number > 0) return false;
      const { headers, bytes } = rangeOf(request, SMALL);
      response.writeHead(200, { ...headers, etag: etag(SMALL) }).write(bytes.subarray(0, 5000));
      return true;
    };
    expect((await read(store.client({ stallTimeout: 100 }), "small")).equals(SMALL)).toBe(true);
    expect(store.requests[1]!.headers.range).toBe("bytes=5000-9999");
  });

  it("a body without a length that breaks off is an error", async () => {
    store.fault = async ({ request, response }) => {
      response.writeHead(200, { etag: '"e"' });
      await new Promise((written) => response.write("half", written));
      request.socket.destroySoon();
      return true;
    };
    await expect(read(store.client(), "small")).rejects.toMatchObject({ code: "ConnectionClosed" });
  });

  it("a store that announces two lengths is refused", async () => {
    store.fault = ({ request }) => {
      request.socket.end("HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nbody!");
      return true;
    };
    await expect(read(store.client(), "small")).rejects.toMatchObject({ code: "Malformed_HTTP_Response" });
  });

  it("more than was announced is not read as another answer", async () => {
    store.fault = ({ number, request }) => {
      if (number > 0) return false;
      request.socket.write("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil");
      return true;
    };
    const client = store.client();
    expect(String(await read(client, "small"))).toBe("body");
    expect((await read(client, "small")).equals(SMALL)).toBe(true);
  });

  it("a large object is whole although its parts break off", async () => {
    let broken = 0;
    store.fault = (exchange) => ++broken % 2 === 1 && broken < 6 && breakOff(exchange, large, MIB + 1);
    expect((await read(store.client(), "large")).equals(large)).toBe(true);
  });

  it("a large object needs no timer that a test may have replaced", async () => {
    vi.useFakeTimers({ toFake: ["setImmediate", "setTimeout"] });
    try {
      expect((await read(store.client(), "large")).equals(large)).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it("an impossible length costs no memory", async () => {
    store.fault = ({ request }) => {
      const head = ["HTTP/1.1 200 OK", "content-length: 4503599627370496", "accept-ranges: bytes", 'etag: "e"'];
      request.socket.end(`${head.join("\r\n")}\r\n\r\nnot that much`);
      return true;
    };
    await expect(read(store.client({ retry: 0 }), "small")).rejects.toMatchObject({ code: "ConnectionClosed" });
  });
});

it("reads several ranges of a large object at once, if the store gives ranges", async () => {
  expect(Buffer.from(await store.client().file("large").bytes()).equals(large)).toBe(true);
  expect(store.requests.map(({ headers }) => headers.range)).toEqual([undefined, `bytes=${20 * MIB}-${40 * MIB - 1}`]);
  store.fault = ({ response }) => {
    response.writeHead(200, { "content-length": large.length, etag: etag(large) }).end(large);
    return true;
  };
  expect(Buffer.from(await store.client({ retry: 0 }).file("large").bytes()).equals(large)).toBe(true);
  expect(store.kinds).toHaveLength(3);
});

it("a stream that is cancelled, errored or thrown away frees its connection", async () => {
  const reader = store.client().file("large").stream().getReader();
  await reader.read();
  await reader.cancel();
  await store.idle();

  const controller = new AbortController();
  const aborted = store.client().file("large").stream({ signal: controller.signal }).getReader();
  await aborted.read();
  const next = aborted.read().then(() => aborted.read());
  controller.abort(new Error("enough"));
  await expect(next).rejects.toThrow("enough");
  await store.idle();
});

it("a stream that nobody reads frees its connection, and goes on when it is read again", async () => {
  const reader = store.client({ stallTimeout: 100 }).file("large").stream().getReader();
  const chunks = [(await reader.read()).value as Uint8Array];
  await store.idle();
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value as Uint8Array);
  expect(Buffer.concat(chunks).equals(large)).toBe(true);
  expect(store.requests[1]!.headers["if-match"]).toBe(etag(large));
});

it("the whole is not taken for a part", async () => {
  store.fault = ({ response }) => {
    response.writeHead(200, { etag: etag(SMALL), "content-length": SMALL.length }).end(SMALL);
    return true;
  };
  const file = store.client().file("small");
  for (const part of [file.slice(100, 200), file.slice(100), file.slice(0, 200), file.slice(-100)]) {
    await expect(part.bytes()).rejects.toMatchObject({ code: "InvalidResponse" });
  }
  expect(Buffer.from(await file.slice(0, 20000).bytes()).equals(SMALL)).toBe(true);
});
