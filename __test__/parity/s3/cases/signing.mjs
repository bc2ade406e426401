/** What is signed, byte by byte: also what the other scripts leave out. */
import { client, observe, options, S3Client, secretOf } from "../harness.mjs";

const { PARITY_CONTROL: control } = process.env;

/** The requests that a call made. */
async function requests(run, answers = []) {
  await fetch(`${control}/answers`, { method: "POST", body: JSON.stringify(answers) });
  await run();
  return (await fetch(`${control}/take`, { method: "POST", body: "0" })).json();
}
const headersOf = ([request]) => Object.fromEntries(request.headers);
const CALLS = {
  get: () => client.file("key").text(),
  slice: () => client.file("key").slice(2).text(),
  range: () => client.file("key").slice(2, 5).text(),
  head: () => client.stat("key"),
  put: () => client.write("key", "x"),
  "put-all": () =>
    client.write("key", "x", {
      acl: "private",
      storageClass: "SNOW",
      requestPayer: true,
      contentDisposition: "d",
      contentEncoding: "e",
      sessionToken: "t",
    }),
  delete: () => client.delete("key"),
  list: () => client.list({ prefix: "a b" }),
};
for (const [name, run] of Object.entries(CALLS)) {
  const seen = await requests(run);
  const headers = headersOf(seen);
  await observe(`signing.signed.${name}`, () => seen[0].signed.join(";"));
  await observe(`signing.valid.${name}`, () => seen[0].valid);
  await observe(`signing.payload.${name}`, () => headers["x-amz-content-sha256"]);
  await observe(`signing.date.${name}`, () => /^\d{8}T\d{6}Z$/.test(headers["x-amz-date"]));
  await observe(`signing.host.${name}`, () => headers.host);
  await observe(`signing.length.${name}`, () => headers["content-length"]);
  await observe(`signing.chunked.${name}`, () => [headers["transfer-encoding"], headers.expect]);
  await observe(`signing.range.${name}`, () => headers.range);
  await observe(`signing.accept-encoding.${name}`, () => headers["accept-encoding"]);
  await observe(`signing.agent.${name}`, () => headers["user-agent"]?.split("/")[0]);
  await observe(`signing.checksums.${name}`, () =>
    Object.keys(headers).filter((header) => /checksum|md5|trailer|sdk/.test(header)),
  );
}
const [, , complete] = (await requests(() => client.write("key", new Blob([new Uint8Array(5_242_881)]).stream())))
  .sort((a, b) => (a.target < b.target ? -1 : 1))
  .reverse();
await observe("signing.complete-document", () => Buffer.from(complete.body ?? "", "base64").toString());
/** Secrets and regions of every kind give right signatures. */
for (const [name, id] of Object.entries({ plain: "AKIAIOSFODNN7EXAMPLE", slash: "a/b", plus: "a+b=", blank: "a b" })) {
  const made = new S3Client({ ...options, accessKeyId: id, secretAccessKey: secretOf(id) });
  const seen = await requests(() => made.file("key").text());
  await observe(`signing.key-id.${name}`, () => [seen[0].scope, seen[0].valid]);
}
for (const region of ["auto", "us-east-1", "a b", "ü"]) {
  const seen = await requests(() =>
    new S3Client({ ...options, region })
      .file("key")
      .text()
      .catch(() => {}),
  );
  await observe(`signing.region.${region}`, () => seen.map(({ scope, valid }) => [scope, valid]));
}
/** The key of a signature is kept, but never for other credentials that look alike when joined. */
for (const [name, [region, id]] of Object.entries({ one: ["ab", "c"], other: ["a", "bc"], again: ["ab", "c"] })) {
  const seen = await requests(() =>
    new S3Client({ ...options, region, accessKeyId: id, secretAccessKey: secretOf(id) }).file("key").text(),
  );
  await observe(`signing.alike.${name}`, () => seen[0].valid);
}
