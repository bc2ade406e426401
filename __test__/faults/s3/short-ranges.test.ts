/** Answers to ranges that hold fewer bytes than they stand for: completed or an error, never taken for all. */
import { describe, expect, it } from "vitest";
import { etag, type Exchange, type MemoryStore, rangeOf, SMALL, useObjects } from "../../support/memory-store.js";
import { READERS } from "../../support/readers.js";

const MIB = 1024 * 1024;
let large: Buffer;
let store: MemoryStore;

useObjects((fresh, bytes) => {
  store = fresh;
  large = bytes;
});

/** How a store says less than it was asked for. */
const SHORT: [string, (exchange: Exchange, object: Buffer, length: number, tag?: string) => boolean][] = [
  [
    "a Content-Length below Content-Range",
    ({ request, response }, object, length, tag = etag(object)) => {
      const { headers, bytes } = rangeOf(request, object);
      response.writeHead(206, { ...headers, etag: tag, "content-length": length });
      response.end(bytes.subarray(0, length));
      return true;
    },
  ],
  [
    "a Content-Range that ends early",
    ({ request, response }, object, length, tag = etag(object)) => {
      const { headers, bytes } = rangeOf(request, object);
      const start = bytes.byteOffset - object.byteOffset;
      const range = `bytes ${start}-${start + length - 1}/${object.length}`;
      const short = { etag: tag, "content-length": length, "content-range": range };
      response.writeHead(206, { ...headers, ...short }).end(bytes.subarray(0, length));
      return true;
    },
  ],
  [
    "no Content-Length",
    ({ request, response }, object, length, tag = etag(object)) => {
      const { headers, bytes } = rangeOf(request, object);
      const { "content-length": _, ...others } = headers;
      response.writeHead(206, { ...others, etag: tag }).end(bytes.subarray(0, length));
      return true;
    },
  ],
];

describe.each(SHORT)("%s", (_, answer) => {
  describe.each(READERS)("read %s", (_, read) => {
    it.each<[string, string, number, number]>([
      ["between two bytes", "bytes=100-8999", 100, 9000],
      ["from a byte on", "bytes=100-", 100, 10_000],
      ["before the end", "bytes=-5000", 5000, 10_000],
    ])("of a range %s is completed", async (_, asked, start, end) => {
      store.fault = (exchange) => exchange.number < 2 && answer(exchange, SMALL, 1000);
      const file = store.client().file("small");
      const slice = asked.startsWith("bytes=-") ? file.slice(-5000) : end === SMALL.length ? file.slice(start) : file.slice(start, end);
      expect((await read(slice)).equals(SMALL.subarray(start, end))).toBe(true);
      expect(store.requests.map(({ headers }) => headers.range)).toEqual([
        asked,
        `bytes=${start + 1000}-${end - 1}`,
        `bytes=${start + 2000}-${end - 1}`,
      ]);
      expect(store.requests.slice(1).every(({ headers }) => headers["if-match"] === etag(SMALL))).toBe(true);
    });

    it("is an error where it cannot be completed", async () => {
      // A weak tag does not promise that it is the same object.
      store.fault = (exchange) => answer(exchange, SMALL, 1000, `W/${etag(SMALL)}`);
      const slice = store.client().file("small").slice(100, 9000);
      await expect(read(slice)).rejects.toMatchObject({ code: "ConnectionClosed" });
      expect(store.kinds).toHaveLength(1);
    });

    it("of a large range is completed, in each of the ranges by which it is read", async () => {
      store.fault = (exchange) => exchange.number < 3 && answer(exchange, large, MIB + 1);
      const slice = store.client().file("large").slice(5, large.length - 5);
      expect((await read(slice)).equals(large.subarray(5, large.length - 5))).toBe(true);
      expect(store.kinds.length).toBeGreaterThan(3);
    });
  });
});

describe.each(READERS)("read %s", (_, read) => {
  it("a store that sends nothing of a range is asked again as often as `retry` says", async () => {
    store.fault = ({ request, response }) => {
      const { headers } = rangeOf(request, SMALL);
      response.writeHead(206, { ...headers, etag: etag(SMALL), "content-length": 0 }).end();
      return true;
    };
    const slice = store.client({ retry: 2 }).file("small").slice(100, 9000);
    await expect(read(slice)).rejects.toMatchObject({ code: "ConnectionClosed" });
    expect(store.kinds).toHaveLength(3);
  });

  it("a Content-Range of more than was asked for, or of nothing, is refused", async () => {
    for (const range of ["bytes 100-9999/10000", "bytes 100-99/10000", "bytes 101-8999/10000"]) {
      store.fault = ({ response }) => {
        response.writeHead(206, { etag: etag(SMALL), "content-range": range, "content-length": 0 }).end();
        return true;
      };
      const slice = store.client().file("small").slice(100, 9000);
      await expect(read(slice)).rejects.toMatchObject({ code: "InvalidResponse" });
    }
  });
});
