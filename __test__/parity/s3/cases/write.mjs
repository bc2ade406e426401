/** Every kind of data that can be written, by every method that writes. */
import { Readable } from "node:stream";
import { client, observe, options, S3Client, wire, write } from "../harness.mjs";

const text = "héllo";
const bytes = new TextEncoder().encode(text);
const padded = new Uint8Array([0, ...bytes, 0]);
const shared = new SharedArrayBuffer(bytes.length);
new Uint8Array(shared).set(bytes);
const form = new FormData();
form.set("field", "value");
async function* generator() {
  yield "hé";
  yield new TextEncoder().encode("llo");
}
const streamOf = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
const DATA = {
  string: () => text,
  empty: () => "",
  surrogate: () => "a\ud800b",
  latin: () => "é".repeat(3),
  "boxed-string": () => new String(text),
  Buffer: () => Buffer.from(text),
  Uint8Array: () => bytes,
  subarray: () => padded.subarray(1, -1),
  "empty-view": () => new Uint8Array(0),
  Int8Array: () => new Int8Array(bytes),
  Uint8ClampedArray: () => new Uint8ClampedArray(bytes),
  Uint16Array: () => new Uint16Array([1, 2]),
  Int16Array: () => new Int16Array([1, -2]),
  Uint32Array: () => new Uint32Array([1]),
  Int32Array: () => new Int32Array([-1]),
  Float32Array: () => new Float32Array([1.5]),
  Float64Array: () => new Float64Array([1.5]),
  BigInt64Array: () => new BigInt64Array([1n]),
  BigUint64Array: () => new BigUint64Array([1n]),
  DataView: () => new DataView(padded.buffer, 1, bytes.length),
  ArrayBuffer: () => bytes.slice().buffer,
  "empty-ArrayBuffer": () => new ArrayBuffer(0),
  SharedArrayBuffer: () => shared,
  "shared-view": () => new Uint8Array(shared),
  Blob: () => new Blob([text]),
  "Blob-typed": () => new Blob([text], { type: "image/png" }),
  "Blob-parts": () => new Blob(["h", bytes.subarray(1, 3), new Blob(["llo"])]),
  "Blob-empty": () => new Blob([]),
  "Blob-slice": () => new Blob(["xx", text, "yy"]).slice(2, 2 + bytes.length),
  "Blob-slice-empty": () => new Blob([text]).slice(1, 1),
  File: () => new File([text], "name.html", { type: "text/html" }),
  Response: () => new Response(text),
  "Response-empty": () => new Response(null),
  "Response-typed": () => new Response(text, { headers: { "content-type": "image/png" } }),
  "Response-json": () => Response.json({ a: 1 }),
  "Response-stream": () => new Response(streamOf(bytes)),
  "Response-Blob": () => new Response(new Blob([text])),
  "Response-Blob-slice": () => new Response(new Blob(["xx", text, "yy"]).slice(2, 2 + bytes.length)),
  "Response-404": () => new Response(text, { status: 404 }),
  Request: () => new Request("http://localhost/", { method: "POST", body: text }),
  "Request-empty": () => new Request("http://localhost/"),
  "Request-stream": () => new Request("http://localhost/", { method: "POST", body: streamOf(bytes), duplex: "half" }),
  URLSearchParams: () => new URLSearchParams({ a: "1", b: "ü &" }),
  ReadableStream: () => streamOf(bytes),
  "ReadableStream-strings": () => streamOf("hé", "llo"),
  "ReadableStream-mixed": () => streamOf("h", bytes.slice(1, 3).buffer, new Uint8Array([108, 108]), "o"),
  "ReadableStream-empty": () => streamOf(),
  "ReadableStream-empty-chunks": () => streamOf(new Uint8Array(0), bytes, ""),
  "ReadableStream-pull": () =>
    new ReadableStream({
      pull(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    }),
  "ReadableStream-bytes": () =>
    new ReadableStream({
      type: "bytes",
      start(controller) {
        controller.enqueue(bytes.slice());
        controller.close();
      },
    }),
  "Blob-stream": () => new Blob([text]).stream(),
  "Node-Readable": () => Readable.from([Buffer.from(text)]),
  generator,
  FormData: () => form,
  number: () => 12,
  true: () => true,
  object: () => ({ a: 1 }),
  array: () => ["hé", bytes, new Blob(["x"])],
  "array-empty": () => [],
  "array-with-number": () => ["a", 1],
  "array-of-objects": () => [{}],
  "array-of-views": () => [bytes, bytes],
  date: () => new Date(0),
  function: () => () => text,
  symbol: () => Symbol("s"),
  bigint: () => 12n,
  map: () => new Map(),
  "custom-toString": () => ({ toString: () => text }),
  URL: () => new URL("http://h/"),
  promise: () => Promise.resolve(text),
  error: () => new Error("x"),
};
for (const [name, make] of Object.entries(DATA)) {
  await wire(`write.client.${name}`, () => client.write("key", make()));
  await wire(`write.static.${name}`, () => S3Client.write("key", make(), options));
  await wire(`write.file.${name}`, () => client.file("key").write(make()));
  await wire(`write.function.${name}`, () => write(client.file("key"), make()));
}
await wire("write.S3File", () => client.write("copy", client.file("key")));
await wire("write.S3File.slice", () => client.write("copy", client.file("key").slice(2, 5)));
await wire("write.S3File.other-bucket", () => client.write("copy", client.file("key", { bucket: "other" })));
await wire("write.S3File.other-store", () =>
  client.write("copy", new S3Client({ ...options, region: "mars-1" }).file("key")),
);
await wire("write.S3File.options", () =>
  client.write("copy.html", client.file("key"), {
    acl: "private",
    storageClass: "GLACIER",
    contentDisposition: "inline",
    requestPayer: true,
  }),
);
await wire("write.S3File.odd-key", () => client.write("copy", client.file("a b/ü?#%.txt")));
await wire("write.S3File.missing", () => client.write("copy", client.file("key")), {
  answers: [{ status: 404, body: "" }],
});
await wire("write.S3File.cannot", () => client.write("copy", client.file("key")), {
  answers: [{ target: "copy", status: 501, body: "<Error><Code>NotImplemented</Code><Message>no</Message></Error>" }],
});
await wire("write.S3File.error-in-200", () => client.write("copy", client.file("key")), {
  answers: [{ target: "copy", status: 200, body: "<Error><Code>InternalError</Code><Message>late</Message></Error>" }],
});
await wire("write.S3File.Response", async () => client.write("copy", new Response(client.file("key").stream())));

/** What was read or is being read already. */
const used = async (make) => {
  const body = make();
  await body.text();
  return body;
};
for (const [name, make] of Object.entries({
  Response: DATA.Response,
  Request: DATA.Request,
  "Response-stream": DATA["Response-stream"],
})) {
  const body = await used(make);
  await wire(`write.used.${name}`, () => client.write("key", body));
  await wire(`write.used.file.${name}`, () => client.file("key").write(body));
}
const locked = streamOf(bytes);
locked.getReader();
await wire("write.used.locked-stream", () => client.write("key", locked));
const lockedResponse = new Response(streamOf(bytes));
lockedResponse.body.getReader();
await wire("write.used.locked-Response", () => client.write("key", lockedResponse));
const released = streamOf(bytes, bytes);
const reader = released.getReader();
await reader.read();
reader.releaseLock();
await wire("write.used.released-stream", () => client.write("key", released));
await observe("write.used.afterwards", async () => {
  const response = new Response(text);
  await client.write("key", response);
  return response.bodyUsed;
});

/** Sources that fail. */
const failing = (before) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of before) controller.enqueue(chunk);
    },
    pull(controller) {
      controller.error(new RangeError("source"));
    },
  });
await wire("write.source-fails.at-once", () => client.write("key", failing([])));
await wire("write.source-fails.later", () => client.write("key", failing([bytes])));
await wire("write.source-chunk.number", () => client.write("key", streamOf(1)));
await wire("write.source-chunk.object", () => client.write("key", streamOf({})));
await wire("write.source-chunk.null", () => client.write("key", streamOf(null)));
await observe("write.toString-throws", () =>
  client.write("key", {
    toString() {
      throw new RangeError("mine");
    },
  }),
);

/** Every status of an answer to PUT. */
const XML = "<Error><Code>TheCode</Code><Message>The message</Message></Error>";
for (const status of [200, 201, 202, 204, 206, 304, 400, 403, 404, 409, 412, 501]) {
  for (const [kind, body] of Object.entries({ empty: "", xml: XML, text: "sorry" })) {
    if ((status === 204 || status === 304) && body !== "") continue;
    await wire(`write.status.${status}.${kind}`, () => client.write("key", "x"), { answers: [{ status, body }] });
    await wire(`write.status.${status}.${kind}.stream`, () => client.write("key", streamOf("x")), {
      answers: [{ status, body }],
    });
  }
}
