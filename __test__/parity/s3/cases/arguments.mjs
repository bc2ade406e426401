/** What is no path, no data, or too little of both. */
import { client, file, observe, options, S3Client, wire, write } from "../harness.mjs";

const METHODS = ["file", "write", "delete", "unlink", "exists", "size", "stat", "presign"];
const NO_PATHS = {
  undefined: undefined,
  null: null,
  number: 1,
  true: true,
  object: {},
  array: [],
  function: () => {},
  blob: new Blob(["x"]),
  symbol: Symbol("s"),
  url: new URL("s3://bucket/key"),
  "http-url": new URL("http://bucket/key"),
  nul: "a\0b",
  bigint: 1n,
  arraybuffer: new ArrayBuffer(2),
};
/** So that no other argument is amiss. */
const rest = (name) => (name === "write" ? ["data"] : []);
for (const name of METHODS) {
  await observe(`arguments.client.${name}.none`, () => client[name]());
  await observe(`arguments.static.${name}.none`, () => S3Client[name]());
  for (const [kind, value] of Object.entries(NO_PATHS)) {
    await observe(`arguments.client.${name}.${kind}`, () => client[name](value, ...rest(name)));
    await observe(`arguments.static.${name}.${kind}`, () => S3Client[name](value, ...rest(name)));
  }
  await observe(`arguments.client.${name}.S3File`, () => client[name](client.file("key"), ...rest(name)));
}
await observe("arguments.client.write.no-data", () => client.write("key"));
await observe("arguments.static.write.no-data", () => S3Client.write("key"));
await observe("arguments.file.write.no-data", () => client.file("key").write());
await observe("arguments.function.write.no-data", () => write(client.file("key")));
for (const [kind, value] of Object.entries({ undefined, null: null })) {
  await observe(`arguments.client.write.data-${kind}`, () => client.write("key", value));
  await observe(`arguments.static.write.data-${kind}`, () => S3Client.write("key", value, options));
  await observe(`arguments.file.write.data-${kind}`, () => client.file("key").write(value));
  await observe(`arguments.function.write.data-${kind}`, () => write(client.file("key"), value));
}
for (const [kind, value] of Object.entries({
  string: "x",
  number: 1,
  true: true,
  symbol: Symbol("s"),
  function: () => {},
  array: [],
  null: null,
  undefined,
})) {
  await observe(`arguments.client.list.${kind}`, () => client.list(value));
  await observe(`arguments.static.list.${kind}`, () => S3Client.list(value, options));
}
for (const name of METHODS) {
  const path = { buffer: Buffer.from("key"), bytes: new Uint8Array([107, 101, 121]) };
  for (const [kind, value] of Object.entries(path)) {
    if (name === "file") await observe(`arguments.client.file.${kind}`, () => client.file(value).name);
    else if (name === "presign")
      await observe(`arguments.client.presign.${kind}`, () => client.presign(value).includes("/bucket/key?"));
    else await wire(`arguments.client.${name}.${kind}`, () => client[name](value, ...rest(name)));
  }
}
for (const name of ["write", "delete", "unlink", "exists", "stat"]) {
  const given = name === "write" ? ["data", options] : [options];
  await wire(`arguments.static.${name}.path`, () => S3Client[name]("key", ...given));
  await wire(`arguments.static.${name}.file`, () => S3Client[name](client.file("key"), ...rest(name)));
  await wire(`arguments.static.${name}.other-bucket`, () =>
    S3Client[name](client.file("key"), ...rest(name), { bucket: "other" }),
  );
}
await wire("arguments.static.size.path", () => S3Client.size("key", options));
await wire("arguments.static.size.file", () => S3Client.size(client.file("key")));
await wire("arguments.static.list", () => S3Client.list({ prefix: "p" }, options));
await wire("arguments.static.list.none", () => S3Client.list(undefined, options));
await observe("arguments.static.presign.path", () => S3Client.presign("key", options).includes("/bucket/key?"));
await observe("arguments.static.presign.file", () => S3Client.presign(client.file("key")).includes("/bucket/key?"));
await observe("arguments.static.presign.file.options", () =>
  S3Client.presign(client.file("key"), { bucket: "other" }).includes("/other/key?"),
);
await wire("arguments.function.write.url", () => write(file("s3://bucket/key", options), "data"));
await observe("arguments.detached", () => (0, client.exists)("key"));
await observe("arguments.on-other", () => S3Client.prototype.exists.call({}, "key"));
await observe("arguments.file-on-other", () => Object.getPrototypeOf(client.file("key")).exists.call({}));
