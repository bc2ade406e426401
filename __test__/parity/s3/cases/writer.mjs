/** The sink that `writer()` returns: results of its calls, small objects. */
import { client, observe, options, S3Client, wire } from "../harness.mjs";

const text = "héllo";
const CHUNKS = {
  ascii: () => "abc",
  latin: () => text,
  emoji: () => "😀",
  empty: () => "",
  Uint8Array: () => new Uint8Array([1, 2, 3]),
  Buffer: () => Buffer.from(text),
  DataView: () => new DataView(new ArrayBuffer(4), 1, 2),
  ArrayBuffer: () => new ArrayBuffer(3),
  SharedArrayBuffer: () => new SharedArrayBuffer(3),
  Uint16Array: () => new Uint16Array([1, 2]),
  "empty-view": () => new Uint8Array(0),
};
for (const [name, make] of Object.entries(CHUNKS)) {
  await observe(`writer.write.${name}`, async () => {
    const writer = client.file("key").writer();
    const result = writer.write(make());
    await writer.end();
    return [typeof result, await result];
  });
  await wire(`writer.end.${name}`, async () => {
    const writer = client.file("key").writer();
    writer.write(make());
    return writer.end();
  });
}
const BAD = {
  null: null,
  undefined,
  number: 1,
  true: true,
  object: {},
  array: [1],
  Blob: new Blob(["x"]),
  symbol: Symbol("s"),
  function: () => {},
  promise: Promise.resolve("x"),
  bigint: 1n,
};
for (const [name, value] of Object.entries(BAD)) {
  await observe(`writer.bad.${name}`, async () => {
    const writer = client.file("key").writer();
    try {
      return writer.write(value);
    } finally {
      await writer.end();
    }
  });
}
await observe("writer.bad.none", async () => {
  const writer = client.file("key").writer();
  try {
    return writer.write();
  } finally {
    await writer.end();
  }
});
/** Sequences of calls, and what each returns. */
const kind = async (value) => (value instanceof Promise ? ["promise", await value.catch((error) => error)] : value);
const sequence = (key, steps, how) =>
  wire(
    `writer.sequence.${key}`,
    async () => {
      const writer = client.file("key", how?.file).writer(how?.options);
      const results = [];
      for (const step of steps) results.push(await kind(step(writer)));
      return results;
    },
    how,
  );
const write = (data) => (writer) => writer.write(data);
const flush = (writer) => writer.flush();
const end = (writer) => writer.end();
await sequence("end", [end]);
await sequence("end-end", [end, end]);
await sequence("write-end-end", [write("abc"), end, end]);
await sequence("write-end-write", [write("abc"), end, write("def")]);
await sequence("write-end-flush", [write("abc"), end, flush]);
await sequence("several", [write("abc"), write("déf"), write(new Uint8Array(2)), end]);
await sequence("flush", [flush, end]);
await sequence("write-flush", [write("abc"), flush, end]);
await sequence("write-flush-write", [write("abc"), flush, write("def"), end]);
await sequence("start", [(writer) => writer.start(), write("abc"), end]);
await sequence("start-mark", [(writer) => writer.start({ highWaterMark: 1 }), write("abc"), end]);
await sequence("start-odd", [(writer) => writer.start({ highWaterMark: "x" }), write("abc"), end]);
await sequence("ref", [(writer) => writer.ref(), write("abc"), (writer) => writer.unref(), end]);
await sequence("close", [write("abc"), (writer) => writer.close(), end], { requests: 1 });
await sequence("close-only", [(writer) => writer.close()], { requests: 1 });
await sequence("close-close", [(writer) => writer.close(), (writer) => writer.close()], { requests: 1 });
await sequence("end-error", [write("abc"), (writer) => writer.end(new RangeError("mine"))]);
await sequence("end-error.write", [write("abc"), (writer) => writer.end(new RangeError("mine")), write("def"), end]);
await sequence("end-null", [write("abc"), (writer) => writer.end(null)]);
await sequence("end-undefined", [write("abc"), (writer) => writer.end(undefined)]);
await wire("writer.end-twice-at-once", async () => {
  const writer = client.file("key").writer();
  writer.write("abc");
  return Promise.all([writer.end(), writer.end()]);
});
/** Options. */
for (const [name, given] of Object.entries({
  type: { type: "text/html" },
  disposition: { contentDisposition: "inline" },
  encoding: { contentEncoding: "gzip" },
  storage: { storageClass: "GLACIER" },
  payer: { requestPayer: true },
  bucket: { bucket: "other" },
  mark: { highWaterMark: 1024 },
  "mark-odd": { highWaterMark: "x" },
  "part-size": { partSize: 6_000_000 },
  queue: { queueSize: 1 },
  retry: { retry: 2 },
  token: { sessionToken: "t" },
})) {
  await sequence(`option.${name}`, [write("abc"), end], { options: given });
}
/** Failures. */
const XML = "<Error><Code>TheCode</Code><Message>The message</Message></Error>";
for (const [name, status] of Object.entries({
  forbidden: 403,
  missing: 404,
  conflict: 409,
  created: 201,
  "no-content": 204,
})) {
  const body = status === 204 ? "" : XML;
  await sequence(`fails.${name}`, [write("abc"), end, end, write("def"), flush], {
    options: { retry: 0 },
    answers: [{ status, body }],
  });
}
await sequence("fails.empty-404", [write("abc"), end], { options: { retry: 0 }, answers: [{ status: 404 }] });
await sequence("fails.flush", [write("abc"), flush, end], {
  options: { retry: 0 },
  answers: [{ status: 403, body: XML }],
});
for (const [name, made] of Object.entries({
  credentials: new S3Client({ bucket: "b", endpoint: options.endpoint }).file("key"),
  path: new S3Client({ ...options, bucket: undefined }).file("key"),
  "empty-key": client.file(""),
  endpoint: new S3Client({ ...options, endpoint: undefined, region: "a b" }).file("key"),
})) {
  await wire(`writer.unusable.${name}.end`, () => made.writer().end());
  await wire(`writer.unusable.${name}.write`, () => {
    const writer = made.writer();
    writer.write("abc");
    return writer.end();
  });
  await wire(`writer.unusable.${name}.stream`, () => made.write(new Blob(["x"]).stream()));
}
await wire("writer.changed-after-write", async () => {
  const data = new Uint8Array([1, 1, 1]);
  const writer = client.file("key").writer();
  writer.write(data);
  data.fill(9);
  return writer.end();
});
await wire("writer.slice", () => {
  const writer = client.file("key").slice(2, 4).writer();
  writer.write("abc");
  return writer.end();
});
await wire("writer.many-small", () => {
  const writer = client.file("key").writer();
  for (let count = 0; count < 1000; count++) writer.write("0123456789");
  return writer.end();
});
