/** stat, size, exists, delete: every status, and what is read from the headers. */
import { client, observe, S3Client, wire } from "../harness.mjs";

const STATUSES = [200, 201, 202, 203, 204, 206, 304, 400, 401, 403, 404, 405, 409, 410, 412, 416, 418, 501];
const XML =
  '<?xml version="1.0"?><Error><Code>TheCode</Code><Message>The message</Message><RequestId>R</RequestId></Error>';
const object = client.file("folder/key");
for (const status of STATUSES) {
  const headers = {
    "content-length": "3",
    etag: '"e"',
    "content-type": "text/x",
    "last-modified": "Fri, 24 May 2013 00:00:00 GMT",
  };
  const head = { answers: [{ status, headers: status === 204 || status === 304 ? {} : headers }] };
  await wire(`head.stat.${status}`, () => client.stat("folder/key"), head);
  await wire(`head.file.stat.${status}`, () => object.stat(), head);
  await wire(`head.size.${status}`, () => client.size("folder/key"), head);
  await wire(`head.exists.${status}`, () => client.exists("folder/key"), head);
  await wire(`head.file.exists.${status}`, () => object.exists(), head);
  for (const [kind, body] of Object.entries({ empty: "", xml: XML, text: "sorry" })) {
    const answers = [{ status, body: status === 204 || status === 304 ? "" : body }];
    await wire(`head.delete.${status}.${kind}`, () => client.delete("folder/key"), { answers });
    await wire(`head.file.unlink.${status}.${kind}`, () => object.unlink(), { answers });
  }
}
const STATS = {
  plain: {
    "content-length": "12",
    etag: '"e"',
    "content-type": "text/html",
    "last-modified": "Fri, 24 May 2013 00:00:00 GMT",
  },
  nothing: {},
  "no-etag": { "content-length": "12" },
  "weak-etag": { etag: 'W/"e"' },
  "bare-etag": { etag: "e" },
  "bad-date": { "last-modified": "yesterday" },
  "iso-date": { "last-modified": "2013-05-24T00:00:00.000Z" },
  "rfc850-date": { "last-modified": "Friday, 24-May-13 00:00:00 GMT" },
  "asctime-date": { "last-modified": "Fri May 24 00:00:00 2013" },
  "zone-date": { "last-modified": "Fri, 24 May 2013 00:00:00 +0200" },
  "old-date": { "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT" },
  "big-size": { "content-length": "5497558138880" },
  "zero-size": { "content-length": "0" },
  "type-parameters": { "content-type": "text/html; charset=utf-8" },
  "upper-names": { "Content-Type": "text/x", ETag: '"E"' },
};
for (const [name, headers] of Object.entries(STATS)) {
  await observeStat(`head.fields.${name}`, headers);
}
async function observeStat(key, headers) {
  const answers = [{ status: 200, headers }];
  await wire(
    `${key}.stat`,
    async () => {
      const { size, etag, lastModified, type } = await client.stat("key");
      return [size, etag, lastModified, type];
    },
    { answers },
  );
  await wire(`${key}.size`, () => client.size("key"), { answers });
}
await wire("head.slice.stat", async () => (await object.slice(2, 4).stat()).size);
await wire("head.slice.exists", () => object.slice(2, 4).exists());
await wire("head.slice.delete", () => object.slice(2, 4).delete());
await observe("head.no-credentials.stat", () =>
  new S3Client({ bucket: "b", endpoint: "http://127.0.0.1:1" }).stat("key"),
);
for (const method of ["stat", "size", "exists", "delete", "unlink"]) {
  await observe(`head.no-credentials.client.${method}`, () => new S3Client({ bucket: "b" })[method]("key"));
  await observe(`head.no-credentials.static.${method}`, () => S3Client[method]("s3://b/key"));
}
