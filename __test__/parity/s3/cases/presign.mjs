/** Presigned URLs: every option, and what is refused. */
import { client, credentials, observe, options, presigned, S3Client, secretOf, show } from "../harness.mjs";
import { ACLS, CLASSES } from "../values.mjs";

const object = client.file("folder/key.txt");
const typed = client.file("key.txt", {
  type: "text/plain",
  acl: "private",
  storageClass: "GLACIER",
  requestPayer: true,
  contentDisposition: "inline",
  contentEncoding: "gzip",
});
const full = new S3Client({
  ...options,
  acl: "public-read",
  storageClass: "STANDARD_IA",
  requestPayer: true,
  type: "image/png",
  contentDisposition: "attachment",
});

await presigned("presign.client", () => client.presign("folder/key.txt"));
await presigned("presign.client.empty", () => client.presign("folder/key.txt", {}));
await presigned("presign.file", () => object.presign());
await presigned("presign.file.empty", () => object.presign({}));
await presigned("presign.slice", () => object.slice(2, 5).presign());
await presigned("presign.static", () => S3Client.presign("folder/key.txt", options));
await presigned("presign.static.file", () => S3Client.presign(object));
await presigned("presign.static.file.empty", () => S3Client.presign(object, {}));
for (const [kind, value] of Object.entries({
  undefined,
  null: null,
  string: "x",
  number: 1,
  function: () => {},
  array: [],
})) {
  await presigned(`presign.options.${kind}`, () => client.presign("key", value));
  await presigned(`presign.file.options.${kind}`, () => typed.presign(value));
  await presigned(`presign.client.options.${kind}`, () => full.presign("key", value));
}
const METHODS = {
  GET: "GET",
  get: "get",
  PUT: "PUT",
  put: "put",
  HEAD: "HEAD",
  head: "head",
  DELETE: "DELETE",
  delete: "delete",
  POST: "POST",
  post: "post",
};
for (const [name, method] of Object.entries(METHODS))
  await presigned(`presign.method.${name}`, () => client.presign("key", { method }), method.toUpperCase());
for (const [name, method] of Object.entries({
  undefined,
  null: null,
  empty: "",
  mixed: "Get",
  patch: "PATCH",
  "patch-lower": "patch",
  options: "OPTIONS",
  connect: "CONNECT",
  trace: "TRACE",
  copy: "COPY",
  unknown: "NOSUCH",
  number: 1,
  zero: 0,
  false: false,
  true: true,
  object: {},
  blank: " GET",
  lock: "LOCK",
  boxed: new String("PUT"),
})) {
  await observe(`presign.odd-method.${name}`, () => client.presign("key", { method }).split("?")[0]);
}
for (const [name, expiresIn] of Object.entries({
  undefined,
  null: null,
  one: 1,
  minute: 60,
  day: 86400,
  week: 604800,
  "week-and-one": 604801,
  float: 1.9,
  text: "60",
  "text-float": "1.5",
  junk: "x",
  true: true,
  false: false,
  zero: 0,
  minus: -1,
  "almost-zero": 0.5,
  NaN: NaN,
  infinity: Infinity,
  "int-max": 2147483647,
  "int-above": 2147483648,
  huge: 1e300,
  array: [7],
  object: {},
  date: new Date(5000),
  empty: "",
})) {
  await presigned(`presign.expiresIn.${name}`, () => client.presign("key", { expiresIn }));
}
await observe("presign.expiresIn.bigint", () => client.presign("key", { expiresIn: 60n }).length > 0);
await observe("presign.expiresIn.symbol", () => client.presign("key", { expiresIn: Symbol("s") }).length > 0);
for (const acl of ACLS)
  await presigned(`presign.acl.${acl}`, () => client.presign("key", { acl, method: "PUT" }), "PUT");
for (const storageClass of CLASSES)
  await presigned(`presign.storageClass.${storageClass}`, () => client.presign("key", { storageClass }));
for (const [name, type] of Object.entries({
  plain: "text/plain",
  json: "application/json",
  upper: "TEXT/PLAIN",
  parameters: "text/plain; charset=latin1",
  unicode: "text/ü",
  blank: "a b",
  long: `a/${"b".repeat(300)}`,
  "just-fits": `a/${"b".repeat(250)}`,
  reserved: "a/b+c;d=e&f",
})) {
  await presigned(`presign.type.${name}`, () => client.presign("key", { type }));
}
for (const [name, contentDisposition] of Object.entries({
  inline: "inline",
  attachment: 'attachment; filename="a b.txt"',
  unicode: 'attachment; filename="ü.txt"',
  reserved: "a/b+c;d=e&f?#%",
  blanks: "  a   b  ",
  long: "x".repeat(600),
  "just-fits": "x".repeat(512),
  encoded: "ü".repeat(86),
  nul: "a\0b",
})) {
  await presigned(`presign.contentDisposition.${name}`, () => client.presign("key", { contentDisposition }));
}
await presigned("presign.contentEncoding", () => client.presign("key", { contentEncoding: "gzip" }));
await presigned("presign.requestPayer", () => client.presign("key", { requestPayer: true }));
await presigned("presign.requestPayer.false", () => full.presign("key", { requestPayer: false }));
await presigned(
  "presign.everything",
  () =>
    client.presign("a b/ü.txt", {
      method: "PUT",
      expiresIn: 60,
      acl: "private",
      storageClass: "SNOW",
      type: "text/html",
      contentDisposition: "inline",
      requestPayer: true,
      sessionToken: "to/ken+=",
    }),
  "PUT",
);
await presigned("presign.override.credentials", () =>
  client.presign("key", { accessKeyId: "OTHER", secretAccessKey: secretOf("OTHER") }),
);
await presigned("presign.override.bucket", () => client.presign("key", { bucket: "other" }));
await presigned("presign.override.region", () => client.presign("key", { region: "eu-north-1" }));
await presigned("presign.override.endpoint", () => client.presign("key", { endpoint: "https://other:1/base" }));
await presigned("presign.override.token", () => client.presign("key", { sessionToken: "TOKEN" }));
await presigned("presign.override.virtual", () => client.presign("key", { virtualHostedStyle: true }));
for (const [name, accessKeyId] of Object.entries({
  colon: "a:b",
  slash: "a/b",
  blank: "a b",
  plus: "a+b",
  unicode: "aü",
  percent: "a%b",
  equals: "a=b&c",
})) {
  await presigned(`presign.key-id.${name}`, () =>
    client.presign("key", { accessKeyId, secretAccessKey: secretOf(accessKeyId) }),
  );
}
for (const [name, sessionToken] of Object.entries({
  long: "t".repeat(2049),
  "just-fits": "t".repeat(2048),
  encoded: "/".repeat(683),
  reserved: "a+b/c==",
})) {
  await observe(`presign.token.${name}`, () => client.presign("key", { sessionToken }).length > 0);
}
for (const [name, given] of Object.entries({
  "no-key": { accessKeyId: "" },
  nothing: {},
  "no-secret": { accessKeyId: "a" },
  "no-id": { secretAccessKey: "a" },
})) {
  await observe(`presign.missing.${name}`, () =>
    new S3Client({ ...given, bucket: "b", endpoint: "http://h" }).presign("key"),
  );
}
await observe("presign.missing.bucket", () => new S3Client({ ...credentials, endpoint: "http://h" }).presign("key"));
await observe("presign.missing.error", () => {
  try {
    return new S3Client({}).presign("key");
  } catch (error) {
    return [error.constructor.name, Object.keys(error), error.path, show(error.code), String(error)];
  }
});
