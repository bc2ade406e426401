/** What keeps a process alive: each observation is a process of its own, which must end by itself. */
import { spawn } from "node:child_process";
import { endpoint, observe, secretOf } from "../harness.mjs";

/** A process that is still there after so long has something that keeps it. */
const PATIENCE_MS = 15_000;
const options = { accessKeyId: "AKID", secretAccessKey: secretOf("AKID"), endpoint, bucket: "bucket", retry: 0 };
const BEGIN = `const { s3, S3Client } = typeof Bun === "undefined" ? (await import(process.env.SUBJECT)).default : Bun;
const client = new S3Client(${JSON.stringify(options)});
`;

/** What a process that runs this prints, and how it ends. */
function lives(code) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", BEGIN + code], {
      env: { PATH: process.env.PATH, SUBJECT: new URL("../../../../index.js", import.meta.url).href },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: PATIENCE_MS,
      killSignal: "SIGKILL",
    });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.once("error", reject).once("close", (code, signal) => resolve([text.trim(), signal === null ? code : "stays"]));
  });
}

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
// Two at once, and told in order.
const entries = Object.entries(CASES);
const seen = {};
await Promise.all(
  [0, 1].map(async (first) => {
    for (let at = first; at < entries.length; at += 2) seen[entries[at][0]] = await lives(entries[at][1]);
  }),
);
for (const name of Object.keys(CASES)) await observe(`lifetime.${name}`, () => seen[name]);
