/** Whole objects: every way of reading, statuses, encodings and broken bodies. */
import { gzipSync } from "node:zlib";
import { client, observe, outcome, S3Client, wire } from "../harness.mjs";

const READS = {
  text: (file) => file.text(),
  json: (file) => file.json(),
  bytes: (file) => file.bytes(),
  arrayBuffer: (file) => file.arrayBuffer(),
  stream: async (file) => new Response(file.stream()).text(),
};
const BODIES = {
  plain: Buffer.from("plain"),
  empty: Buffer.alloc(0),
  json: Buffer.from('{"a":[1,"ü"]}'),
  number: Buffer.from("12"),
  "bad-json": Buffer.from("{"),
  utf8: Buffer.from("hé😀"),
  "utf8-bom": Buffer.from("\ufeff{}"),
  "utf16-bom": Buffer.from("\ufeff{}", "utf16le"),
  "utf16be-bom": Buffer.from([0xfe, 0xff, 0, 0x7b]),
  invalid: Buffer.from([0x61, 0xff, 0x62, 0xc3]),
  nul: Buffer.from("a\0b"),
  latin: Buffer.from([0xe9]),
  "half-bom": Buffer.from([0xef, 0xbb]),
  "only-bom": Buffer.from([0xef, 0xbb, 0xbf]),
};
for (const [body, data] of Object.entries(BODIES)) {
  for (const [name, read] of Object.entries(READS)) {
    if (name === "stream" && body.startsWith("utf16")) continue;
    await wire(`read.${name}.${body}`, () => read(client.file("key")), {
      answers: [{ bytes: data.toString("base64") }],
    });
  }
}
const XML = "<Error><Code>TheCode</Code><Message>The &lt;message&gt;</Message></Error>";
for (const status of [200, 201, 203, 204, 206, 304, 400, 403, 404, 409, 416]) {
  for (const [kind, body] of Object.entries({ empty: "", xml: XML, text: "sorry" })) {
    if ((status === 204 || status === 304) && body !== "") continue;
    for (const name of ["text", "bytes", "stream"]) {
      await wire(`read.status.${status}.${kind}.${name}`, () => READS[name](client.file("key")), {
        answers: [{ status, body }],
      });
    }
  }
}
await observe("read.bytes.class", async () => (await client.file("key").bytes()).constructor.name);
await observe("read.bytes.whole-buffer", async () => {
  const bytes = await client.file("key").bytes();
  return [bytes.byteOffset, bytes.buffer.byteLength === bytes.byteLength];
});
await observe("read.arrayBuffer.length", async () => (await client.file("key").arrayBuffer()).byteLength);
const form = 'multipart/form-data; boundary="b"';
const formBody = '--b\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue\r\n--b--\r\n';
const asForm = async (file) => [...(await file.formData()).entries()];
await observe("read.formData.multipart", async () => asForm(client.file("key", { type: form })));
await wire("read.formData.multipart.type-option", () => asForm(client.file("key", { type: form })), {
  answers: [{ body: formBody, times: 2 }],
});
await wire(
  "read.formData.urlencoded.type-option",
  () => asForm(client.file("key", { type: "application/x-www-form-urlencoded" })),
  { answers: [{ body: "a=1&b=2", times: 2 }] },
);
await wire("read.formData.other", () => asForm(client.file("key", { type: "text/plain" })), {
  answers: [{ body: "x", times: 2 }],
});

/** Streams. */
await wire("read.stream.class", async () => {
  const stream = client.file("key").stream();
  const seen = [stream instanceof ReadableStream, stream.locked];
  return [...seen, await new Response(stream).text()];
});
for (const [name, argument] of Object.entries({ none: undefined, one: 1, zero: 0, big: 1 << 20, text: "x" })) {
  await wire(`read.stream.chunk-size.${name}`, () => new Response(client.file("key").stream(argument)).text());
}
await wire("read.stream.reader", async () => {
  const reader = client.file("key").stream().getReader();
  const { value, done } = await reader.read();
  return [value.constructor.name, done, Buffer.from(value).toString(), (await reader.read()).done];
});
await wire("read.stream.for-await", async () => {
  let text = "";
  for await (const chunk of client.file("key").stream()) text += Buffer.from(chunk).toString();
  return text;
});
await wire("read.stream.tee", async () =>
  Promise.all(
    client
      .file("key")
      .stream()
      .tee()
      .map((half) => new Response(half).text()),
  ),
);
await wire("read.stream.cancel", async () => {
  const reader = client.file("key").stream().getReader();
  await reader.read();
  return [await reader.cancel(), (await reader.read()).done, await reader.closed];
});
await wire("read.stream.starts-at-once", () => client.file("key").stream().locked, { requests: 1 });
await wire("read.twice", async () => {
  const object = client.file("key");
  return [await object.text(), await object.text()];
});
await wire("read.missing-credentials.stream", () =>
  new Response(new S3Client({ bucket: "b" }).file("key").stream()).text(),
);
for (const name of ["text", "json", "bytes", "arrayBuffer", "formData"]) {
  await observe(`read.missing-credentials.${name}`, () => new S3Client({ bucket: "b" }).file("key")[name]());
}
/** Objects that were stored compressed. */
const zipped = gzipSync("compressed").toString("base64");
for (const [name, read] of Object.entries(READS)) {
  await wire(
    `read.gzip.${name}`,
    async () => {
      const value = await read(client.file("key"));
      return typeof value === "string" ? value.length : value.byteLength;
    },
    { answers: [{ bytes: zipped, headers: { "content-encoding": "gzip" } }] },
  );
}
/** Bodies that end too early. */
for (const [name, read] of Object.entries(READS)) {
  await wire(`read.short.${name}`, () => outcome(read(client.file("key"))), {
    answers: [{ body: "abc", headers: { "content-length": "10" }, drop: "after" }],
  });
  await wire(`read.dropped.${name}`, () => outcome(read(client.file("key"))), {
    answers: [{ drop: "before", times: 9 }],
    stored: true,
  });
}
await wire("read.chunked", () => client.file("key").text(), {
  answers: [{ body: "abc", headers: { "transfer-encoding": "chunked" } }],
});
await wire("read.until-close", () => client.file("key").text(), {
  answers: [{ raw: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc" }],
});
await wire("read.http10", () => client.file("key").text(), {
  answers: [{ raw: "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc" }],
});
