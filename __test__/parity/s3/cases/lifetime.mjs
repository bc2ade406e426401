/** What keeps a process alive: each observation is a process of its own, which must end by itself. */
import { endpoint, observe, secretOf } from "../harness.mjs";
import { inPairs, inProcess } from "../process.mjs";

const options = { accessKeyId: "AKID", secretAccessKey: secretOf("AKID"), endpoint, bucket: "bucket", retry: 0 };

const CASES = {
  client: "",
  shared: "s3.file('key');",
  "pending-get": "client.file('key').text().then(console.log);",
  "pending-write": "client.write('key', 'x').then(console.log);",
  "pending-stat": "client.size('key').then(console.log);",
  "pending-list": "client.list().then((page) => console.log(JSON.stringify(page)));",
  "after-get": "console.log(await client.file('key').text());",
  "writer.only": "client.file('key').writer();",
  "writer.written": "client.file('key').writer().write('x');",
  "writer.unref": "const writer = client.file('key').writer(); writer.write('x'); writer.unref();",
  "writer.ended": "const writer = client.file('key').writer(); writer.write('x'); writer.end().then(console.log);",
  "writer.closed": "const writer = client.file('key').writer(); writer.write('x'); writer.close();",
  "stream.read": "console.log(await new Response(client.file('key').stream()).text());",
  "stream.cancelled": "const reader = client.file('key').stream().getReader(); await reader.read(); await reader.cancel();",
  rejection: "client.file('').text().catch(({ code }) => console.log(code));",
};
const seen = await inPairs(Object.values(CASES), (code) =>
  inProcess(`const client = new S3Client(${JSON.stringify(options)}); ${code}`),
);
for (const [at, name] of Object.keys(CASES).entries()) await observe(`lifetime.${name}`, () => seen[at]);
