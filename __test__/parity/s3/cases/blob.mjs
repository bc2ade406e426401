/** An S3File where a Blob is expected. */
import { Blob as NodeBlob } from "node:buffer";
import { Readable } from "node:stream";
import { client, observe, wire } from "../harness.mjs";

const fresh = () => client.file("key", { type: "text/x" });
const object = fresh();
await observe("blob.instanceof", () => [object instanceof Blob, object instanceof NodeBlob, object instanceof File]);
await observe("blob.slice.instanceof", () => object.slice(1, 2) instanceof Blob);
for (const name of ["size", "type", "text", "arrayBuffer", "slice", "stream", "bytes", "json", "formData"]) {
  await observe(`blob.has.${name}`, () => name in object);
}
await observe("blob.promises", async () => {
  const promises = ["text", "arrayBuffer", "bytes", "json"].map((name) => object[name]());
  await Promise.allSettled(promises);
  return promises.map((promise) => promise instanceof Promise);
});
await wire("blob.pipe", async () => {
  let length = 0;
  await object.stream().pipeTo(new WritableStream({ write: (chunk) => void (length += chunk.length) }));
  return length;
});
await wire("blob.decode", async () => {
  let text = "";
  for await (const piece of object.stream().pipeThrough(new TextDecoderStream())) text += piece;
  return text;
});
await wire("blob.node-stream", async () => {
  let text = "";
  for await (const chunk of Readable.fromWeb(object.stream())) text += chunk;
  return text;
});
await wire("blob.response-of-stream", () => new Response(object.stream()).text());
await wire("blob.request", () => new Request("http://localhost/", { method: "POST", body: object }).text());
await wire("blob.request.slice", () =>
  new Request("http://localhost/", { method: "POST", body: object.slice(2, 5) }).text(),
);
/** Bun answers a request with a redirect to the object; elsewhere a body is a body. */
await wire("blob.response", async () => {
  const response = new Response(fresh());
  return [response.status, response.headers.has("location"), await response.text()];
});
/** What holds bytes at once cannot hold an object that was not read. */
await observe("blob.part", () => new Blob([fresh(), "x"]).size);
await observe("blob.part.slice", () => new Blob([fresh().slice(2, 5), "x"]).size);
await observe("blob.file-part", () => new File([fresh()], "name").name);
await observe("blob.clone", () => Object.prototype.toString.call(structuredClone(fresh())));
await observe("blob.text-form", () => [String(object), `${object}`, object + ""]);
await wire("blob.read-first", async () => new Blob([await object.bytes(), "x"]).text());
await wire("blob.all-at-once", () => Promise.all([object.text(), object.slice(2, 4).text(), object.bytes()]));
