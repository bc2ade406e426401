/** Access rights, storage classes and other headers of objects, by every way of writing. */
import { client, wire, write } from "../harness.mjs";
import { ACLS, CLASSES } from "../values.mjs";

for (const acl of ACLS) {
  await wire(`objects.acl.write.${acl}`, () => client.write("key", "x", { acl }));
  await wire(`objects.acl.file.${acl}`, () => client.file("key", { acl }).write("x"));
  await wire(`objects.acl.stream.${acl}`, () => client.file("key").write(new Blob(["x"]).stream(), { acl }));
}
for (const storageClass of CLASSES) {
  await wire(`objects.class.write.${storageClass}`, () => client.write("key", "x", { storageClass }));
  await wire(`objects.class.file.${storageClass}`, () => client.file("key", { storageClass }).write("x"));
  await wire(`objects.class.writer.${storageClass}`, () => client.file("key").writer({ storageClass }).end());
}
const ALL = {
  acl: "private",
  storageClass: "SNOW",
  requestPayer: true,
  type: "text/x",
  contentDisposition: "inline",
  contentEncoding: "br",
  sessionToken: "to/ken",
};
await wire("objects.all.write", () => client.write("key", "x", ALL));
await wire("objects.all.file", () => client.file("key").write("x", ALL));
await wire("objects.all.function", () => write(client.file("key", ALL), "x", ALL));
await wire("objects.payer.get", () => client.file("key", { requestPayer: true }).text());
await wire("objects.payer.stream", () => new Response(client.file("key", { requestPayer: true }).stream()).text());
await wire("objects.payer.stat", () => client.stat("key", { requestPayer: true }));
await wire("objects.payer.exists", () => client.exists("key", { requestPayer: true }));
await wire("objects.payer.size", () => client.size("key", { requestPayer: true }));
await wire("objects.payer.delete", () => client.delete("key", { requestPayer: true }));
for (const [name, value] of Object.entries({
  plain: "token",
  slash: "a/b+c==",
  long: "t".repeat(2000),
  unicode: "tü",
})) {
  await wire(`objects.token.${name}`, () => client.write("key", "x", { sessionToken: value }));
}
await wire("objects.token.too-long", () => client.write("key", "x", { sessionToken: "t".repeat(2049) }));
await wire("objects.token.lines", () => client.write("key", "x", { sessionToken: "a\r\nx-injected: 1" }));
for (const [name, value] of Object.entries({
  outer: "  inline  ",
  inner: "a   b",
  lines: "a\r\nx-injected: 1",
  nul: "a\0b",
})) {
  await wire(`objects.blanks.${name}`, () => client.write("key", "x", { contentDisposition: value }));
}
