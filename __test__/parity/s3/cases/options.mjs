/** Which options are taken, refused and ignored, and where that is told. */
import { client, credentials, endpoint, observe, options, S3Client } from "../harness.mjs";

const STRINGS = ["accessKeyId", "secretAccessKey", "sessionToken", "region", "endpoint", "bucket"];
const HEADERS = ["type", "contentDisposition", "contentEncoding"];
const NUMBERS = ["partSize", "pageSize", "queueSize", "retry"];

/** Whether `new S3Client` takes these options. */
const taken = (name, given) => observe(`options.${name}`, () => Object.prototype.toString.call(new S3Client(given)));

const ODD = {
  undefined: undefined,
  null: null,
  false: false,
  zero: 0,
  empty: "",
  number: 1,
  true: true,
  object: {},
  array: [],
  function: () => {},
  symbol: Symbol("s"),
  bigint: 1n,
  date: new Date(0),
  NaN: NaN,
  float: 1.5,
  boxed: new String("x"),
  long: "x".repeat(40),
};
for (const option of [...STRINGS, ...HEADERS]) {
  for (const [kind, value] of Object.entries(ODD)) {
    if (option === "endpoint" && kind === "long") continue;
    await taken(`${option}.${kind}`, { [option]: value });
  }
}
for (const option of ["virtualHostedStyle", "requestPayer"]) {
  for (const [kind, value] of Object.entries(ODD)) await taken(`${option}.${kind}`, { [option]: value });
}
for (const option of ["acl", "storageClass"]) {
  for (const [kind, value] of Object.entries(ODD)) await taken(`${option}.${kind}`, { [option]: value });
  for (const value of ["PUBLIC-READ", "standard", " private", "nosuch"])
    await taken(`${option}.value-${value.trim()}`, { [option]: value });
}
const AMOUNTS = {
  undefined: undefined,
  null: null,
  NaN: NaN,
  minus: -1,
  zero: 0,
  one: 1,
  text: "x",
  digits: "6",
  float: 5.9,
  true: true,
  false: false,
  object: {},
  array: [7],
  infinity: Infinity,
  limit: 255,
  above: 256,
  thousand: 1000,
  huge: 2 ** 40,
  least: 5_242_880,
  "just-below": 5_242_879.9,
  "text-size": "6000000",
  most: 5_368_709_120,
  "above-most": 5_368_709_121,
  bigint: 6n,
  symbol: Symbol("s"),
};
for (const option of NUMBERS) {
  for (const [kind, value] of Object.entries(AMOUNTS)) await taken(`${option}.${kind}`, { [option]: value });
}
await taken("partSize-wins", { partSize: 5_242_880, pageSize: 6_000_000 });
await taken("partSize-wins.bad-page", { partSize: 5_242_880, pageSize: 1 });

for (const [kind, value] of Object.entries({
  cr: "a\rb",
  lf: "a\nb",
  crlf: "a\r\nx-injected: 1",
  nul: "a\0b",
  tab: "a\tb",
  latin: "é",
  emoji: "😀",
  del: "a\x7fb",
})) {
  for (const option of HEADERS) await taken(`${option}.${kind}`, { [option]: value });
}
for (const [kind, value] of Object.entries({
  "leading-blank": " http://h",
  "trailing-blank": "http://h ",
  long: `http://${"h".repeat(2048)}`,
  "just-long": `http://h/${"p".repeat(2038)}`,
  "no-host": "http://",
  path: "/path",
  words: "not a url",
  port: "http://h:99999",
  "bad-port": "http://h:x",
  host: "h",
  "host-port": "h:9000",
  ipv6: "http://[::1]:9000",
  "bad-ipv6": "http://[::1",
  ftp: "ftp://h",
  s3: "s3://h",
  colon: "http:",
  percent: "http://%",
  ".": ".",
})) {
  await taken(`endpoint.${kind}`, { endpoint: value });
}

/** The same bad options everywhere: thrown at once or told by the promise. */
const BAD = {
  string: { bucket: 1 },
  boolean: { requestPayer: "yes" },
  number: { retry: 256 },
  acl: { acl: "nosuch" },
  header: { type: "a\nb" },
};
for (const [kind, bad] of Object.entries(BAD)) {
  const object = client.file("key");
  const calls = {
    "client.file": () => client.file("key", bad),
    "client.write": () => client.write("key", "x", bad),
    "client.delete": () => client.delete("key", bad),
    "client.unlink": () => client.unlink("key", bad),
    "client.exists": () => client.exists("key", bad),
    "client.size": () => client.size("key", bad),
    "client.stat": () => client.stat("key", bad),
    "client.presign": () => client.presign("key", bad),
    "client.list": () => client.list({}, bad),
    "static.file": () => S3Client.file("key", bad),
    "static.write": () => S3Client.write("key", "x", bad),
    "static.delete": () => S3Client.delete("key", bad),
    "static.unlink": () => S3Client.unlink("key", bad),
    "static.exists": () => S3Client.exists("key", bad),
    "static.size": () => S3Client.size("key", bad),
    "static.stat": () => S3Client.stat("key", bad),
    "static.presign": () => S3Client.presign("key", bad),
    "static.list": () => S3Client.list({}, bad),
    "file.write": () => object.write("x", bad),
    "file.delete": () => object.delete(bad),
    "file.unlink": () => object.unlink(bad),
    "file.writer": () => object.writer(bad),
    "file.presign": () => object.presign(bad),
  };
  for (const [name, call] of Object.entries(calls)) await observe(`options.where.${kind}.${name}`, call);
}

/** What is not an object counts as no options, almost everywhere. */
for (const [kind, value] of Object.entries({ string: "x", number: 1, null: null, true: true })) {
  const object = client.file("key");
  await observe(`options.odd.${kind}.client.file`, () => client.file("key", value).name);
  await observe(`options.odd.${kind}.client.write`, () => client.write("key", "x", value));
  await observe(`options.odd.${kind}.client.exists`, () => client.exists("key", value));
  await observe(`options.odd.${kind}.client.size`, () => client.size("key", value));
  await observe(`options.odd.${kind}.client.delete`, () => client.delete("key", value));
  await observe(`options.odd.${kind}.client.presign`, () => typeof client.presign("key", value));
  await observe(`options.odd.${kind}.file.write`, () => object.write("x", value));
  await observe(`options.odd.${kind}.file.delete`, () => object.delete(value));
  await observe(`options.odd.${kind}.file.presign`, () => typeof object.presign(value));
  await observe(`options.odd.${kind}.file.writer`, () => typeof object.writer(value));
}
for (const [kind, value] of Object.entries({ number: 1, null: null, empty: "", object: {} })) {
  await observe(`options.writer.type.${kind}`, () => typeof client.file("key").writer({ type: value }));
}
await observe(
  "options.getter-throws",
  () =>
    new S3Client({
      get bucket() {
        throw new RangeError("mine");
      },
    }),
);
await observe("options.inherited", () => new S3Client(Object.create(options)).file("key").bucket);
await observe("options.not-changed-later", () => {
  const mine = { ...credentials, endpoint, bucket: "first" };
  const made = new S3Client(mine);
  mine.bucket = "second";
  return made.file("key").bucket;
});
