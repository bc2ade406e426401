/** From what users call a path to bucket and key, and how these are encoded. */
import { client, credentials, endpoint, observe, options, presigned, S3Client, wire } from "../harness.mjs";

const bare = new S3Client({ ...credentials, endpoint, retry: 0 });

const PATHS = {
  plain: "a/b",
  slash: "/a/b",
  scheme: "s3://a/b",
  "upper-scheme": "S3://a/b",
  "triple-slash": "s3:///a/b",
  "one-colon": "s3:a/b",
  "trailing-slash": "a/b/",
  "trailing-slashes": "a/b//",
  "inner-slashes": "a/b//c",
  "double-after-bucket": "a//b",
  "scheme-double": "s3://a//b",
  backslash: "a\\b",
  "leading-backslash": "\\a\\b",
  "mixed-slashes": "a/b\\c",
  "scheme-inside": "a/s3://b",
  "late-scheme": "/s3://a/b",
  one: "a",
  "one-slash": "a/",
  "scheme-one": "s3://a",
  empty: "",
  "only-slash": "/",
  "only-slashes": "///",
  "only-scheme": "s3://",
  "blank-key": "a/ ",
  "blank-ends": " a/b ",
  dots: "a/../b",
  "leading-dots": "../a",
  dot: "a/./b",
  "only-dots": "a/..",
  query: "a/b?c=d",
  fragment: "a/b#c",
  percent: "a/b%20c",
  plus: "a/b+c d",
  amp: "a/b&c=d",
  unicode: "a/ü",
  emoji: "a/😀",
  cjk: "a/漢字",
  surrogate: "a/\ud800b",
  tilde: "a/~b",
  unreserved: "a/AZaz09-_.~",
  reserved: "a/!*'();:@&=+$,?#[]",
  quotes: "a/\"'`<>",
  braces: "a/{}|^",
  control: "a/\x01\x1f\x7f",
  newline: "a/b\nc",
  tab: "a/b\tc",
  colon: "a/b:c",
  at: "a@b/c",
  "upper-bucket": "Bucket/Key",
  "dotted-bucket": "my.bucket/key",
  "underscore-bucket": "my_bucket/key",
};
for (const [name, path] of Object.entries(PATHS)) {
  await presigned(`paths.configured.${name}`, () => client.presign(path));
  await presigned(`paths.in-path.${name}`, () => bare.presign(path));
}
const ON_THE_WIRE = [
  "plain",
  "upper-scheme",
  "trailing-slash",
  "inner-slashes",
  "backslash",
  "dots",
  "leading-dots",
  "dot",
  "query",
  "fragment",
  "percent",
  "plus",
  "unicode",
  "emoji",
  "surrogate",
  "reserved",
  "quotes",
  "braces",
  "control",
  "newline",
  "blank-ends",
];
for (const name of ON_THE_WIRE) {
  await wire(`paths.get.${name}`, () => client.file(PATHS[name]).text());
  await wire(`paths.put.${name}`, () => client.write(PATHS[name], "x"));
  await wire(`paths.head.${name}`, () => bare.stat(PATHS[name]));
  await wire(`paths.delete.${name}`, () => bare.delete(PATHS[name]));
}
for (const [name, bucket] of Object.entries({
  slashes: "/b/",
  inner: "b/sub",
  backslashes: "\\b\\",
  "inner-backslash": "b\\c",
  blank: " b ",
  unicode: "bü",
  dotted: "my.bucket",
  upper: "Bucket",
})) {
  await presigned(`paths.bucket.${name}`, () => new S3Client({ ...options, bucket }).presign("key"));
  await observe(`paths.bucket.${name}.getter`, () => new S3Client({ ...options, bucket }).file("key").bucket);
  await wire(`paths.bucket.${name}.list`, () => new S3Client({ ...options, bucket }).list());
}
const LENGTHS = {
  "key-1024": ["k".repeat(1024), "b"],
  "key-1025": ["k".repeat(1025), "b"],
  "encoded-1023": ["ü".repeat(170) + "abc", "b"],
  "encoded-1026": ["ü".repeat(171), "b"],
  "raw-1024": ["ü".repeat(512), "b"],
  "raw-1026": ["ü".repeat(513), "b"],
  "slashes-1024": ["a/".repeat(511) + "ab", "b"],
  "bucket-63": ["k", "b".repeat(63)],
  "bucket-64": ["k", "b".repeat(64)],
  "bucket-encoded": ["k", "ü".repeat(11)],
};
for (const [name, [key, bucket]] of Object.entries(LENGTHS)) {
  const sized = new S3Client({ ...options, bucket });
  await observe(`paths.length.${name}.presign`, () => sized.presign(key).split("?")[0].length - endpoint.length);
  await observe(`paths.length.${name}.exists`, () => sized.exists(key));
}
for (const method of ["exists", "size", "stat", "delete", "unlink"]) {
  for (const [name, path] of Object.entries({ empty: "", slash: "/", one: "one" }))
    await observe(`paths.bad.${method}.${name}`, () => bare[method](path));
}
await observe("paths.bad.write", () => bare.write("one", "x"));
for (const method of ["text", "json", "bytes", "arrayBuffer", "formData", "exists", "stat", "delete", "unlink"]) {
  await observe(`paths.bad.file.${method}`, () => bare.file("one")[method]());
}
await observe("paths.bad.file.write", () => bare.file("one").write("x"));
await observe("paths.bad.file.stream", () => new Response(bare.file("one").stream()).text());
await observe("paths.bad.file.writer", () => bare.file("one").writer().end());
await observe("paths.bad.file.writer.data", () => {
  const writer = bare.file("one").writer();
  writer.write("x");
  return writer.end();
});
await observe("paths.bad.list", () => bare.list());
