/** Against a real store: what is stored, and what comes back. */
import { Readable } from "node:stream";
import { observe, S3Client, s3FromStore, write } from "../harness.mjs";

const { client, options } = s3FromStore();
const text = "héllo wörld 😀";
const PART = 5 * 1024 * 1024;
const pattern = (length) => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return bytes;
};
/** A sum by which two byte arrays are told apart. */
const sum = (bytes) => bytes.reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, bytes.length);

const BODIES = {
  string: () => text,
  empty: () => "",
  bytes: () => pattern(1000),
  view: () => new DataView(pattern(20).buffer, 5, 10),
  ArrayBuffer: () => pattern(7).buffer,
  Blob: () => new Blob([text, pattern(3)]),
  File: () => new File([text], "n"),
  Response: () => new Response(text),
  Request: () => new Request("http://h/", { method: "POST", body: text }),
  stream: () => new Blob([text]).stream(),
  params: () => new URLSearchParams({ a: "ü" }),
  megabyte: () => pattern(1 << 20),
};
for (const [name, make] of Object.entries(BODIES)) {
  await observe(`store.write.${name}`, () => client.write(`body/${name}`, make()));
  await observe(`store.read.${name}`, async () => sum(await client.file(`body/${name}`).bytes()));
  await observe(`store.size.${name}`, () => client.size(`body/${name}`));
  await observe(`store.etag.${name}`, async () => (await client.stat(`body/${name}`)).etag);
}
await observe("store.text", () => client.file("body/string").text());
await observe("store.arrayBuffer", async () => (await client.file("body/string").arrayBuffer()).byteLength);
await observe("store.json", async () => {
  await client.write("data.json", JSON.stringify({ a: [1, "ü", null] }));
  return client.file("data.json").json();
});
await observe("store.stream", async () => new Response(client.file("body/string").stream()).text());
await observe("store.stream.megabyte", async () =>
  sum(new Uint8Array(await new Response(client.file("body/megabyte").stream()).arrayBuffer())),
);
await observe("store.node-stream", async () => {
  let length = 0;
  for await (const chunk of Readable.fromWeb(client.file("body/megabyte").stream())) length += chunk.length;
  return length;
});
await observe("store.stat.types", async () => {
  const { size, lastModified, type } = await client.stat("body/string");
  return [size, Math.abs(Date.now() - lastModified.getTime()) < 60_000, type];
});
for (const type of ["text/html", "image/png", "application/x-odd"]) {
  await observe(`store.type.${type}`, async () => {
    await client.write("typed", "x", { type });
    return (await client.stat("typed")).type;
  });
}
/** Keys of every kind, there and back. */
const KEYS = [
  "plain",
  "with blank",
  "plus+sign",
  "percent%20",
  "ü/😀/漢字",
  "a/b/c/d",
  "semi;colon",
  "amp&ersand",
  "question?mark",
  "hash#tag",
  "quote'\"",
  "at@colon:",
  "(round)[square]{curly}",
  "tilde~",
  "star*",
  "dollar$",
  "equals=",
  "comma,",
  "exclamation!",
  "pipe|",
  "caret^",
  "back`tick",
  "<angle>",
  ".hidden",
  "trailing.",
  "UPPER",
  "a".repeat(200),
];
for (const key of KEYS) {
  await observe(`store.key.${key}`, async () => {
    await client.write(`keys/${key}`, key);
    const found = await client.file(`keys/${key}`).text();
    return [found === key, await client.exists(`keys/${key}`)];
  });
}
await observe("store.keys.listed", async () => (await client.list({ prefix: "keys/" })).contents.map(({ key }) => key));
for (const key of KEYS.slice(0, 8))
  await observe(`store.presigned.get.${key}`, async () => (await fetch(client.presign(`keys/${key}`))).text());
await observe(
  "store.presigned.put",
  async () => (await fetch(client.presign("put", { method: "PUT" }), { method: "PUT", body: "by URL" })).status,
);
await observe("store.presigned.put.read", () => client.file("put").text());
await observe("store.presigned.head", async () =>
  (await fetch(client.presign("put", { method: "HEAD" }), { method: "HEAD" })).headers.get("content-length"),
);
await observe(
  "store.presigned.delete",
  async () => (await fetch(client.presign("put", { method: "DELETE" }), { method: "DELETE" })).status,
);
await observe("store.presigned.gone", () => client.exists("put"));
await observe(
  "store.presigned.wrong-method",
  async () => (await fetch(client.presign("keys/plain"), { method: "DELETE" })).status,
);
await observe("store.presigned.type", async () =>
  (await fetch(client.presign("keys/plain", { type: "text/x" }))).headers.get("content-type"),
);
/** Slices. */
await client.write("digits", "0123456789");
for (const [name, given] of Object.entries({
  middle: [2, 5],
  open: [7],
  first: [0, 1],
  last: [9, 10],
  whole: [0, 10],
  beyond: [5, 100],
})) {
  await observe(`store.slice.${name}`, () =>
    client
      .file("digits")
      .slice(...given)
      .text(),
  );
}
await observe("store.slice.outside", () => client.file("digits").slice(50).text());
await observe("store.copy", () => client.write("digits-copy", client.file("digits")));
await observe("store.copy.read", () => client.file("digits-copy").text());
await observe("store.copy.slice", () => client.write("digits-slice", client.file("digits").slice(2, 5)));
await observe("store.copy.slice.read", () => client.file("digits-slice").text());
await observe("store.copy.missing", () =>
  client.write("nothing", client.file("absent")).catch(({ name, code }) => [name, code]),
);
await observe("store.copy.missing.target", () => client.exists("nothing"));
await observe("store.copy.function", () => write(client.file("digits-copy-2"), client.file("digits")));
/** Larger objects. */
await observe("store.writer.parts", async () => {
  const writer = client.file("parts").writer();
  const data = pattern(2 * PART + 123);
  for (let at = 0; at < data.length; at += 1 << 20) await writer.write(data.subarray(at, at + (1 << 20)));
  return writer.end();
});
await observe(
  "store.writer.parts.read",
  async () => sum(await client.file("parts").bytes()) === sum(pattern(2 * PART + 123)),
);
await observe("store.stream.parts", () => client.write("streamed", new Blob([pattern(PART + 7)]).stream()));
await observe(
  "store.stream.parts.read",
  async () => sum(await client.file("streamed").bytes()) === sum(pattern(PART + 7)),
);
await observe("store.writer.empty", () => client.file("empty").writer().end());
await observe("store.writer.empty.size", () => client.size("empty"));
/** Lists. */
for (const key of ["list/a", "list/b", "list/c/d", "list/c/e", "list/f"]) await client.write(key, key);
const shown = async (input) => {
  const { contents, commonPrefixes, isTruncated, keyCount, maxKeys, prefix, delimiter } = await client.list(input);
  return [
    contents?.map(({ key, size }) => [key, size]),
    commonPrefixes,
    isTruncated,
    keyCount,
    maxKeys,
    prefix,
    delimiter,
  ];
};
for (const [name, input] of Object.entries({
  prefix: { prefix: "list/" },
  grouped: { prefix: "list/", delimiter: "/" },
  two: { prefix: "list/", maxKeys: 2 },
  after: { prefix: "list/", startAfter: "list/b" },
  none: { prefix: "nothing/" },
  zero: { prefix: "list/", maxKeys: 0 },
})) {
  await observe(`store.list.${name}`, () => shown(input));
}
await observe("store.list.names", async () => Object.keys((await client.list({ prefix: "list/" })).contents[0]).sort());
/** What is not there. */
const told = (promise) => promise.catch(({ name, code }) => [name, code]);
const absent = client.file("absent");
for (const [name, run] of Object.entries({
  text: () => absent.text(),
  json: () => absent.json(),
  bytes: () => absent.bytes(),
  stat: () => absent.stat(),
  size: () => client.size("absent"),
  exists: () => absent.exists(),
  delete: () => absent.delete(),
  slice: () => absent.slice(0, 2).text(),
})) {
  await observe(`store.absent.${name}`, () => told(run()));
}
await observe("store.absent.stream", () => told(new Response(absent.stream()).text()));
await observe("store.no-bucket", () => told(new S3Client({ ...options, bucket: "nosuchbucket" }).write("key", "x")));
await observe("store.no-bucket.list", () => told(new S3Client({ ...options, bucket: "no-such-bucket" }).list()));
await observe("store.wrong-secret", () =>
  told(new S3Client({ ...options, secretAccessKey: "wrong" }).file("digits").text()),
);
await observe("store.wrong-id", () => told(new S3Client({ ...options, accessKeyId: "WRONG" }).file("digits").text()));
await observe("store.delete", async () => [
  await client.exists("digits"),
  await client.delete("digits"),
  await client.exists("digits"),
]);
await observe("store.unlink", async () => [
  await client.file("digits-copy").unlink(),
  await client.file("digits-copy").exists(),
]);
await observe("store.bucket-in-path", async () =>
  new S3Client({ ...options, bucket: undefined }).file(`s3://${options.bucket}/digits-slice`).text(),
);
await observe("store.static", async () => [
  await S3Client.write("static", "x", options),
  await S3Client.exists("static", options),
  await S3Client.size("static", options),
  await S3Client.delete("static", options),
]);
