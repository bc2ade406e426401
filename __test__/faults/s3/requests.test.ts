import { describe, expect, it } from "vitest";
import type { S3Client } from "../../../index.js";
import { type MemoryStore, refuse, useMemoryStore } from "../../support/memory-store.js";

let store: MemoryStore;
useMemoryStore((fresh) => {
  store = fresh;
  store.objects.set("/b/key", Buffer.from("stored"));
});

/** Every operation of one request, and what it makes of a store that works. */
const OPERATIONS: [string, (client: S3Client) => Promise<unknown>, unknown][] = [
  ["get", (client) => client.file("key").text(), "stored"],
  ["stream", (client) => new Response(client.file("key").stream()).text(), "stored"],
  ["stat", async (client) => (await client.stat("key")).size, 6],
  ["exists", (client) => client.exists("key"), true],
  ["put", (client) => client.write("new", "data"), 4],
  ["delete", (client) => client.delete("key"), true],
];

describe.each(OPERATIONS)("%s", (name, run, expected) => {
  it("is tried again after 503", async () => {
    store.fault = ({ number, response }) => number < 3 && refuse(response, 503, "ServiceUnavailable") && true;
    expect(await run(store.client())).toBe(expected);
    expect(store.kinds).toHaveLength(4);
  });

  it("is tried as often as `retry` says", async () => {
    store.fault = ({ response }) => Boolean(refuse(response, 503, "ServiceUnavailable"));
    await expect(run(store.client({ retry: 1 }))).rejects.toMatchObject({ statusCode: 503 });
    expect(store.kinds).toHaveLength(2);
  });

  it("is tried again after a connection that was reset", async () => {
    store.fault = ({ number, request }) => {
      if (number > 0) return false;
      request.socket.resetAndDestroy();
      return true;
    };
    expect(await run(store.client())).toBe(expected);
  });

  it("waits as long as the store asks", async () => {
    const headers = { "retry-after": "1" };
    store.fault = ({ number, response }) => number === 0 && Boolean(refuse(response, 429, "TooManyRequests", headers));
    const begun = performance.now();
    expect(await run(store.client())).toBe(expected);
    // Only a lower bound: a timer never fires early.
    expect(performance.now() - begun).toBeGreaterThan(950);
  });

  it("takes an answer behind two interim ones", async () => {
    store.fault = ({ request }) => {
      request.socket.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    };
    expect(await run(store.client({ retry: 0 }))).toBe(expected);
  });

  it("survives a kept connection that was closed, even without a retry", async () => {
    const client = store.client({ retry: 0 });
    await client.stat("key");
    store.fault = ({ request, number }) => {
      if (number !== 1) return false;
      request.socket.destroy();
      return true;
    };
    expect(await run(client)).toBe(expected);
  });

  it("corrects its clock by the store's", async () => {
    const client = store.client({ retry: 0 });
    const skewed: boolean[] = [];
    store.fault = ({ request, response }) => {
      const [, year] = /^(\d{4})/.exec(String(request.headers["x-amz-date"]))!;
      skewed.push(year !== "2001");
      const date = "Tue, 06 Nov 2001 00:00:00 GMT";
      return skewed.at(-1) && Boolean(refuse(response, 403, "RequestTimeTooSkewed", { date }));
    };
    // HEAD has no document that could name the reason.
    if (name === "stat" || name === "exists") await client.file("key").text();
    expect(await run(client)).toBe(expected);
    await client.stat("key").catch(() => {});
    expect(skewed.filter(Boolean)).toHaveLength(1);
  });

  it("goes to the region that the store names, and remembers it", async () => {
    const regions: string[] = [];
    store.fault = ({ request, response }) => {
      const [, region] = /\/\d{8}\/([^/]+)\/s3\//.exec(request.headers.authorization!)!;
      regions.push(region!);
      const headers = { "x-amz-bucket-region": "eu-west-7" };
      return region !== "eu-west-7" && Boolean(refuse(response, 301, "PermanentRedirect", headers));
    };
    const client = store.client({ retry: 0 });
    expect(await run(client)).toBe(expected);
    await client.stat("key").catch(() => {});
    expect(regions).toEqual(["auto", "eu-west-7", "eu-west-7"]);
  });

  it("follows no region in circles, and no other redirect", async () => {
    let regions = 0;
    store.fault = ({ response }) =>
      Boolean(refuse(response, 301, "PermanentRedirect", { "x-amz-bucket-region": `r-${regions++}` }));
    await expect(run(store.client())).rejects.toMatchObject({ statusCode: 301 });
    expect(regions).toBe(2);
    store.fault = ({ response }) => Boolean(refuse(response, 307, "TemporaryRedirect", { location: "http://x/" }));
    await expect(run(store.client())).rejects.toMatchObject({ statusCode: 307 });
    expect(store.kinds).toHaveLength(3);
  });

  it("tells of a store that does not answer", async () => {
    store.fault = () => new Promise<boolean>(() => {});
    const client = store.client({ responseTimeout: 50, retry: 0 });
    await expect(run(client)).rejects.toMatchObject({ name: "S3Error", code: "Timeout" });
    await store.idle();
    await expect(run(store.client({ timeout: 50 }))).rejects.toMatchObject({ code: "Timeout" });
    await store.idle();
  });

  it("ends with the reason of its signal, and so does its connection", async () => {
    const client = store.client();
    const controller = new AbortController();
    const reason = new Error("enough");
    store.fault = () => {
      controller.abort(reason);
      return new Promise<boolean>(() => {});
    };
    const { signal } = controller;
    await expect(run(store.client({ signal }))).rejects.toBe(reason);
    await store.idle();
    const before = store.kinds.length;
    await expect(run(store.client({ signal }))).rejects.toBe(reason);
    expect(store.kinds).toHaveLength(before);
    store.fault = () => false;
    expect(await run(client)).toBe(expected);
  });
});

it("refuses a head without end", async () => {
  store.fault = ({ request }) => {
    request.socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`);
    return true;
  };
  await expect(store.client().stat("key")).rejects.toMatchObject({ code: "Malformed_HTTP_Response" });
});

it("takes an answer that trickles in", async () => {
  store.fault = async ({ request }) => {
    for (const byte of Buffer.from('HTTP/1.1 200 OK\r\netag: "e"\r\ntransfer-encoding: chunked\r\n\r\n4\r\nslow\r\n0\r\n\r\n')) {
      await new Promise((written) => request.socket.write(Uint8Array.of(byte), written));
    }
    return true;
  };
  expect(await store.client({ stallTimeout: 5000 }).file("key").text()).toBe("slow");
});

it("tells of a conflict, and repeats what may succeed later", async () => {
  store.fault = ({ response }) => Boolean(refuse(response, 409, "BucketAlreadyExists"));
  await expect(store.client().write("key", "x")).rejects.toMatchObject({ statusCode: 409 });
  expect(store.kinds).toHaveLength(1);
  store.fault = ({ number, response }) => number === 1 && Boolean(refuse(response, 409, "OperationAborted"));
  expect(await store.client().write("key", "x")).toBe(1);
  expect(store.kinds).toHaveLength(3);
});

it("hears why a body is not taken before it is sent", async () => {
  store.fault = ({ request, response }) => {
    refuse(response, 403, "AccessDenied", { connection: "close" });
    response.on("finish", () => request.socket.destroySoon());
    return true;
  };
  const large = new Uint8Array(16 * 1024 * 1024);
  await expect(store.client({ retry: 0 }).write("large", large)).rejects.toMatchObject({ code: "AccessDenied" });
  expect(store.objects.has("/b/large")).toBe(false);
});
