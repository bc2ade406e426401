/** Hosts, regions and the two styles of addressing, as presigned URLs show them. */
import { credentials, endpoint, observe, presigned, S3Client, wire } from "../harness.mjs";

const ENDPOINTS = {
  none: undefined,
  plain: "http://h",
  https: "https://h",
  bare: "h",
  "bare-port": "h:9000",
  "upper-scheme": "HTTP://h",
  "upper-https": "HTTPS://h",
  "upper-host": "http://HOST.Example",
  "port-80": "http://h:80",
  "port-443": "https://h:443",
  "http-443": "http://h:443",
  "https-80": "https://h:80",
  port: "http://h:9000",
  ftp: "ftp://h",
  s3: "s3://h",
  slash: "http://h/",
  path: "http://h/storage/v1/s3",
  "path-slash": "http://h/storage/v1/s3/",
  "path-blank": "http://h/a b",
  "path-encoded": "http://h/a%20b",
  slashes: "http://h//a//",
  query: "http://h?x=1",
  "path-query": "http://h/p?x=1",
  fragment: "http://h#f",
  user: "http://user:pass@h",
  "user-port": "http://user@h:1",
  ipv4: "http://127.0.0.1:9",
  ipv6: "http://[::1]:9000",
  "ipv6-bare": "[::1]:9000",
  "trailing-dot": "http://h.",
  underscore: "http://my_host",
  dash: "http://a-b",
  long: `http://h/${"p".repeat(2040)}`,
  "just-fits": `http://h/${"p".repeat(1900)}`,
  aws: "https://s3.eu-west-1.amazonaws.com",
  "aws-bare": "s3.eu-west-1.amazonaws.com",
  "aws-http": "http://s3.eu-west-1.amazonaws.com",
  "aws-global": "https://s3.amazonaws.com",
  "aws-china": "https://s3.cn-north-1.amazonaws.com.cn",
  "aws-bucket": "https://bucket.s3.eu-west-1.amazonaws.com",
  "aws-bucket-global": "https://bucket.s3.amazonaws.com",
  "aws-dualstack": "https://s3.dualstack.eu-west-1.amazonaws.com",
  "aws-fips": "https://s3-fips.us-gov-west-1.amazonaws.com",
  "aws-dash": "https://s3-eu-west-1.amazonaws.com",
  "aws-path": "https://s3.eu-west-1.amazonaws.com/path",
  "aws-accelerate": "https://bucket.s3-accelerate.amazonaws.com",
  "aws-website": "http://bucket.s3-website.eu-west-1.amazonaws.com",
  "aws-upper": "https://S3.EU-WEST-1.AMAZONAWS.COM",
  r2: "https://account.r2.cloudflarestorage.com",
  "r2-eu": "https://account.eu.r2.cloudflarestorage.com",
  "r2-bucket": "https://bucket.account.r2.cloudflarestorage.com",
  "r2-path": "https://account.r2.cloudflarestorage.com/x",
  gcs: "https://storage.googleapis.com",
  spaces: "https://nyc3.digitaloceanspaces.com",
  b2: "https://s3.us-west-004.backblazeb2.com",
  wasabi: "https://s3.eu-central-1.wasabisys.com",
  minio: "http://localhost:9000",
  supabase: "https://ref.supabase.co/storage/v1/s3",
  "fake-aws": "https://s3.eu-west-1.amazonaws.com.example",
  "fake-r2": "https://r2.cloudflarestorage.com.example",
};
for (const [name, given] of Object.entries(ENDPOINTS)) {
  const at = { ...credentials, bucket: "bucket", endpoint: given };
  await presigned(`endpoints.path.${name}`, () => new S3Client(at).presign("key"));
  await presigned(`endpoints.region.${name}`, () => new S3Client({ ...at, region: "mars-1" }).presign("key"));
  await presigned(`endpoints.virtual.${name}`, () => new S3Client({ ...at, virtualHostedStyle: true }).presign("key"));
}
for (const [name, region] of Object.entries({
  plain: "eu-west-1",
  blank: "eu west",
  slash: "a/b",
  upper: "EU-West-1",
  dot: "a.b",
  auto: "auto",
  at: "x@evil",
  colon: "x:1",
  unicode: "ü",
  long: "r".repeat(300),
})) {
  await presigned(`endpoints.aws-region.${name}`, () =>
    new S3Client({ ...credentials, bucket: "bucket", region }).presign("key"),
  );
  await presigned(`endpoints.custom-region.${name}`, () =>
    new S3Client({ ...credentials, bucket: "bucket", region, endpoint: "http://h" }).presign("key"),
  );
}
for (const [name, bucket] of Object.entries({
  none: undefined,
  slash: "a/b",
  backslash: "a\\b",
  dotted: "my.bucket",
  upper: "Bucket",
  unicode: "ü",
  blank: "a b",
  slashes: "/b/",
  question: "a?b",
  at: "a@b",
})) {
  const virtual = { ...credentials, bucket, region: "eu-west-1", virtualHostedStyle: true };
  await presigned(`endpoints.virtual-bucket.${name}`, () => new S3Client(virtual).presign("folder/key"));
  await presigned(`endpoints.virtual-bucket-endpoint.${name}`, () =>
    new S3Client({ ...virtual, endpoint: "https://bucket.host" }).presign("folder/key"),
  );
}
const virtual = new S3Client({ ...credentials, endpoint, bucket: "bucket", virtualHostedStyle: true, retry: 0 });
await wire("endpoints.virtual.get", () => virtual.file("folder/key").text());
await wire("endpoints.virtual.put", () => virtual.write("folder/key", "x"));
await wire("endpoints.virtual.stat", () => virtual.size("key"));
await wire("endpoints.virtual.list", () => virtual.list({ prefix: "p" }));
await wire("endpoints.virtual.delete", () => virtual.delete("key"));
await observe("endpoints.virtual.bucket", () => virtual.file("key").bucket);
const prefixed = new S3Client({ ...credentials, endpoint: `${endpoint}/storage/v1/s3/`, bucket: "bucket", retry: 0 });
await wire("endpoints.prefix.get", () => prefixed.file("folder/key").text());
await wire("endpoints.prefix.put", () => prefixed.write("folder/key", "x"));
await wire("endpoints.prefix.list", () => prefixed.list());
await wire("endpoints.scheme-case", () =>
  new S3Client({ ...credentials, endpoint: endpoint.replace("http", "HTTP"), bucket: "b", retry: 0 })
    .file("key")
    .text(),
);
await wire("endpoints.overridden", () => virtual.write("key", "x", { endpoint: `${endpoint}/other` }));
await presigned("endpoints.override.https-by-http", () =>
  new S3Client({ ...credentials, bucket: "b", endpoint: "https://a" }).presign("k", { endpoint: "http://b" }),
);
await presigned("endpoints.override.http-by-bare", () =>
  new S3Client({ ...credentials, bucket: "b", endpoint: "http://a" }).presign("k", { endpoint: "b" }),
);
await presigned("endpoints.override.region-kept", () =>
  new S3Client({ ...credentials, bucket: "b", endpoint: "http://a", region: "r1" }).presign("k", {
    endpoint: "http://b",
  }),
);
await presigned("endpoints.override.region-guessed", () =>
  new S3Client({ ...credentials, bucket: "b", endpoint: "http://a" }).presign("k", {
    endpoint: "https://s3.eu-west-3.amazonaws.com",
  }),
);
