/** Uploads in parts: what is sent, in which sizes, and what happens when something fails. */
import { client, options, S3Client, wire } from "../harness.mjs";

const PART = 5 * 1024 * 1024;
/** Bodies of parts are too long to show; their order is left to chance. */
const parted = { sorted: true };
const written = (size, given, pieces = 1, made = client, key = "key") => {
  const writer = made.file(key).writer(given);
  for (let piece = 0; piece < pieces; piece++) writer.write(Buffer.alloc(size / pieces, 97 + piece));
  return writer.end();
};
const streamOf = (size, piece = 1 << 20) => {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const length = Math.min(piece, left);
      left -= length;
      controller.enqueue(new Uint8Array(length).fill(98));
    },
  });
};
for (const [name, size] of Object.entries({
  below: PART - 1,
  exactly: PART,
  above: PART + 1,
  two: 2 * PART,
  "two-and-some": 2 * PART + 12345,
})) {
  await wire(`multipart.writer.${name}`, () => written(size), parted);
  await wire(`multipart.stream.${name}`, () => client.write("key", streamOf(size)), parted);
}
await wire("multipart.part-size", () => written(13_000_000, { partSize: 6_000_000 }), parted);
await wire(
  "multipart.part-size.stream",
  () => client.write("key", streamOf(13_000_000), { partSize: 6_000_000 }),
  parted,
);
await wire(
  "multipart.part-size.client",
  () => new S3Client({ ...options, partSize: 6_000_000 }).write("key", streamOf(13_000_000)),
  parted,
);
await wire(
  "multipart.part-size.writer-of-client",
  () => written(13_000_000, undefined, 1, new S3Client({ ...options, partSize: 6_000_000 })),
  parted,
);
await wire("multipart.queue-1", () => written(4 * PART, { queueSize: 1 }, 4));
await wire("multipart.pieces", () => written(3 * PART, undefined, 7), parted);
await wire("multipart.in-memory", () => client.write("key", Buffer.alloc(2 * PART + 1)), parted);
await wire("multipart.blob", () => client.write("key", new Blob([Buffer.alloc(2 * PART + 1)])), parted);
await wire(
  "multipart.headers",
  () =>
    client
      .file("key.html")
      .write(streamOf(PART + 1), {
        acl: "private",
        storageClass: "GLACIER",
        contentDisposition: "inline",
        contentEncoding: "gzip",
        requestPayer: true,
        sessionToken: "t",
      }),
  parted,
);
await wire(
  "multipart.headers.writer",
  () => {
    const writer = client
      .file("key.html")
      .writer({ storageClass: "GLACIER", contentDisposition: "inline", contentEncoding: "gzip", requestPayer: true });
    writer.write(Buffer.alloc(PART + 1));
    return writer.end();
  },
  parted,
);
await wire("multipart.key", () => client.file("folder/a b+ü?.txt").write(streamOf(PART + 1)), parted);
await wire(
  "multipart.virtual",
  () => new S3Client({ ...options, virtualHostedStyle: true }).write("key", streamOf(PART + 1)),
  parted,
);
await wire(
  "multipart.flush",
  async () => {
    const writer = client.file("key").writer();
    writer.write(Buffer.alloc(PART));
    const flushed = await writer.flush();
    writer.write("rest");
    return [flushed, await writer.end()];
  },
  parted,
);

/** What a store answers. */
const XML = "<Error><Code>TheCode</Code><Message>The message</Message></Error>";
const created = (id) =>
  `<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`;
for (const [name, id] of Object.entries({
  plain: "abc",
  dots: "a.b_c-d~",
  base64: "a+b/c==",
  percent: "a%2Fb",
  blank: "a b",
  long: "x".repeat(1500),
  quote: "a&quot;b",
  amp: "a&amp;b",
  hash: "a#b",
  question: "a?b",
})) {
  await wire(`multipart.id.${name}`, () => written(PART + 1), {
    ...parted,
    answers: [{ method: "POST", target: "uploads", body: created(id) }],
  });
}
for (const [name, answer] of Object.entries({
  empty: { body: "" },
  "no-id": { body: "<InitiateMultipartUploadResult/>" },
  "empty-id": { body: created("") },
  html: { body: "<html>" },
  forbidden: { status: 403, body: XML },
  missing: { status: 404, body: XML },
  "empty-404": { status: 404 },
  "empty-500": { status: 400 },
})) {
  await wire(`multipart.create.${name}`, () => written(PART + 1), {
    answers: [{ method: "POST", target: "uploads", ...answer }],
  });
}
const failing = (target, answer, times) => ({ ...parted, answers: [{ method: "PUT", target, times, ...answer }] });
await wire("multipart.part.forbidden", () => written(PART, { retry: 0 }), {
  requests: 3,
  ...failing("partNumber=1", { status: 403, body: XML }, 9),
});
await wire("multipart.part.no-etag", () => written(PART, { retry: 0 }), {
  requests: 3,
  ...failing("partNumber=1", { status: 200 }, 9),
});
await wire("multipart.part.201", () => written(PART, { retry: 0 }), {
  requests: 3,
  ...failing("partNumber=1", { status: 201, headers: { etag: '"x"' } }, 9),
});
await wire(
  "multipart.part.etag-odd",
  () => written(PART),
  failing("partNumber=1", { status: 200, headers: { etag: '"a<b&c"' } }, 1),
);
await wire(
  "multipart.part.etag-bare",
  () => written(PART),
  failing("partNumber=1", { status: 200, headers: { etag: "bare" } }, 1),
);
/** What a store answers in the end; a refused upload is aborted. */
for (const [name, { requests = 4, ...answer }] of Object.entries({
  "error-in-200": { status: 200, body: XML },
  empty: { status: 200, body: "", requests: 3 },
  forbidden: { status: 403, body: XML },
  html: { status: 200, body: "<html></html>", requests: 3 },
  missing: { status: 404, body: "<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>" },
})) {
  await wire(`multipart.complete.${name}`, () => written(PART, { retry: 0 }), {
    requests,
    ...parted,
    answers: [{ method: "POST", target: "uploadId", times: 9, ...answer }],
  });
}
await wire(
  "multipart.source-fails",
  () => {
    let count = 0;
    return client.write(
      "loose",
      new ReadableStream({
        pull(controller) {
          if (count++ === 7) controller.error(new RangeError("source"));
          else controller.enqueue(new Uint8Array(1 << 20));
        },
      }),
    );
  },
  { stored: true },
);
await wire("multipart.abort.404", () => written(PART, { retry: 0 }), {
  requests: 3,
  ...parted,
  answers: [
    { method: "PUT", target: "partNumber=1", times: 9, status: 403, body: XML },
    { method: "DELETE", status: 404 },
  ],
});
await wire(
  "multipart.end-error",
  async () => {
    const writer = client.file("key").writer();
    writer.write(Buffer.alloc(PART));
    await writer.flush();
    return await writer.end(new RangeError("mine"));
  },
  { ...parted, requests: 3 },
);
/** A failure that `flush` told is told again. */
await wire(
  "multipart.flush-fails",
  async () => {
    const writer = client.file("loose").writer({ retry: 0 });
    writer.write(Buffer.alloc(PART));
    const told = (result) => Promise.resolve(result).catch(({ name, code }) => [name, code]);
    return [await told(writer.flush()), await told(writer.write("more")), await told(writer.end())];
  },
  { stored: true, answers: [{ method: "PUT", target: "partNumber=1", times: 9, status: 403, body: XML }] },
);
/** What is tried again, by default and by option. */
const usual = new S3Client({ ...options, retry: undefined });
const TRIED = {
  "writer-put": { answer: { method: "PUT" }, run: (given) => written(10, given, 1, usual, "loose") },
  part: { answer: { method: "PUT", target: "partNumber=1" }, run: (given) => written(PART, given, 1, usual, "loose") },
  complete: { answer: { method: "POST", target: "uploadId" }, run: (given) => written(PART, given, 1, usual, "loose") },
  create: { answer: { method: "POST", target: "uploads" }, run: (given) => written(PART, given, 1, usual, "loose") },
};
for (const [name, { answer, run }] of Object.entries(TRIED)) {
  for (const [kind, given] of Object.entries({ default: undefined, none: { retry: 0 }, once: { retry: 1 } })) {
    await wire(`multipart.retry.500.${name}.${kind}`, () => run(given), {
      stored: true,
      answers: [{ ...answer, status: 500, body: XML, times: 1 }],
    });
  }
  await wire(`multipart.retry.403.${name}`, () => run(), { answers: [{ ...answer, status: 403, body: XML, times: 1 }], stored: true });
}
