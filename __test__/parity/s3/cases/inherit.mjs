/** Which options of the client, the file and the call reach which request. */
import { client, credentials, endpoint, options, S3Client, secretOf, wire, write } from "../harness.mjs";

/** One option at a time, at each level. */
const OPTIONS = {
  acl: ["private", "public-read", "authenticated-read"],
  storageClass: ["STANDARD_IA", "GLACIER", "SNOW"],
  requestPayer: [true, true, false],
  type: ["text/client", "text/file", "text/call"],
  contentDisposition: ["client", "file", "call"],
  contentEncoding: ["client", "file", "call"],
};
const stream = () => new Blob(["streamed"]).stream();
const CALLS = {
  write: (at, call) => at.client.write("key.txt", "x", call),
  "file.write": (at, call) => at.file().write("x", call),
  "file.write.stream": (at, call) => at.file().write(stream(), call),
  function: (at, call) => write(at.file(), "x", call),
  writer: (at, call) => (call === undefined ? at.file().writer() : at.file().writer(call)).end(),
  "slice.write": (at, call) => at.file().slice(1, 2).write("x", call),
};
for (const [name, [ofClient, ofFile, ofCall]] of Object.entries(OPTIONS)) {
  for (const [call, run] of Object.entries(CALLS)) {
    const levels = {
      client: { client: new S3Client({ ...options, [name]: ofClient }), file: {} },
      file: { client, file: { [name]: ofFile } },
      both: { client: new S3Client({ ...options, [name]: ofClient }), file: { [name]: ofFile } },
    };
    for (const [level, { client: made, file }] of Object.entries(levels)) {
      const at = { client: made, file: () => made.file("key.txt", file) };
      await wire(`inherit.${name}.${level}.${call}`, () => run(at, undefined));
      if (level === "both") await wire(`inherit.${name}.all.${call}`, () => run(at, { [name]: ofCall }));
    }
    if (call.startsWith("writer")) {
      await wire(`inherit.${name}.writer-empty`, () =>
        client
          .file("key.txt", { [name]: ofFile })
          .writer({})
          .end(),
      );
    }
  }
}
const READS = {
  text: (file) => file.text(),
  stream: (file) => new Response(file.stream()).text(),
  slice: (file) => file.slice(0, 2).text(),
  stat: (file) => file.stat(),
  exists: (file) => file.exists(),
  delete: (file) => file.delete(),
  "delete.call": (file) => file.delete({ requestPayer: true }),
};
const everything = {
  acl: "private",
  storageClass: "GLACIER",
  requestPayer: true,
  type: "text/x",
  contentDisposition: "d",
  contentEncoding: "e",
};
for (const [name, run] of Object.entries(READS)) {
  await wire(`inherit.read.client.${name}`, () => run(new S3Client({ ...options, ...everything }).file("key")));
  await wire(`inherit.read.file.${name}`, () => run(client.file("key", everything)));
}
await wire("inherit.list", () => new S3Client({ ...options, ...everything }).list());
await wire("inherit.list.call", () => client.list({}, everything));

/** Where a request goes, and by whom it is signed. */
const OTHER = {
  accessKeyId: "OTHER",
  secretAccessKey: secretOf("OTHER"),
  bucket: "other",
  region: "mars-1",
  sessionToken: "token",
  endpoint: `${endpoint}/base`,
};
const PLACES = {
  "client.write": (made, call) => made.write("key", "x", call),
  "client.stat": (made, call) => made.stat("key", call),
  "client.exists": (made, call) => made.exists("key", call),
  "client.delete": (made, call) => made.delete("key", call),
  "client.size": (made, call) => made.size("key", call),
  "client.list": (made, call) => made.list({}, call),
  "client.file": (made, call) => made.file("key", call).text(),
  "file.write": (made, call) => made.file("key").write("x", call),
  "file.delete": (made, call) => made.file("key").delete(call),
  "file.unlink": (made, call) => made.file("key").unlink(call),
  "file.stat": (made, call) => made.file("key").stat(call),
  "file.exists": (made, call) => made.file("key").exists(call),
  "file.writer": (made, call) => made.file("key").writer(call).end(),
};
for (const [name, run] of Object.entries(PLACES)) {
  await wire(`inherit.place.all.${name}`, () => run(client, OTHER));
  for (const option of ["bucket", "region", "sessionToken", "endpoint"]) {
    await wire(`inherit.place.${option}.${name}`, () => run(client, { [option]: OTHER[option] }));
  }
  await wire(`inherit.place.absent.${name}`, () =>
    run(new S3Client({ ...OTHER, retry: 0 }), { bucket: "", region: null, endpoint: undefined, sessionToken: "" }),
  );
}
await wire("inherit.three-levels", () =>
  new S3Client({ ...credentials, endpoint, bucket: "one", region: "one", retry: 0 })
    .file("key", { bucket: "two", sessionToken: "two" })
    .write("x", { bucket: "three" }),
);
await wire("inherit.slice", () => client.file("key", { bucket: "two", requestPayer: true }).slice(1, 3).text());
