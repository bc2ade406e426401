/** Names, lengths, tags, prototypes and what is printed. */
import { client, file, inspect, observe, options, S3Client, s3, show } from "../harness.mjs";

const METHODS = ["file", "write", "delete", "unlink", "exists", "size", "stat", "presign", "list"];
const MEMBERS = [
  "arrayBuffer",
  "bytes",
  "text",
  "json",
  "formData",
  "stream",
  "slice",
  "stat",
  "exists",
  "delete",
  "unlink",
  "write",
  "writer",
  "presign",
];
const GETTERS = ["name", "bucket", "type", "size", "lastModified", "readable"];

for (const name of METHODS) {
  await observe(`surface.client.${name}`, () => [
    typeof client[name],
    client[name].length,
    Object.hasOwn(client, name),
  ]);
  await observe(`surface.prototype.${name}`, () => [typeof S3Client.prototype[name], name in S3Client.prototype]);
  await observe(`surface.static.${name}`, () => [typeof S3Client[name], S3Client[name].length]);
}
await observe("surface.unlink-is-own-function", () => client.unlink === client.delete);
await observe("surface.class.length", () => S3Client.length);
await observe("surface.class.name", () => S3Client.name);
await observe("surface.class.typeof", () => typeof S3Client);
await observe("surface.class.no-new", () => S3Client());
await observe("surface.class.constructor", () => client.constructor === S3Client);
await observe("surface.class.tag", () => Object.prototype.toString.call(client));
await observe("surface.class.stringify", () => JSON.stringify(client));
await observe("surface.class.keys", () => Object.keys(client));
await observe("surface.class.entries", () => Object.entries({ ...client }));
await observe("surface.class.subclass", () => new (class Mine extends S3Client {})(options) instanceof S3Client);
await observe("surface.class.subclass.method", () => new (class Mine extends S3Client {})(options).file("key").name);
await observe("surface.s3.instance", () => s3 instanceof S3Client);
await observe("surface.s3.same-methods", () => METHODS.every((name) => s3[name] === client[name]));
await observe("surface.s3.json", () => JSON.stringify(s3));
for (const [name, argument] of Object.entries({
  nothing: undefined,
  null: null,
  string: "text",
  empty: {},
  array: [],
  unknown: { nosuch: 1 },
})) {
  await observe(`surface.new.${name}`, () => Object.prototype.toString.call(new S3Client(argument)));
}
await observe("surface.new.number", () => Object.prototype.toString.call(new S3Client(1)));

const object = client.file("folder/key.txt");
for (const name of MEMBERS) {
  await observe(`surface.file.${name}`, () => [typeof object[name], Object.hasOwn(object, name)]);
}
for (const name of MEMBERS) await observe(`surface.file.${name}.length`, () => object[name].length);
for (const name of GETTERS) {
  await observe(`surface.file.getter.${name}`, () => [name in object, Object.hasOwn(object, name)]);
}
await observe("surface.file.Blob", () => object instanceof Blob);
await observe("surface.file.tag", () => Object.prototype.toString.call(object));
await observe("surface.file.constructor", () => object.constructor === Blob);
await observe("surface.file.keys", () => Object.keys(object));
await observe("surface.file.stringify", () => JSON.stringify(object));
await observe("surface.file.string", () => String(object));

await observe("surface.file.lastModified", () => object.lastModified);
await observe("surface.file.size", () => object.size);
await observe("surface.file.size.await", async () => await object.size);
await observe("surface.file.presign-on-Blob", () => object.presign.call(new Blob(["x"])));
await observe(
  "surface.file.bucket-on-other",
  () => typeof Object.getOwnPropertyDescriptor(prototypeWith(object, "bucket"), "bucket").get,
);
await observe("surface.file.function", () => Object.prototype.toString.call(file("s3://bucket/key")));
await observe("surface.file.function.Blob", () => file("s3://bucket/key") instanceof Blob);
await observe("surface.file.function.options", () => file("s3://bucket/key", { type: "text/html" }).type);
await observe("surface.file.static", () => S3Client.file("s3://bucket/key").name);
await observe("surface.file.static.of-file", () => S3Client.file(object).name);

/** The prototype on which `name` is defined. */
function prototypeWith(value, name) {
  while (!Object.hasOwn(value, name)) value = Object.getPrototypeOf(value);
  return value;
}

for (const [name, path] of Object.entries({
  plain: "key",
  slash: "/key",
  slashes: "//a/b",
  trailing: "a/b/",
  scheme: "s3://b/k",
  triple: "s3:///b/k",
  backslash: "\\a\\b",
  upper: "S3://b/k",
  dots: "../a",
  empty: "",
  query: "a?b#c",
  space: " a ",
})) {
  await observe(`surface.name.${name}`, () => client.file(path).name);
  await observe(`surface.bucket.configured.${name}`, () => client.file(path).bucket);
  await observe(`surface.bucket.in-path.${name}`, () => new S3Client({}).file(path).bucket);
  await observe(`surface.name.in-path.${name}`, () => new S3Client({}).file(path).name);
}
await observe("surface.name.set", () => {
  const named = client.file("key");
  named.name = "label";
  return named.name;
});
await observe("surface.name.set.number", () => {
  const named = client.file("key");
  named.name = 1;
  return named.name;
});
await observe("surface.bucket.set", () => {
  const named = client.file("key");
  try {
    named.bucket = "other";
  } catch (error) {
    return error.name;
  }
  return named.bucket;
});
await observe("surface.type.none", () => client.file("key.html").type);
await observe("surface.type.given", () => client.file("key", { type: "image/x" }).type);
await observe("surface.type.client", () => new S3Client({ ...options, type: "image/x" }).file("key").type);
await observe("surface.bucket.options", () => client.file("key", { bucket: "other" }).bucket);

const printed = (value) =>
  inspect(value)
    .replaceAll(options.endpoint.replace("http://", ""), "HOST")
    .replaceAll(/\s+/g, " ")
    .replaceAll("'", '"');
for (const [name, settings] of Object.entries({
  full: options,
  token: { ...options, sessionToken: "hidden" },
  acl: { ...options, acl: "private" },
  sizes: { ...options, partSize: 6_000_000, queueSize: 7, retry: 8 },
  region: { ...options, region: "eu-west-1" },
  bare: {},
  bucket: { bucket: "bucket" },
  secretive: { ...options, endpoint: "https://user:pass@host/path?secret=1" },
  https: { ...options, endpoint: "https://host" },
  class: { ...options, storageClass: "GLACIER", type: "text/x", requestPayer: true, virtualHostedStyle: true },
})) {
  await observe(`surface.inspect.client.${name}`, () => printed(new S3Client(settings)));
  await observe(`surface.inspect.file.${name}`, () => printed(new S3Client(settings).file("folder/key")));
}
await observe("surface.inspect.file.type", () => printed(client.file("key", { type: "text/plain" })));
await observe("surface.inspect.file.slice", () => printed(client.file("key").slice(3, 7)));
await observe("surface.inspect.file.in-path", () => printed(new S3Client({ endpoint: "http://h" }).file("s3://b/k")));

const stat = await client.stat("key");
await observe("surface.stat.tag", () => Object.prototype.toString.call(stat));
await observe("surface.stat.class", () => stat.constructor.name);
await observe("surface.stat.keys", () => Object.keys(stat));
await observe("surface.stat.json", () => JSON.stringify(stat));
await observe("surface.stat.types", () => [
  typeof stat.size,
  typeof stat.etag,
  stat.lastModified instanceof Date,
  typeof stat.type,
]);

const writer = client.file("key").writer();
for (const name of ["write", "flush", "end", "close", "start", "ref", "unref", "stat"]) {
  await observe(`surface.writer.${name}`, () => [typeof writer[name]]);
}
await observe("surface.writer.tag", () => show(Object.prototype.toString.call(writer)));
await writer.end();
